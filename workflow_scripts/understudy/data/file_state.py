"""The state of files that a study reads: what changes it makes anew whatever was made of them."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

# Bytes of a source that its state is made of, spread evenly over its files, and how many of each file at least.
STATE_BYTES = 32 * 2**20
STATE_BYTES_PER_FILE = 8192


def files_state(*roots: Path | None) -> str:
    """Return a digest of files and of those below folders, without hidden ones: what is added or replaced shows.

    It is taken of names, sizes and both ends of each file. Times are left out: a clone or a copy changes them, and
    would have a study of the same images trained anew. Whole files take too long at every start of Snakemake. The
    ends tell nearly all: a PNG ends with a checksum of its pixels, a compressed image that changes rarely keeps its
    size, and files up to 8 KB are read whole, larger ones where they are few.
    """
    digest = hashlib.blake2b(digest_size=8)
    given = [root for root in roots if root is not None]
    files = [(root, path) for root in given for path in (_visible_files(root) if root.is_dir() else [root])]
    end = max(STATE_BYTES // max(len(files), 1), STATE_BYTES_PER_FILE) // 2
    for root, path in files:
        digest.update(str(path).removeprefix(str(root)).encode(errors="surrogateescape"))
        try:
            with path.open("rb", buffering=0) as file:
                size = os.fstat(file.fileno()).st_size
                digest.update(f"\n{size}\n".encode())
                digest.update(file.read(end))
                if size > end:
                    file.seek(max(size - end, end))
                    digest.update(file.read(end))
        except OSError as error:  # whoever needs it says what is wrong with it
            digest.update(f"\n{error.strerror}\n".encode())
    return digest.hexdigest()


def _visible_files(root: Path) -> Iterator[Path]:
    """Yield the files below a folder in a fixed order, those of linked folders too."""
    seen = set()
    for folder, inside, names in os.walk(root, followlinks=True):
        # A link to a folder above would lead round forever.
        inside[:] = [] if os.path.realpath(folder) in seen else sorted(name for name in inside if name[0] != ".")
        seen.add(os.path.realpath(folder))
        paths = (Path(folder, name) for name in sorted(names) if name[0] != ".")
        # A file that can't be looked at, for which Path.is_file raises an error, is none.
        yield from (path for path in paths if os.path.isfile(path))  # noqa: PTH113
