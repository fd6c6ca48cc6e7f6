"""Mutations of arrays of predictions in an npz file."""

from pathlib import Path

import numpy as np

from benchmarks.input_mutations.cases import Case, Reads, Refuses, mutation
from benchmarks.input_mutations.predictions import answers

KIND = "prediction npz"


@mutation(KIND)
def types(rng: np.random.Generator, folder: Path) -> Case:
    """Whole numbers in any type, floats among them."""
    given = answers(rng, folder)
    kinds = ["int8", "uint8", ">i4", "int64", "uint64", "float16", "float32", "float64"]
    return given.npz(predicted=given.predicted.astype(rng.choice(kinds)), labels=given.labels.astype(rng.choice(kinds)))


@mutation(KIND)
def form_of_labels(rng: np.random.Generator, folder: Path) -> Case:
    """True labels as a column, a row, one-hot or text."""
    given = answers(rng, folder)
    forms = [
        given.labels[:, None],
        given.labels[None],
        np.eye(given.count)[given.labels],
        np.eye(given.count, dtype=bool)[given.labels],
        given.labels.astype(str),
        given.labels.astype("S"),
    ]
    return given.npz(labels=forms[rng.integers(len(forms))])


@mutation(KIND)
def names_of_classes(rng: np.random.Generator, folder: Path) -> Case:
    """Names in place of numbers, as text or bytes, in either array or both."""
    given = answers(rng, folder)
    labels, predicted = given.words[given.labels], given.words[given.predicted]
    if rng.random() < 0.5:
        labels, predicted = labels.astype("S"), predicted.astype("S")
    given.classes = given.words.tolist()
    pairs = [(labels, predicted), (given.labels, predicted), (labels, given.predicted)]
    labels, predicted = pairs[rng.integers(3)]
    return given.npz(labels=labels, predicted=predicted)


@mutation(KIND)
def unknown_names(rng: np.random.Generator, folder: Path) -> Case:
    """A name that no class has, or names where the classes are but numbers."""
    given = answers(rng, folder)
    words = given.words.astype("<U9")[given.predicted]
    if rng.random() < 0.5:
        given.classes = given.words.tolist()
        words[0, 3] = "Ant" if rng.random() < 0.5 else "ant "
    return given.npz("unknown classes", predicted=words)


@mutation(KIND)
def order(rng: np.random.Generator, folder: Path) -> Case:
    """Other orders of models, of images and of the arrays; arrays by other names, others beside them."""
    given = answers(rng, folder)
    models, images = rng.permutation(len(given.models)), rng.permutation(len(given.labels))
    given.keys = {"models": "names", "predicted": "top1"}
    arrays = {"names": given.models[models], "top1": given.predicted[models][:, images],
              "labels": given.labels[images], "images": given.ids[images], "scores": rng.random(9)}  # fmt: skip
    np.savez_compressed(folder / "p.npz", **{name: arrays[name] for name in rng.permutation(list(arrays))})
    return Reads(given.read(folder / "p.npz"), given.values())


@mutation(KIND)
def best_labels(rng: np.random.Generator, folder: Path) -> Case:
    """The k best labels, best first; a last dimension of one."""
    given = answers(rng, folder, classes=6)
    best = given.best(int(rng.choice([1, 2, 3, 5])))
    np.savez(folder / "p.npz", **given.arrays(predicted=best))
    return Reads(given.read(folder / "p.npz"), given.values(best))


@mutation(KIND)
def best_last(rng: np.random.Generator, folder: Path) -> Case:
    """The k best labels, the best last, as numpy.argsort gives them."""
    given = answers(rng, folder, classes=6)
    best = given.best(int(rng.integers(2, 6)))[:, :, ::-1]
    return given.npz("best label comes first", predicted=best)


@mutation(KIND)
def scores(rng: np.random.Generator, folder: Path) -> Case:
    """Probabilities, logits or one-hot rows in place of labels."""
    given = answers(rng, folder)
    one_hot = np.eye(given.count)[given.predicted]
    kinds = [one_hot, one_hot * 0.9 + 0.1 / given.count, one_hot.astype(int), one_hot.astype(np.float16) * 7 - 3]
    return given.npz("argmax", predicted=kinds[rng.integers(len(kinds))])


@mutation(KIND)
def right_or_wrong(rng: np.random.Generator, folder: Path) -> Case:
    """Whether each model is right, in place of what it says."""
    given = answers(rng, folder)
    return given.npz("true and false", predicted=given.predicted == given.labels)


@mutation(KIND)
def transposed(rng: np.random.Generator, folder: Path) -> Case:
    """A row for each image; as many images as models at times."""
    given = answers(rng, folder)
    if rng.random() < 0.5:
        return given.npz("transposed", predicted=given.predicted.T)
    square = answers(rng, folder)
    count = 40
    square.labels = square.labels[:count]
    wrong = rng.random((count, count)) < 0.3
    square.predicted = np.where(wrong, (square.labels + 1) % square.count, square.labels)
    square.models = np.array([f"net {number}" for number in range(count)])
    return square.npz("transposed", predicted=square.predicted.T)


@mutation(KIND)
def shifted(rng: np.random.Generator, folder: Path) -> Case:
    """Predictions counted from 1, with a class for the background, or from -1."""
    given = answers(rng, folder)
    if rng.random() < 0.4:
        return given.npz("begin at 1", predicted=given.predicted + 1)
    given.classes = given.count + 1
    if rng.random() < 0.5:
        return given.npz("count the classes", predicted=given.predicted + 1)
    return given.npz("count the classes", labels=given.labels + 1)


@mutation(KIND)
def out_of_range(rng: np.random.Generator, folder: Path) -> Case:
    """A label below 0 or above the last class, NaN, infinity or a fraction."""
    given = answers(rng, folder)
    value = float(rng.choice([-1, given.count, 300, np.nan, np.inf, 0.5]))
    word = "NaN" if not np.isfinite(value) else "whole numbers" if value == 0.5 else "out of range"
    key = str(rng.choice(["predicted", "labels"]))
    array = given.arrays()[key].astype(float)
    array.reshape(-1)[rng.integers(array.size)] = value
    return given.npz(word, **{key: array})


@mutation(KIND)
def objects(rng: np.random.Generator, folder: Path) -> Case:
    """Arrays of Python's objects, which only a pickle keeps."""
    given = answers(rng, folder)
    key = str(rng.choice(["models", "predicted", "labels"]))
    return given.npz("Python objects", **{key: given.arrays()[key].astype(object)})


@mutation(KIND)
def names_of_models(rng: np.random.Generator, folder: Path) -> Case:
    """Names that are equal, empty, missing or bytes, or that the eye takes for one."""
    given = answers(rng, folder)
    names = given.models.astype("<U20")
    kind = rng.integers(5)
    if kind == 0:
        return given.npz("bytes", models=names.astype("S"))
    if kind == 1:
        return given.npz("names", models=names[:-1])
    names[0], word = [(names[1], "more than once"), ("  ", "empty name"), (f"{names[1]} ", "blanks")][kind - 2]
    return given.npz(word, models=names)


@mutation(KIND)
def numbers_as_names(rng: np.random.Generator, folder: Path) -> Case:
    """Models that are called by numbers."""
    given = answers(rng, folder)
    numbers = rng.permutation(len(given.models))
    given.models = numbers.astype(str)
    return given.npz(models=numbers)


@mutation(KIND)
def too_few(rng: np.random.Generator, folder: Path) -> Case:
    """Images, identifiers or labels that are fewer than the others; an array that is missing; no models."""
    given = answers(rng, folder)
    kind = rng.integers(5)
    if kind == 0:
        return given.npz("expected [models, images]", labels=given.labels[:-1])
    if kind == 1:
        return given.npz("identifiers", images=given.ids[:-1])
    if kind == 2:
        return given.npz("more than once", images=np.r_[given.ids[:1], given.ids[:-1]])
    if kind == 3:
        return given.npz("no models", models=given.models[:0], predicted=given.predicted[:0])
    gone = str(rng.choice(["models", "predicted", "labels"]))
    np.savez(folder / "p.npz", **{name: array for name, array in given.arrays().items() if name != gone})
    return Refuses(given.read(folder / "p.npz"), f"no arrays {gone}")


@mutation(KIND)
def labels_in_a_table(rng: np.random.Generator, folder: Path) -> Case:
    """True labels in a CSV file, matched by identifiers in another order."""
    given = answers(rng, folder)
    lines = [f"{name},{label}" for name, label in zip(given.ids, given.labels, strict=True)]
    text = "\n".join(["image,label", *rng.permutation(lines)])
    word = None
    if rng.random() < 0.3:
        text, word = text.rsplit("\n", 1)[0], "without a label"
    (folder / "truth.csv").write_text(text)
    np.savez(folder / "p.npz", models=given.models, predicted=given.predicted, images=given.ids)
    read = given.read(folder / "p.npz", folder / "truth.csv")
    return Refuses(read, word) if word else Reads(read, given.values())


@mutation(KIND)
def broken_file(rng: np.random.Generator, folder: Path) -> Case:
    """Cut short, emptied, a single array, a pickle or a page."""
    given = answers(rng, folder)
    given.npz()
    path = folder / "p.npz"
    content = path.read_bytes()
    np.save(folder / "single.npy", given.predicted)
    kinds = [b"", content[: int(len(content) * rng.uniform(0.1, 0.9))], b"<html>404", b"\x80\4K\1.",
             (folder / "single.npy").read_bytes()]  # fmt: skip
    path.write_bytes(kinds[rng.integers(len(kinds))])
    return Refuses(given.read(path), "no npz file")
