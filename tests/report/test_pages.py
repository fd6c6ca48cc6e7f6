import math
from html.parser import HTMLParser

from understudy.report import formats
from understudy.report.pages import Page, Section, Table


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
        self.inside = tag in ("td", "th")

    def handle_data(self, data):
        if self.inside:
            self.rows[-1][-1] += data

    def handle_endtag(self, tag):
        self.inside = False


def test_numbers_are_rounded_for_people():
    for value, text in ((0.126, "0.13"), (-0.126, "−0.13"), (-0.001, "0.00"), (1234.5, "1,234.50"), (math.nan, "–")):
        assert formats.number(value) == text
    assert formats.percent(0.1234, 1) == "12.3"


def test_intervals_stand_beside_their_value_and_never_break():
    assert formats.interval(0.041, 0.03, 0.05, scale=100, digits=1) == "4.1\u00a0[3.0,\u00a05.0]"
    assert formats.interval(0.5, math.nan, math.nan) == "0.50"
    assert formats.interval(math.nan, -0.5, 0.25) == "[−0.50,\u00a00.25]"


def test_a_page_is_self_contained_and_escapes_what_it_is_given():
    table = Table(["<a>"], [["x\ny"], ["<b>"]], main=[1])
    sections = [Section("C & D", 3, ["1 < 2 & 3"], ["ship"], ["an item"], table, "a note"), Section(texts=["end"])]
    content = Page("A < B", sections).html()
    assert content.startswith("<!DOCTYPE html>")
    parts = ["<title>A &lt; B</title>", "<h1>A &lt; B</h1>", "<h3>C &amp; D</h3>", "<p>1 &lt; 2 &amp; 3</p>"]
    parts += ['<p class="ship">ship</p>', "<li>an item</li>", "<th>&lt;a&gt;</th>", "<td>x\ny</td>"]
    parts += ['<tr class="main"><td>&lt;b&gt;</td></tr>', '<p class="note">a note</p>', "<p>end</p>"]
    positions = [content.index(part) for part in parts]
    assert positions == sorted(positions)
    assert content.count("<h3>") == content.count("<table>") == content.count("<ul>") == content.count("</html>") == 1
    found = Cells(content)
    assert found.rows == [["<a>"], ["x\ny"], ["<b>"]] and found.loaded == []
