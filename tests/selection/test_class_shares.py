"""What classes count for: target shares on synthetic sets, real images by their own, balanced errors on request."""

import numpy as np
import pandas as pd
import pytest

from tests.selection import made_up
from understudy.errors import StudyError
from understudy.selection.choices import best_snapshots, chosen_snapshots, snapshot_errors
from understudy.selection.class_shares import TargetShares, class_shares
from understudy.selection.comparison import protocol_comparison
from understudy.selection.gain import selection_gain
from understudy.selection.rank_certificates import certificate_summary, rank_certificates
from understudy.selection.rank_preservation import rank_preservation
from understudy.selection.split_errors import StudyErrors
from understudy.statistics.class_weights import class_weights, effective_images
from understudy.statistics.rank_correlation import spearman
from understudy.statistics.sampling_covariance import error_covariance, stratified_covariance

UNEQUAL = np.array([40, 25, 15, 10, 6, 4])
NAMES = list("abcdef")


def targets(images, metric="error", given=None) -> TargetShares:
    names = [f"c{label}" for label in range(len(images))]
    return TargetShares(class_shares(np.array(images), names, metric, given or {}).assign(draw=0, split="S"))


def counts(rates, images, name="gan", half=None) -> pd.DataFrame:
    """Counts of one run whose snapshots, from epoch 1, have these numbers of errors [epochs, classes]."""
    rows = [
        {"epoch": epoch, "label": label, "half": 0 if half is None else half, "images": images[label], "errors": wrong}
        for epoch, of_classes in enumerate(rates, 1)
        for label, wrong in enumerate(of_classes)
    ]
    run = {"draw": 0, "split": "S", "regime": "full", "family": "standard", "architecture": "a", "seed": 0, "run": "r"}
    return pd.DataFrame(rows).assign(**run, set=name)


def errors_of(table: pd.DataFrame) -> list[float]:
    rows = snapshot_errors(table)
    return (rows["errors"] / rows["images"]).tolist()


def test_a_synthetic_error_is_the_sum_over_classes_of_share_times_error_rate():
    table = targets(UNEQUAL).add_to(counts([[1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1]], [10] * 6))
    expected = [float(np.dot(UNEQUAL / 100, np.array(row) / 10)) for row in ([1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1])]
    np.testing.assert_allclose(errors_of(table), expected, rtol=0, atol=1e-12)


def test_real_errors_are_plain_means_to_the_last_bit_unless_shares_are_given():
    images, wrong = [41, 24, 15, 10, 6, 4], [[3, 1, 4, 1, 5, 2]]
    plain = counts(wrong, images, "test")
    assert errors_of(targets(UNEQUAL).add_to(plain)) == errors_of(plain) == [16 / 100]
    given = {f"c{label}": share for label, share in enumerate((0.5, 0.1, 0.1, 0.1, 0.1, 0.1))}
    expected = np.dot(list(given.values()), np.array(wrong[0]) / images)
    np.testing.assert_allclose(errors_of(targets(UNEQUAL, given=given).add_to(plain)), [expected], atol=1e-12)


@pytest.mark.parametrize("classes", [2, 3, 7, 10, 49])
@pytest.mark.parametrize("metric", ["error", "balanced_error"])
def test_equal_shares_change_no_bit(classes, metric):
    rng = np.random.default_rng(classes)
    plain = counts(rng.integers(0, 30, (40, classes)), [30] * classes)
    assert errors_of(targets([13] * classes, metric).add_to(plain)) == errors_of(plain)


def test_the_balanced_error_counts_every_class_alike_on_every_set():
    wrong, images = [1, 2, 3], [10, 30, 4]
    for name in ("gan", "test", "validation"):
        table = targets([50, 30, 20], "balanced_error").add_to(counts([wrong], images, name))
        np.testing.assert_allclose(errors_of(table), [np.mean([0.1, 2 / 30, 0.75])], atol=1e-12)


def test_equal_sums_of_weights_tie_and_the_latest_epoch_is_chosen():
    # 1/3 of class 0 and 1/3 of class 2 weigh the same; added up in another order, their sums differ in the last bit.
    table = targets([3, 1, 3]).add_to(counts([[1, 7, 2], [2, 7, 1], [3, 7, 0]], [10] * 3))
    assert snapshot_errors(table)["errors"].nunique() == 1
    assert best_snapshots(table)["epoch"].tolist() == [3]


def test_shares_change_which_snapshot_is_chosen():
    table = counts([[0, 4], [3, 0]], [10, 10])
    assert chosen_snapshots(table)["epoch"].tolist() == [2]
    assert chosen_snapshots(targets([90, 10]).add_to(table))["epoch"].tolist() == [1]


def test_a_class_that_a_set_lacks_is_refused_unless_it_counts_for_nothing():
    table = counts([[1, 2, 0]], [10, 10, 0])
    with pytest.raises(StudyError, match=r"set 'gan' of draw 0, S has no images of class 2 \(1 of 3 .* counts for 0.2"):
        targets([50, 30, 20]).add_to(table)
    given = {"c0": 0.75, "c1": 0.25, "c2": 0.0}
    found = targets([50, 30, 20], given=given).add_to(table)
    np.testing.assert_allclose(errors_of(found), [0.75 * 0.1 + 0.25 * 0.2], atol=1e-12)
    # The balanced error is over the classes that count for something.
    found = targets([50, 30, 20], "balanced_error", given).add_to(table)
    np.testing.assert_allclose(errors_of(found), [0.15], atol=1e-12)


def test_a_class_of_one_image_counts_for_its_share():
    table = targets([10, 1]).add_to(counts([[0, 1], [1, 0]], [20, 1]))
    np.testing.assert_allclose(errors_of(table), [1 / 11, 10 / 11 / 20], atol=1e-12)


def test_snapshots_without_errors_have_error_0():
    assert errors_of(targets(UNEQUAL).add_to(counts([[0] * 6, [0] * 6], [7] * 6))) == [0.0, 0.0]


def test_images_of_a_class_that_the_study_lacks_are_refused():
    with pytest.raises(StudyError, match="images of class 2, but the study has 2 classes"):
        targets([5, 5]).add_to(counts([[1, 1, 1]], [5, 5, 5]))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"a": 0.5, "x": 0.5}, "no class is called 'x'"),
        ({"a": 1.0}, "class 'b' has no share; give each class its share, 0 is allowed: 'a', 'b'"),
        ({"a": 0.5, "b": 0.25, "B": 0.25}, "no class is called 'B'"),
    ],
)
def test_shares_of_other_classes_are_one_line(given, message):
    with pytest.raises(StudyError, match=message):
        class_shares(np.array([5, 5]), ["a", "b"], "error", given)


def test_rounded_shares_are_brought_to_a_sum_of_1():
    table = class_shares(np.array([5, 5, 5]), ["a", "b", "c"], "error", {"a": 0.33, "b": 0.33, "c": 0.33})
    np.testing.assert_allclose(table["share"], 1 / 3)
    np.testing.assert_allclose(table["real_share"], 1 / 3)


def slow_variance(wrong, labels, shares):
    """Variance of the sum over classes of share x error rate, image by image, a class of one image having none."""
    total = 0.0
    for label, share in enumerate(shares):
        mine = [float(w) for w, other in zip(wrong, labels, strict=True) if other == label]
        n = len(mine)
        if n > 1:
            mean = sum(mine) / n
            total += share**2 * sum((value - mean) ** 2 for value in mine) / (n - 1) / n
    return total


@pytest.mark.parametrize("seed", range(5))
def test_the_weighted_variance_is_that_of_a_slow_reference(seed):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(6), rng.integers(1, 40, 6))
    wrong, shares = rng.random((2, len(labels))) < 0.3, rng.dirichlet(np.ones(6))
    weights = class_weights(np.bincount(labels), shares)
    covariance = stratified_covariance(wrong, labels, weights)
    sums = [slow_variance(row, labels, shares) for row in (*wrong, wrong[0] * 1.0 - wrong[1])]
    np.testing.assert_allclose(np.diag(covariance), sums[:2], rtol=1e-10)
    difference = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    np.testing.assert_allclose(difference, sums[2], rtol=1e-10)


def test_the_weighted_variance_is_what_resampling_within_classes_gives():
    rng = np.random.default_rng(3)
    labels, shares = np.repeat([0, 1, 2], [60, 60, 60]), np.array([0.7, 0.2, 0.1])
    wrong = rng.random(180) < np.array([0.1, 0.4, 0.7])[labels]
    again = [shares @ [rng.choice(wrong[labels == c], 60).mean() for c in range(3)] for _ in range(1_500)]
    weights = class_weights(np.bincount(labels), shares)
    variance = stratified_covariance(wrong[None], labels, weights)[0, 0]
    assert np.var(again) == pytest.approx(variance * 59 / 60, rel=0.1)


def test_equal_weights_leave_the_covariance_and_the_number_of_images_as_they_are():
    rng = np.random.default_rng(4)
    labels = np.arange(70) % 7
    predicted = [rng.integers(0, 7, 70) for _ in range(3)]
    rows = pd.DataFrame({"regime": "full", "run": list("xyz"), "epoch": 1, "set": "gan", "predicted": predicted})
    plain, same = error_covariance(rows, labels), error_covariance(rows, labels, shares=np.full(7, 1 / 7))
    assert (plain.covariance == same.covariance).all()
    assert same.images == plain.images == 70
    assert effective_images(np.array([10, 10]), np.array([1.5, 0.5])) == pytest.approx(16)


def test_every_table_of_a_balanced_study_is_the_same_with_shares_and_names_the_metric():
    metric = "balanced_error"
    table, covariances = made_up.typical(5, **made_up.SMALL | {"architectures": 3, "seeds": 2, "images": 200})
    table = table[table["set"] != "noise"]
    shares = class_shares(np.full(10, 30), [str(c) for c in range(10)], metric, {})
    weighed = TargetShares(shares.assign(draw=0, split="Train300")).add_to(table)
    studies = StudyErrors(table, covariances), StudyErrors(weighed, covariances, metric=metric)
    for build in (protocol_comparison, selection_gain, rank_preservation):
        before, now = (build(study, seed=1, n_resamples=50) for study in studies)
        assert now.pop("metric").eq(metric).all()
        pd.testing.assert_frame_equal(before.drop(columns="metric"), now, check_exact=True)
    variation = {(0, "Train300", name): 0.01 for name in ("gan",)}
    before, now = (rank_certificates(study, variation, {}) for study in studies)
    assert certificate_summary(now)["metric"].eq(metric).all()
    pd.testing.assert_frame_equal(before.drop(columns="metric"), now.drop(columns="metric"), check_exact=True)


def test_certificates_allow_for_classes_that_count_for_other_shares_than_their_images():
    table, covariances = made_up.typical(6, architectures=3, seeds=1, epochs=1, images=200)
    shares = class_shares(np.array([120, *[20] * 9]), [str(c) for c in range(10)], "error", {})
    weighed = TargetShares(shares.assign(draw=0, split="Train300")).add_to(table)
    found = rank_certificates(StudyErrors(weighed, covariances), {(0, "Train300", "gan"): 0.01}, {})
    # 0.4 instead of 0.1 for the first class: the two distributions of classes lie 0.3 apart.
    bound = found.loc[found["generator"] == "gan", "total_variation_bound"]
    np.testing.assert_allclose(bound, 2 * (0.01 + 0.3))


def test_target_shares_bring_synthetic_errors_nearer_to_real_ones_and_order_models_better():
    """Models that are good at frequent classes or at rare ones, in many simulated studies of six unequal classes."""
    rng, shares = np.random.default_rng(7), UNEQUAL / 100
    distances, correlations = np.zeros(2), np.zeros(2)
    for _ in range(8):
        rates = np.clip(0.25 + 0.1 * rng.standard_normal((30, 6)), 0.02, 0.9)  # true errors of models by class
        true = rates @ shares
        wrong = rng.binomial(200, np.clip(rates + 0.02, 0, 1))  # of 200 synthetic images a class
        plain = wrong.mean(axis=1) / 200
        weighted = np.array(errors_of(targets(UNEQUAL).add_to(counts(wrong, [200] * 6))))
        distances += [np.abs(weighted - true).mean(), np.abs(plain - true).mean()]
        correlations += [spearman(weighted, true), spearman(plain, true)]
    assert distances[0] < 0.75 * distances[1]
    assert correlations[0] / 8 > correlations[1] / 8 + 0.2
