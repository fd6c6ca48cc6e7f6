"""Columns that tables of several kinds share."""

Column = tuple[str, str, str]

DRAW: Column = ("draw", "int", "drawing of the splits, from 0; -1 is an aggregate over draws")
SPLIT: Column = ("split", "str", "name of the split")
REASON: Column = ("reason", "str", "why a value is missing or means less than it seems; empty otherwise")
SET: Column = ("set", "str", "evaluation set: test, validation, calibration, or a generator's name")
