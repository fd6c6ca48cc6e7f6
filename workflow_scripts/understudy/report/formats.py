"""Numbers as people read them: rounded, in percent, each interval beside its value."""

import math

MISSING = "–"
MINUS = "−"
SPACE = "\u00a0"  # no line ends within an interval


def number(value: float, digits: int = 2) -> str:
    """Round a number; a missing one is a dash."""
    if math.isnan(value):
        return MISSING
    # Adding zero makes a small negative number, which rounds to -0, a plain 0.
    return f"{round(float(value), digits) + 0.0:,.{digits}f}".replace("-", MINUS)


def percent(value: float, digits: int = 2) -> str:
    """Write a fraction as a percentage without its sign, which the column's title bears."""
    return number(100 * value, digits)


def interval(value: float, low: float, high: float, scale: float = 1.0, digits: int = 2) -> str:
    """Write a value and its interval times ``scale``, ``0.93 [0.85, 0.97]``; without an interval the value alone."""
    if math.isnan(low) or math.isnan(high):
        return number(scale * value, digits)
    ends = f"[{number(scale * low, digits)},{SPACE}{number(scale * high, digits)}]"
    return ends if math.isnan(value) else f"{number(scale * value, digits)}{SPACE}{ends}"
