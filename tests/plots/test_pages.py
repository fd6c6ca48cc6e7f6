import math
from html.parser import HTMLParser

import pytest

from understudy.plots import pages


class Cells(HTMLParser):
    """The texts of a page's table cells, row by row, and whatever a browser would load from elsewhere."""

    def __init__(self, content):
        super().__init__()
        self.rows, self.loaded, self.inside = [], [], False
        self.feed(content)

    def handle_starttag(self, tag, attributes):
        self.loaded += [value for name, value in attributes if name in ("src", "href")]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        self.inside = tag in ("td", "th") or (tag == "br" and self.inside)

    def handle_data(self, data):
        if self.inside:
            self.rows[-1][-1] += data

    def handle_endtag(self, tag):
        self.inside = False


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.126, "0.13"), (-0.126, "−0.13"), (-0.001, "0.00"), (math.nan, "–")],
)
def test_numbers_are_rounded_for_people(value, text):
    assert pages.number(value) == text


def test_intervals_stand_beside_their_value_and_never_break():
    assert pages.interval(0.041, 0.03, 0.05, scale=100, digits=1) == "4.1\u00a0[3.0,\u00a05.0]"
    assert pages.interval(0.5, math.nan, math.nan) == "0.50"
    assert pages.interval(math.nan, -0.5, 0.25) == "[−0.50,\u00a00.25]"


def test_a_page_is_self_contained_and_escapes_what_it_is_given():
    content = pages.page("A < B", [pages.paragraph("1 < 2 & 3"), pages.table(["<a>"], [["x\ny"], ["<b>"]], main=[1])])
    assert "<title>A &lt; B</title>" in content
    assert "1 &lt; 2 &amp; 3" in content
    found = Cells(content)
    assert found.rows == [["<a>"], ["xy"], ["<b>"]]
    assert found.loaded == []
    assert "<tr class=main><td>&lt;b&gt;" in content
