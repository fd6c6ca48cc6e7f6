"""What a page of the report consists of, and how a template lays it out as one self-contained HTML file."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from understudy.text import printable

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    trim_blocks=True,
    keep_trailing_newline=True,
    undefined=StrictUndefined,
    finalize=lambda value: printable(value, kept="\n") if type(value) is str else value,
)


@dataclass(frozen=True)
class Table:
    """A table of plain texts, line breaks kept; the rows numbered in ``main`` stand out."""

    titles: Sequence[str]
    rows: Sequence[Sequence[str]]
    main: Collection[int] = ()


@dataclass(frozen=True)
class Picture:
    """A picture that a page holds, as a data URI, its caption, and how many pixels wide it is shown."""

    source: str
    caption: str
    width: int


@dataclass(frozen=True)
class Section:
    """A part of a page, from top to bottom: title, paragraphs, what to ship, list, table, a note on it, pictures."""

    title: str = ""
    level: int = 2
    texts: Sequence[str] = ()
    shipped: Sequence[str] = ()
    items: Sequence[str] = ()
    table: Table | None = None
    note: str = ""
    pictures: Sequence[Picture] = ()


@dataclass(frozen=True)
class Page:
    """A page of the report."""

    title: str
    sections: Sequence[Section]

    def html(self) -> str:
        """Return the page as HTML, all its texts escaped."""
        return TEMPLATES.get_template("page.html.j2").render(title=self.title, sections=self.sections)
