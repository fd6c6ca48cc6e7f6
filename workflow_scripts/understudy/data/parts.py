"""Whether a source's images are divided into parts already, as far as that is known before they are read."""

from typing import TYPE_CHECKING

from understudy.data.sources import SOURCES
from understudy.errors import StudyError

if TYPE_CHECKING:
    from understudy.data.settings import DataSettings


def has_test_part(data: "DataSettings | None") -> bool:
    """Return whether the data has a test part of its own: then a split that trains on `all` is tested as well."""
    if data is None or getattr(data, "pool_parts", False):
        return False
    if getattr(data, "parts", None) is not None:
        return True
    kind = data.source.partition(":")[0]
    if kind != "npz":
        return kind == "torchvision" and hasattr(SOURCES[kind], "find")
    try:
        found = data.overview
    except (StudyError, OSError):
        return False  # a job that reads the file says what is wrong with it
    return found is not None and "test" in found.counts
