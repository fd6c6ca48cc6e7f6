"""The banded simulation against one that follows the definition word by word, and theorem 1 against the simulation."""

import numpy as np
import pytest
from scipy.stats import ks_2samp

from understudy.practice.simulation import simulated_errors
from understudy.practice.theory import Cosines, predicted_error
from understudy.seeds import numpy_generator, seed_for

pytestmark = pytest.mark.slow(minutes=0.2)  # simulations

DIMENSION = 512
TRIALS = 50


def errors_by_definition(mode, pool, p, cosines, ridge, dimension, trials, rng) -> np.ndarray:
    """Draw whole pools, select by a sorted pool's own threshold, train with a general solver."""
    rho, rho_true, rho_labels = cosines
    gram = np.array([[1, rho, rho_true], [rho, 1, rho_labels], [rho_true, rho_labels, 1]])
    values, vectors = np.linalg.eigh(gram)
    directions = np.zeros((3, dimension))
    directions[:, :3] = vectors * np.sqrt(np.clip(values, 0, None))
    # A random rotation: nothing may depend on the axes.
    directions = directions @ np.linalg.qr(rng.standard_normal((dimension, dimension)))[0]
    selecting, labelling, true = directions
    sample = np.abs(rng.standard_normal(1_000_000))
    threshold = np.quantile(sample, p if mode == "keep_hard" else 1 - p)
    errors = []
    for _ in range(trials):
        x = rng.standard_normal((pool, dimension))
        along = np.abs(x @ selecting)
        x = x[along <= threshold] if mode == "keep_hard" else x[along > threshold]
        y = np.sign(x @ labelling)
        w = np.linalg.pinv(x.T @ x / pool + ridge * np.eye(dimension), hermitian=True) @ (x.T @ y / pool)
        length = np.linalg.norm(w)
        errors.append(np.arccos(w @ true / length) / np.pi if length > 0 else 0.5)
    return np.array(errors)


@pytest.mark.parametrize(
    ("mode", "pool", "p", "cosines", "ridge"),
    [
        ("keep_hard", 80, 0.5, (0.8, 0.8, 1.0), 1e-2),  # more kept samples than dimensions
        ("keep_easy", 80, 0.5, (0.8, 0.8, 1.0), 1e-3),
        ("keep_hard", 30, 0.3, (1.0, 1.0, 1.0), 1e-2),  # fewer
        ("keep_easy", 24, 0.25, (0.5, 0.5, 1.0), 1e-1),
        ("keep_hard", 8, 0.25, (0.6, 0.6, 1.0), 1e-2),  # fewer than coordinates that matter, sometimes none
        ("keep_hard", 40, 0.5, (0.7, 0.2, 0.6), 1e-2),  # imperfect labels; often as many as dimensions
        ("keep_easy", 60, 1.0, (0.7, -0.2, 0.5), 1e-2),
    ],
)
def test_errors_are_distributed_as_those_of_the_definition(mode, pool, p, cosines, ridge):
    rng = numpy_generator(seed_for(3, mode, pool, str(p)))
    expected = errors_by_definition(mode, pool, p, cosines, ridge, dimension=16, trials=1000, rng=rng)
    found = simulated_errors(mode, pool * p, p, Cosines(*cosines), ridge, 16, 1000, rng)
    assert ks_2samp(found, expected).pvalue > 1e-3
    noise = np.hypot(found.std(), expected.std()) / np.sqrt(1000)
    assert found.mean() == pytest.approx(expected.mean(), abs=4 * noise)


def assert_near(errors: np.ndarray, theory: np.ndarray) -> None:
    """They may differ by noise and by the bias of a finite dimension, about 2 / d at most."""
    noise = errors.std(ddof=1) / np.sqrt(len(errors))
    assert errors.mean() == pytest.approx(float(theory), abs=max(0.003, 3 * noise + 2 / DIMENSION))


POOLS = [(pool, p) for pool in (256, 1024, 2048, 8192) for p in (1.0, 0.5, 0.2)]
LARGE = [(20480, 0.1, 1.0, 1e-6), (20480, 0.1, 1.0, 1e-2), (81920, 0.05, 1.0, 1e-6)]


@pytest.mark.parametrize("mode", ["keep_hard", "keep_easy"])
@pytest.mark.parametrize("ridge", [0.0, 1e-6, 1e-2, 1e-1])
@pytest.mark.parametrize("rho", [1.0, 0.9, 0.5])
def test_theory_is_what_simulations_give(mode, ridge, rho):
    # About as many samples as dimensions, a finite dimension does better than the limit.
    settings = [(pool, p) for pool, p in POOLS if abs(pool * p - DIMENSION) >= 0.05 * DIMENSION]
    if mode == "keep_hard":
        settings += [(pool, p) for pool, p, cosine, penalty in LARGE if (cosine, penalty) == (rho, ridge)]
    for pool, p in settings:
        rng = numpy_generator(seed_for(11, mode, str((ridge, pool, p, rho))))
        found = simulated_errors(mode, pool * p, p, Cosines(rho, rho), ridge, DIMENSION, TRIALS, rng)
        assert_near(found, predicted_error(mode, pool * p, p, rho, ridge, DIMENSION))


@pytest.mark.parametrize("cosines", [(0.8, 0.9, 0.85), (0.3, -0.2, 0.7), (1.0, 0.6, 0.6), (0.0, 0.5, 0.5)])
@pytest.mark.parametrize(("mode", "kept", "p"), [("keep_hard", 1024, 0.5), ("keep_easy", 2048, 0.25)])
def test_theory_holds_for_imperfect_labels(mode, kept, p, cosines):
    rho, rho_true, rho_labels = cosines
    rng = numpy_generator(seed_for(12, mode, str(cosines)))
    found = simulated_errors(mode, kept, p, Cosines(*cosines), 1e-2, DIMENSION, TRIALS, rng)
    assert_near(found, predicted_error(mode, kept, p, rho, 1e-2, DIMENSION, rho_true, rho_labels))


def test_impossible_directions_are_refused():
    with pytest.raises(ValueError, match="no three directions"):
        simulated_errors("keep_hard", 50, 0.5, Cosines(1.0, 1.0, 0.5), 0.1, 16, 2, numpy_generator(0))
