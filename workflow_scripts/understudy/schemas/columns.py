"""Columns that tables of several kinds share."""

Column = tuple[str, str, str]


def interval(value: str, ends: str = "ci", detail: str = "") -> list[Column]:
    """Return the columns of a 95 % interval's ends, of a test column where ``value`` begins with "test:"."""
    test, _, name = value.rpartition(": ")
    lead = f"{test}: " if test else ""
    lower = (f"{ends}_low", "float", f"{lead}lower end of the interval of {name}{detail}")
    return [lower, (f"{ends}_high", "float", f"{lead}upper end of that interval")]


DRAW: Column = ("draw", "int", "drawing of the splits, from 0; -1 is an aggregate over draws")
SPLIT: Column = ("split", "str", "name of the split")
REASON: Column = ("reason", "str", "why a value is missing or means less than it seems; empty otherwise")
SET: Column = ("set", "str", "evaluation set: test, validation, calibration, or a generator's name")
METRIC: Column = (
    "metric",
    "str",
    "what the errors are: error (classes by target shares) or balanced_error (all alike)",
)
