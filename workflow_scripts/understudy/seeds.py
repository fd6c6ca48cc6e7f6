"""Seeds derived from the study's one seed and a name, never from a place in a batch or a worker's number."""

import hashlib

import numpy as np


def seed_for(study_seed: int, *name: str | int) -> int:
    """Return the seed of the thing called ``name``: an integer in [0, 2**63).

    The name's parts are kept apart, so ``("a", "bc")`` and ``("ab", "c")`` get different seeds; the same study seed and
    name give the same seed on every machine.
    """
    digest = hashlib.blake2b(repr((study_seed, *name)).encode(), digest_size=8)
    return int.from_bytes(digest.digest(), "little") >> 1


def numpy_generator(seed: int) -> np.random.Generator:
    """Return NumPy's default generator started at ``seed``."""
    return np.random.default_rng(seed)
