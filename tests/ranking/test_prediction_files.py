"""Prediction files as people write them: read right, or refused in one line that says what to do."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.errors import StudyError
from understudy.ranking.matching import check_same_models
from understudy.ranking.prediction_formats import read_set
from understudy.ranking.predictions import make_predictions

CLASSES, IMAGES = 5, 60
RANDOM = np.random.default_rng(0)
LABELS = RANDOM.permutation(np.arange(IMAGES) % CLASSES)
NAMES = [f"m{i}" for i in range(6)]
SHARES = np.linspace(0.05, 0.6, len(NAMES))[:, None]
TOP1 = np.where(
    RANDOM.random((len(NAMES), IMAGES)) < SHARES, (LABELS + RANDOM.integers(1, CLASSES, IMAGES)) % CLASSES, LABELS
)
TOP2 = np.stack([TOP1, (TOP1 + 2) % CLASSES], axis=2)
ERRORS = (TOP1 != LABELS).mean(axis=1)
WORDS = np.array(["ant", "bee", "cat", "dog", "eel"])
IDS = np.array([f"images/{i:02d}.png" for i in range(IMAGES)])


def read(path, classes=CLASSES, labels="labels", **keys):
    keys = {"models": "models", "predicted": "predicted"} | keys
    return read_set("s", {"s": {"files": [str(path)], "labels": str(labels), **keys}}, classes, None)


def read_npz(folder, classes=CLASSES, **arrays):
    np.savez(folder / "p.npz", **{"models": np.array(NAMES), "predicted": TOP1, "labels": LABELS} | arrays)
    return read(folder / "p.npz", classes)


def errors(predictions) -> pd.Series:
    return pd.Series(predictions.errors().mean(axis=1), predictions.models)


def agree(predictions) -> None:
    assert list(predictions.models) == NAMES
    np.testing.assert_allclose(errors(predictions)[NAMES], ERRORS)


READ = [
    ({"labels": LABELS[:, None]}, CLASSES),
    ({"labels": LABELS[None]}, CLASSES),
    ({"labels": np.eye(CLASSES)[LABELS]}, CLASSES),
    ({"labels": np.eye(CLASSES, dtype=bool)[LABELS]}, CLASSES),
    ({"labels": LABELS.astype(float), "predicted": TOP1.astype(np.float16)}, CLASSES),
    ({"labels": LABELS.astype(str), "predicted": TOP1.astype(str)}, CLASSES),
    ({"labels": LABELS.astype("S"), "predicted": TOP1.astype("S")}, CLASSES),
    ({"labels": LABELS.astype(str), "predicted": TOP1.astype(str)}, [str(i) for i in range(CLASSES)]),
    ({"labels": WORDS[LABELS], "predicted": WORDS[TOP1].astype("S")}, list(WORDS)),
    ({"labels": LABELS, "predicted": WORDS[TOP1]}, list(WORDS)),
    ({"predicted": TOP2.astype(np.uint8)}, CLASSES),
    ({"predicted": TOP1[:, :, None]}, CLASSES),
    ({"predicted": np.argsort(-np.eye(CLASSES)[TOP1], axis=2, kind="stable")}, CLASSES),
    ({"images": IDS, "probability": np.full(TOP1.shape, 0.5)}, CLASSES),
]


@pytest.mark.parametrize("number", range(len(READ)))
def test_what_is_unambiguous_is_read(number, tmp_path):
    arrays, classes = READ[number]
    agree(read_npz(tmp_path, classes, **arrays))


HOT = np.eye(CLASSES)[TOP1]
SECOND = (TOP1 + 2) % CLASSES
REFUSED = [
    ({"predicted": HOT.astype(int)}, CLASSES, "must differ, .*argmax"),
    ({"predicted": HOT}, CLASSES, "must differ, .*argmax"),
    ({"predicted": HOT * 3.7 - 1.1}, CLASSES, "aren't whole numbers.*argmax"),
    ({"predicted": np.rint(HOT * 200).astype(np.uint8)}, CLASSES, "out of range.*argmax"),
    ({"predicted": np.stack([TOP1, TOP1], 2)}, CLASSES, "must differ, .*each once"),
    (
        {"predicted": TOP2[:, :, ::-1]},
        CLASSES,
        r"last of the labels .*first: save predicted\[:, :, ::-1\]",
    ),
    ({"labels": np.eye(CLASSES)[LABELS] * 0.9}, CLASSES, r"not one-hot; .*numpy\.argmax\(labels, axis=1\)"),
    ({"labels": np.stack([LABELS, LABELS], 1)}, CLASSES, r"shape \[60, 2\]; give one label for each image"),
    ({"predicted": TOP1 + 1, "labels": LABELS + 1}, CLASSES, "seem to begin at 1"),
    ({"labels": LABELS + 1}, CLASSES + 1, "fit the true labels better if 1 is added.*from 0"),
    ({"predicted": TOP1 + 1}, CLASSES + 1, "fit the true labels better if 1 is subtracted"),
    ({"predicted": TOP1.T}, CLASSES, "transposed"),
    ({"predicted": TOP2.transpose(1, 0, 2)}, CLASSES, "transposed"),
    ({"predicted": HOT.transpose(0, 2, 1)}, CLASSES, "scores with the dimensions in another order"),
    ({"models": np.array("m"), "predicted": TOP1[0]}, CLASSES, r"names of models have shape \[\]; give a list"),
    ({"labels": np.array(3)}, CLASSES, r"shape \[\]; give one label"),
    ({"predicted": np.array(3)}, CLASSES, r"shape \[\] came with"),
    ({"models": np.array([*NAMES[:5], "m0 "])}, CLASSES, "'m0' and 'm0 ' differ by blanks"),
    ({"models": np.array([*NAMES[:5], " "])}, CLASSES, "model 5 .* has an empty name"),
    ({"models": np.array(NAMES).astype("S")}, CLASSES, r"are bytes; save them as text, numpy\.char\.decode"),
    ({"predicted": WORDS[TOP1], "labels": np.array([b"\xff"] * IMAGES)}, list(WORDS), "is not UTF-8 text"),
    ({"models": np.array(NAMES, dtype=object)}, CLASSES, r"array models holds Python objects.*dtype=str"),
    ({"predicted": TOP1 == LABELS}, CLASSES, r"true and false are given.*not whether a model is right"),
    ({"predicted": -TOP1}, CLASSES, "out of range, -"),
    ({"predicted": np.where(TOP1 == 3, np.inf, TOP1)}, CLASSES, "NaN or infinite"),
    ({"predicted": TOP1 + 0j}, CLASSES, "type complex128"),
    ({"labels": LABELS, "predicted": TOP1}, ["3", "1", "2", "0", "4"], "could be a name or a position"),
    ({"labels": WORDS[LABELS], "predicted": np.char.add(WORDS, " ")[TOP1]}, list(WORDS), r"'ant '.*did you mean ant\?"),
    ({"images": IDS[:-1]}, CLASSES, "59 identifiers of images came"),
    ({"images": np.array([*IDS[:-1], IDS[0]])}, CLASSES, "images images/00.png occur more than once"),
]


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_what_would_give_a_wrong_result_is_refused_in_one_line(number, tmp_path):
    arrays, classes, message = REFUSED[number]
    with pytest.raises(StudyError, match=f"p.npz.*{message}") as raised:
        read_npz(tmp_path, classes, **arrays)
    assert "\n" not in str(raised.value) and "pickle" not in str(raised.value)


def test_two_classes_are_not_mistaken_for_one_hot_rows(tmp_path):
    labels = LABELS % 2
    top1 = np.where(RANDOM.random((6, IMAGES)) < 0.2, 1 - labels, labels)
    both = np.stack([top1, 1 - top1], axis=2)
    expected = (top1 != labels).mean(axis=1)
    np.testing.assert_allclose(read_npz(tmp_path, 2, predicted=both, labels=labels).errors().mean(axis=1), expected)
    with pytest.raises(StudyError, match=r"best label comes first: .* or numpy.argmax\(predicted, axis=2\)"):
        read_npz(tmp_path, 2, predicted=np.eye(2)[top1], labels=labels)
    with pytest.raises(StudyError, match="better if 1 is added"):
        read_npz(tmp_path, 2, predicted=1 - top1, labels=labels)


def test_bad_models_are_no_mistake_of_the_file(tmp_path, capsys):
    """Models at chance, or that always give one class of a set with few images of it, are read."""
    shares = np.repeat([0, 1, 2, 3, 4], [3, 40, 7, 5, 5])
    constant = np.zeros((6, IMAGES), int)
    assert errors(read_npz(tmp_path, predicted=constant, labels=shares)).eq(57 / 60).all()
    for seed in range(20):
        chance = np.random.default_rng(seed).integers(0, CLASSES, (6, IMAGES))
        pair = np.stack([chance, (chance + 1) % CLASSES], axis=2)
        assert read_npz(tmp_path, predicted=pair).predicted.shape == (6, IMAGES, 2)
    assert not capsys.readouterr().err
    mixed = np.concatenate([TOP1[:5], (LABELS[None] - 1) % CLASSES])
    read_npz(tmp_path, predicted=mixed)
    assert "better if 1 is added, of 1 models alone: m5" in capsys.readouterr().err


def test_labels_from_1_are_seen_in_the_classes_that_occur(tmp_path):
    """Also where the models' mistakes, always the next class, hide the shift from their accuracies."""
    shares = np.linspace(0.05, 0.6, 12)[:, None]
    labels = np.arange(200) % 10
    predicted = np.where(RANDOM.random((12, 200)) < shares, (labels + 1) % 10, labels)
    names = np.array([f"m{i}" for i in range(12)])
    read_npz(tmp_path, 11, models=names, predicted=predicted, labels=labels)
    with pytest.raises(StudyError, match="better if 1 is added"):
        read_npz(tmp_path, 11, models=names, predicted=predicted, labels=labels + 1)


def test_as_many_models_as_images(tmp_path, capsys):
    labels = np.arange(40) % CLASSES
    square = np.where(RANDOM.random((40, 40)) < 0.3, (labels + 2) % CLASSES, labels)
    names = np.array([f"m{i}" for i in range(40)])
    found = read_npz(tmp_path, models=names, predicted=square, labels=labels)
    np.testing.assert_allclose(found.errors(), square != labels)
    with pytest.raises(StudyError, match=r"as many models as images.* save predicted\.T"):
        read_npz(tmp_path, models=names, predicted=square.T, labels=labels)
    assert not capsys.readouterr().err
    read_npz(tmp_path, models=names, predicted=RANDOM.integers(0, CLASSES, (40, 40)), labels=labels)
    assert "each row of predictions is taken for a model's" in capsys.readouterr().err


def test_models_in_another_order_are_matched_by_name_and_blanks_are_named():
    one = make_predictions(NAMES, TOP1, LABELS, CLASSES)
    order = [3, 1, 0, 2, 5, 4]
    other = make_predictions([NAMES[i] for i in order], TOP1[order], LABELS, CLASSES)
    check_same_models(one, other)
    np.testing.assert_array_equal(other.of_models(NAMES).predicted, one.predicted)
    with pytest.raises(StudyError, match="differ by blanks in their names: 'm5' and 'm5 '"):
        check_same_models(one, make_predictions([*NAMES[:5], "m5 "], TOP1, LABELS, CLASSES))


# ---------------------------------------------------------------- tables


def write(folder, name, **columns):
    frame = pd.DataFrame(columns)
    path = folder / name
    frame.to_csv(path, index=False) if path.suffix == ".csv" else frame.to_parquet(path, index=False)
    return path


def long_table(order=slice(None), ids=IDS, predicted=TOP1, **more) -> dict:
    models, images = np.repeat(NAMES, IMAGES), np.tile(ids, len(NAMES))
    values = list(predicted.reshape(-1, *predicted.shape[2:]))
    columns = {"model": models, "image": images, "predicted": values} | more
    return pd.DataFrame(columns).iloc[order].to_dict("list")


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), suffix=st.sampled_from([".csv", ".parquet"]), kind=st.sampled_from("npsw"))
def test_any_order_of_images_with_identifiers_gives_the_same(tmp_path_factory, seed, suffix, kind):
    folder, random = tmp_path_factory.mktemp("p"), np.random.default_rng(seed)
    shuffled = random.permutation(IMAGES)
    truth = write(
        folder, f"truth{suffix}", image=IDS[shuffled], label=LABELS[shuffled], probability=random.random(IMAGES)
    )
    order = random.permutation(IMAGES)
    if kind == "n":
        np.savez(folder / "p.npz", models=np.array(NAMES), predicted=TOP1[:, order], images=IDS[order])
        path = folder / "p.npz"
    elif kind == "p":
        orders = [random.permutation(IMAGES) for _ in NAMES]
        rows = {
            "predicted": [row[at] for row, at in zip(TOP1, orders, strict=True)],
            "images": [IDS[at] for at in orders],
        }
        path = write(folder, "p.parquet", model=NAMES, **rows)
    elif kind == "s":
        rows = random.permutation(len(NAMES) * IMAGES)
        path = write(folder, f"p{suffix}", **long_table(rows, probability=0.5))
        found = read(path, labels=truth)
        np.testing.assert_allclose(errors(found)[NAMES], ERRORS)
        return
    else:
        path = write(folder, f"p{suffix}", image=IDS[order], **dict(zip(NAMES, TOP1[:, order], strict=True)))
    agree(read(path, labels=truth))


def test_long_tables_have_their_labels_or_are_ordered_by_identifier(tmp_path):
    rows = RANDOM.permutation(len(NAMES) * IMAGES)
    own = write(tmp_path, "own.parquet", **long_table(rows, label=np.tile(LABELS, len(NAMES))))
    np.testing.assert_allclose(errors(read(own))[NAMES], ERRORS)
    labels = write(tmp_path, "truth.csv", label=LABELS)
    for ids in (np.arange(IMAGES), np.arange(IMAGES) + 1):
        table = write(tmp_path, "p.csv", **long_table(rows, ids=ids))
        np.testing.assert_allclose(errors(read(table, labels=labels))[NAMES], ERRORS)
    top2 = write(tmp_path, "top2.parquet", **long_table(rows, ids=np.arange(IMAGES), predicted=TOP2))
    assert read(top2, labels=labels).predicted.shape == (len(NAMES), IMAGES, 2)
    unclear = write(tmp_path, "unclear.parquet", **long_table(rows))
    with pytest.raises(StudyError, match=r"in no rising order .* give the file of true labels a column `image`"):
        read(unclear, labels=labels)


def test_what_is_missing_or_repeated_in_a_table_is_named(tmp_path):
    truth = write(tmp_path, "truth.parquet", image=IDS, label=LABELS)
    once, few = slice(0, -1), write(tmp_path, "few.parquet", image=IDS[:50], label=LABELS[:50])
    twice = [0, *range(len(NAMES) * IMAGES)]
    plain = write(tmp_path, "plain.parquet", label=LABELS[:50])
    for rows, labels, message in (
        (once, truth, r"0 rows for model m5 and image images/59\.png"),
        (twice, truth, r"2 rows for model m0 and image images/00\.png"),
        (slice(None), few, r"0 missing, 10 without a label \(images/50\.png, .* and 5 more\)"),
        (slice(None), plain, "predictions of shape .*50 true labels"),
    ):
        with pytest.raises(StudyError, match=message):
            read(write(tmp_path, "p.parquet", **long_table(rows)), labels=labels)
    doubtful = write(tmp_path, "two.csv", image=[*IDS, IDS[0]], label=[*LABELS, (LABELS[0] + 1) % CLASSES])
    with pytest.raises(StudyError, match=r"image images/00\.png has two labels"):
        read(write(tmp_path, "p.parquet", **long_table()), labels=doubtful)
    with pytest.raises(StudyError, match="no columns label; the file has model, image, predicted"):
        read(write(tmp_path, "p.parquet", **long_table()))


FORMS = {
    "fixed": pa.array(TOP2.tolist(), pa.list_(pa.list_(pa.int16(), 2))),
    "both fixed": pa.array(TOP2.tolist(), pa.list_(pa.list_(pa.int64(), 2), IMAGES)),
    "large": pa.array(TOP2.tolist(), pa.large_list(pa.large_list(pa.uint8()))),
    "views": pa.array(TOP2.tolist(), pa.list_view(pa.list_view(pa.int32()))),
    "categories": pa.array(WORDS[TOP1].tolist(), pa.list_(pa.dictionary(pa.int8(), pa.string()))),
    "string views": pa.array(WORDS[TOP1].tolist(), pa.list_(pa.string_view())),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_lists_is_read(form, tmp_path):
    pq.write_table(
        pa.table({"model": pa.array(NAMES).dictionary_encode(), "predicted": FORMS[form]}), tmp_path / "p.parquet"
    )
    truth = write(tmp_path, "truth.parquet", label=LABELS)
    agree(read(tmp_path / "p.parquet", list(WORDS), labels=truth))


def test_ragged_lists_and_empty_places_are_refused(tmp_path):
    truth = write(tmp_path, "truth.parquet", label=LABELS)
    ragged, uneven = TOP2.tolist(), TOP2.tolist()
    ragged[2][5] = [1]
    uneven[1][3], uneven[1][4] = [1], [1, 2, 3]  # of the right length altogether
    for rows, message in (
        (ragged, "numbers of labels per image differ"),
        (uneven, "numbers of labels per image differ"),
        ([*TOP1[:-1].tolist(), TOP1[-1, :-1].tolist()], "model m5 has 59 predictions"),
        ([[*TOP1[0, :-1].tolist(), None], *TOP1[1:].tolist()], "1 values are NaN .* model m0, image 59"),
        ([[*WORDS[TOP1[0, :-1]].tolist(), None], *WORDS[TOP1[1:]].tolist()], "1 labels are missing"),
    ):
        pq.write_table(pa.table({"model": NAMES, "predicted": rows}), tmp_path / "p.parquet")
        with pytest.raises(StudyError, match=message):
            read(tmp_path / "p.parquet", list(WORDS), labels=truth)


@pytest.mark.parametrize(("separator", "encoding"), [(",", "utf-8"), (";", "utf-8-sig"), ("\t", "utf-8")])
def test_csv_as_spreadsheets_write_it(separator, encoding, tmp_path):
    words = np.array(["NA", "null", "01", "dog", "eel"])  # names that pandas would change
    frame = pd.DataFrame(long_table(label=np.tile(words[LABELS], len(NAMES)))).assign(predicted=words[TOP1].ravel())
    frame.to_csv(tmp_path / "p.csv", index=False, sep=separator, encoding=encoding)
    agree(read(tmp_path / "p.csv", list(words)))
    wide = pd.DataFrame(dict(zip(NAMES, words[TOP1], strict=True))).assign(image=IDS, label=words[LABELS])
    wide.to_csv(tmp_path / "wide.csv", sep=separator, encoding=encoding)  # with a nameless column of row numbers
    agree(read(tmp_path / "wide.csv", list(words)))
    for content in (b"model,image,predicted\n\xff,1,2\n", b""):
        (tmp_path / "bad.csv").write_bytes(content)
        with pytest.raises(StudyError, match="no csv file in UTF-8"):
            read(tmp_path / "bad.csv", labels=tmp_path / "p.csv")
