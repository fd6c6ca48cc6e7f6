"""Building blocks of the report's HTML pages: one self-contained file each, nothing loaded from elsewhere."""

import math
from collections.abc import Sequence
from html import escape
from pathlib import Path

from understudy.files import writing

MISSING = "–"
MINUS = "−"
SPACE = "\u00a0"  # no line ends within an interval

STYLE = """
body { font: 16px/1.5 system-ui, "DejaVu Sans", sans-serif; color: #1a1a1a; background: #fff; max-width: 78rem;
       margin: 2rem auto; padding: 0 1.5rem; }
h1 { font-size: 1.7rem; margin-bottom: .3rem; } h2 { font-size: 1.3rem; margin-top: 2.2rem; }
h3 { font-size: 1.05rem; margin: 1.4rem 0 .3rem; } p, li { max-width: 48rem; }
table { border-collapse: collapse; margin: .6rem 0 1.2rem; font-size: .92rem; }
th { text-align: left; border-bottom: 2px solid #444; font-weight: 600; vertical-align: bottom; }
th, td { padding: .28rem .8rem .28rem 0; }
td { border-bottom: 1px solid #ddd; font-variant-numeric: tabular-nums; vertical-align: top; }
td { overflow-wrap: break-word; }
tr.main td { background: #fdf1e8; font-weight: 600; }
.ship { border-left: .4rem solid #D55E00; background: #fdf1e8; padding: .6rem 1rem; margin: .8rem 0; }
.note { color: #555; font-size: .92rem; }
"""


def page(title: str, parts: Sequence[str]) -> str:
    """Return a whole HTML page; ``parts`` are HTML already."""
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
    body = "\n".join([heading(title, 1), *parts])
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'


def paragraph(text: str, kind: str = "") -> str:
    """Return a paragraph of plain text."""
    return f"<p{f' class={kind!r}' if kind else ''}>{escape(text)}</p>"


def heading(text: str, level: int = 2) -> str:
    """Return a heading."""
    return f"<h{level}>{escape(text)}</h{level}>"


def items(texts: Sequence[str]) -> str:
    """Return a list of plain texts."""
    return "<ul>" + "".join(f"<li>{escape(text)}</li>" for text in texts) + "</ul>"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], main: Sequence[int] = ()) -> str:
    """Return a table of plain texts, line breaks kept; the rows numbered in ``main`` stand out."""
    titles = "".join(f"<th>{escape(title)}</th>" for title in head)
    lines = [
        f"<tr{' class=main' if number in main else ''}>" + "".join(map(_cell, row)) + "</tr>"
        for number, row in enumerate(rows)
    ]
    return f"<table><thead><tr>{titles}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def _cell(text: str) -> str:
    return f"<td>{escape(text)}</td>".replace("\n", "<br>")


def write_page(content: str, path: str | Path) -> None:
    """Write a page, whole or not at all."""
    with writing(path) as temporary:
        temporary.write_text(content, encoding="utf-8")


def number(value: float, digits: int = 2) -> str:
    """Round a number for people; a missing one is a dash."""
    if math.isnan(value):
        return MISSING
    rounded = f"{value:.{digits}f}"
    # A small negative number rounds to -0.00.
    rounded = rounded.lstrip("-") if float(rounded) == 0 else rounded
    return rounded.replace("-", MINUS)


def percent(value: float, digits: int = 2) -> str:
    """Write a fraction as a percentage without its sign, which the column's title bears."""
    return number(100 * value, digits)


def interval(value: float, low: float, high: float, scale: float = 1.0, digits: int = 2) -> str:
    """Write a value and its interval times ``scale``, ``0.93 [0.85, 0.97]``; without an interval the value alone."""
    if math.isnan(low) or math.isnan(high):
        return number(scale * value, digits)
    ends = f"[{number(scale * low, digits)},{SPACE}{number(scale * high, digits)}]"
    return ends if math.isnan(value) else f"{number(scale * value, digits)}{SPACE}{ends}"
