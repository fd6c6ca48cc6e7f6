"""Mutations of CSV files of labels, as spreadsheets and programs write them."""

import csv
import io
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.input_mutations.cases import Case, mutation
from benchmarks.input_mutations.image_sets import ImageSet, noise, saved

KIND = "labels"
CLASSES = ("bee", "cat", "two words", "Ärger")


@dataclass
class Labels:
    """Images in folders that say nothing, with their labels in a table."""

    images: ImageSet
    rng: np.random.Generator
    rows: list[tuple[str, str]]  # file and label, in the order of the table
    header: tuple[str, ...] = ("file", "label")
    pixels: dict[str, np.ndarray] = field(default_factory=dict)

    def text(self, delimiter: str = ",", quoting: int = csv.QUOTE_MINIMAL, end: str = "\n", more: int = 0) -> str:
        """Return the table as text, with further columns."""
        buffer = io.StringIO()
        writer = csv.writer(buffer, delimiter=delimiter, quoting=quoting, lineterminator=end)
        writer.writerow([*self.header, *(f"column {number}" for number in range(more))])
        writer.writerows([*row, *(["x", ""][:more])] for row in self.rows)
        return buffer.getvalue()

    def case(self, content: str | bytes, word: str | None = None) -> Case:
        """Write a table, and return that it is refused, if there is a word, or read."""
        table = self.images.root / "labels.csv"
        table.write_bytes(content.encode() if isinstance(content, str) else content)
        self.images.settings["labels"] = Path("labels.csv")
        if word is not None:
            return self.images.refuses(word)
        truth = {f: label for f, label in self.truth.items() if f in self.pixels}
        self.images.pixels = {f"{label}/{file}": self.pixels[file] for file, label in truth.items()}
        self.images.classes = sorted(set(truth.values()))
        return self.images.reads()

    def __post_init__(self):
        self.truth = dict(self.rows)


def labels(rng: np.random.Generator, folder: Path, deep: bool = True) -> Labels:
    """Write images and return their labels, in any order."""
    images = ImageSet(folder / "images", rng, {}, [])
    shape, rows, pixels = ((8, 7, 3) if rng.random() < 0.5 else (8, 7)), [], {}
    for number in range(rng.integers(8, 14)):
        below = ("a/", "b c/", "")[rng.integers(3)] if deep else ""
        path = f"{below}image {number}.png" if rng.random() < 0.3 else f"{below}i{number}.png"
        pixels[path] = noise(rng, shape)
        images.write(path, saved(pixels[path]))
        rows.append((path, CLASSES[number % int(3 + (shape == (8, 7)))]))
    return Labels(images, rng, [rows[number] for number in rng.permutation(len(rows))], pixels=pixels)


@mutation(KIND)
def encoding(rng: np.random.Generator, folder: Path) -> Case:
    """UTF-8 with a mark or without, UTF-16 in either order, Windows's western letters."""
    given = labels(rng, folder)
    return given.case(given.text().encode(str(rng.choice(["utf-8-sig", "utf-8", "utf-16", "cp1252", "utf-16-le"]))))


@mutation(KIND)
def delimiter(rng: np.random.Generator, folder: Path) -> Case:
    """Commas, semicolons, tabs or bars; a first line that names it, as Excel reads it."""
    given = labels(rng, folder)
    one = str(rng.choice([",", ";", "\t", "|"]))
    first = f"sep={one}\n" if rng.random() < 0.3 else ""
    return given.case(first + given.text(one, more=int(rng.integers(3))))


@mutation(KIND)
def line_ends(rng: np.random.Generator, folder: Path) -> Case:
    """Ends of lines of all systems, empty lines, none at the end."""
    given = labels(rng, folder)
    text = given.text(end=str(rng.choice(["\r\n", "\r", "\n"])))
    ends = [text, text.rstrip("\r\n"), text + "\r\n\r\n", text + ",\n"]
    return given.case(ends[rng.integers(4)])


@mutation(KIND)
def quotes(rng: np.random.Generator, folder: Path) -> Case:
    """All cells in quotes; names with the delimiter, or with quotes in them."""
    given = labels(rng, folder)
    label = given.rows[0][1]
    odd = str(rng.choice(["a,b", 'a "b" c', "a;b", "x|y"]))
    given.rows = [(name, odd if one == label else one) for name, one in given.rows]
    given.truth = dict(given.rows)
    return given.case(given.text(quoting=csv.QUOTE_ALL if rng.random() < 0.5 else csv.QUOTE_MINIMAL))


@mutation(KIND)
def header(rng: np.random.Generator, folder: Path) -> Case:
    """Names of the columns in capitals or with blanks, or others that the study gives."""
    given = labels(rng, folder)
    pairs = [("File", "LABEL"), (" file", "label "), ("image_id", "diagnosis"), ("FILE", "Label")]
    given.header = pairs[rng.integers(len(pairs))]
    if given.header[0] == "image_id":
        if rng.random() < 0.3:
            return given.case(given.text(), "lacks the column")
        given.images.settings["columns"] = {"file": "image_id", "label": "diagnosis"}
    return given.case(given.text())


@mutation(KIND)
def form_of_paths(rng: np.random.Generator, folder: Path) -> Case:
    """Paths with a dot, backslashes, the folder above, the whole path; bare names; no suffix."""
    given = labels(rng, folder)
    root = given.images.root
    forms = [
        lambda path: f"./{path}",
        lambda path: path.replace("/", "\\"),
        lambda path: f"{root.name}/{path}",
        lambda path: str(root / path),
        lambda path: path.rsplit("/", 1)[-1],
        lambda path: path.removesuffix(".png"),
        lambda path: path.rsplit("/", 1)[-1].removesuffix(".png"),
    ]
    form = forms[rng.integers(len(forms))]
    given.rows = [(form(path), label) for path, label in given.rows]
    return given.case(given.text())


@mutation(KIND)
def blanks(rng: np.random.Generator, folder: Path) -> Case:
    """Blanks around cells, as people align tables."""
    given = labels(rng, folder)
    given.rows = [(path, f"{' ' * int(rng.integers(2))}{label} ") for path, label in given.rows]
    return given.case(given.text())


@mutation(KIND)
def same_line_again(rng: np.random.Generator, folder: Path) -> Case:
    """A file twice: with the same label it is read, with another refused."""
    given = labels(rng, folder)
    path, label = given.rows[rng.integers(len(given.rows))]
    if rng.random() < 0.5:
        given.rows.insert(int(rng.integers(len(given.rows))), (path, label))
        return given.case(given.text())
    given.rows.append((path, next(one for one in CLASSES if one != label)))
    return given.case(given.text(), path)


@mutation(KIND)
def image_without_line(rng: np.random.Generator, folder: Path) -> Case:
    """Images that the table lacks are passed over."""
    given = labels(rng, folder)
    gone = next(row for row in given.rows if sum(one == row[1] for _, one in given.rows) > 1)
    given.rows.remove(gone)
    given.truth = dict(given.rows)
    return given.case(given.text())


@mutation(KIND)
def line_without_image(rng: np.random.Generator, folder: Path) -> Case:
    """A file that isn't there."""
    given = labels(rng, folder)
    given.rows.insert(int(rng.integers(len(given.rows))), ("gone.png", "bee"))
    return given.case(given.text(), "gone.png")


@mutation(KIND)
def missing_cell(rng: np.random.Generator, folder: Path) -> Case:
    """A line without its label or its file."""
    given = labels(rng, folder)
    place = int(rng.integers(len(given.rows)))
    path, label = given.rows[place]
    given.rows[place] = (path, "") if rng.random() < 0.5 else ("", label)
    return given.case(given.text(), "is missing")


@mutation(KIND)
def name_of_two_files(rng: np.random.Generator, folder: Path) -> Case:
    """A bare name that files in two folders have."""
    given = labels(rng, folder, deep=False)
    path, _ = given.rows[0]
    for below in ("x", "y"):
        given.images.write(f"{below}/{path}", saved(given.pixels[path]))
    (given.images.root / path).unlink()
    return given.case(given.text(), "2 files are called")


@mutation(KIND)
def no_table(rng: np.random.Generator, folder: Path) -> Case:
    """Nothing, names of columns alone, no names of columns, an open quote, cells in excess."""
    given = labels(rng, folder)
    text = given.text()
    kinds = [
        ("", "lacks the column"),
        ("file,label\n", "no line"),
        (text.split("\n", 1)[1], "lacks the column"),
        (f'{text}"i0.png,bee\n', "quotes"),
        (f"{text}i0.png,bee,4\n", "columns"),
        (b"PK\3\4" + rng.bytes(60) + b"\n", "labels.csv"),
    ]
    content, word = kinds[rng.integers(len(kinds))]
    return given.case(content, word)


@mutation(KIND)
def twin_labels(rng: np.random.Generator, folder: Path) -> Case:
    """Two labels that differ by case or blanks alone."""
    given = labels(rng, folder)
    path, label = given.rows[0]
    given.rows[0] = path, str(rng.choice([label.upper(), label.title() if label == label.lower() else label.lower()]))
    return given.case(given.text(), "differ by case")


@mutation(KIND)
def numbers(rng: np.random.Generator, folder: Path) -> Case:
    """Labels that are numbers, `NA`, `null` or dates are names as they stand there."""
    given = labels(rng, folder)
    pool = ["0", "1", "10", "2", "NA", "null", "1.0", "2024-01-01", "-1", "True", "01"]
    names = dict(zip(CLASSES, rng.permutation(pool), strict=False))
    given.rows = [(path, str(names[label])) for path, label in given.rows]
    given.truth = dict(given.rows)
    return given.case(given.text())


@mutation(KIND)
def decomposed_paths(rng: np.random.Generator, folder: Path) -> Case:
    """Files whose names Unicode writes in one form on disk and in the other in the table."""
    given = labels(rng, folder)
    path, label = given.rows[0]
    forms = ["NFC", "NFD"] if rng.random() < 0.5 else ["NFD", "NFC"]
    disk, table = (f"{unicodedata.normalize(form, 'Größe é')}.png" for form in forms)
    (given.images.root / path).rename(given.images.root / disk)
    given.rows[0] = table, label
    given.pixels[disk] = given.pixels.pop(path)
    given.truth = dict(given.rows[1:]) | {disk: label}
    return given.case(given.text())


@mutation(KIND)
def broken_image(rng: np.random.Generator, folder: Path) -> Case:
    """A broken image among those that the table has."""
    given = labels(rng, folder)
    path = given.rows[rng.integers(len(given.rows))][0]
    given.images.write(path, b"<html>404")
    return given.case(given.text(), path)
