"""Ranking: what models predict on the sets, and their calibrated order."""

from understudy.schemas.columns import DRAW, REASON, Column

FIT: list[Column] = [
    DRAW,
    ("split", "str", "name of the split; empty in a study without splits"),
    ("set", "str", "synthetic or other evaluation set; calibration: the real images of the calibration themselves"),
    ("metric", "str", "top1 or top5: an image counts as wrong unless its label is the best, or among the 5 best"),
    ("class_metric", "str", "error (classes by target shares) or balanced_error (all classes alike)"),
    ("method", "str", "none (plain error on the set), ridge (the paper's calibration) or adaptive"),
    ("penalty", "float", "lambda of ridge; missing for other methods"),
    ("calibration_models", "int", "models of known real risk that calibrate"),
    ("models", "int", "the other models, which are ranked; of several draws the lowest number"),
]
RANK_CORRELATION: list[Column] = [
    ("repeats", "int", "random splits of the models with a correlation, in all draws"),
    ("spearman", "float", "Spearman correlation of estimated and real risks of the ranked models, mean over splits"),
    ("ci_low", "float", "lower end of the range that holds 95 % of the splits of the models"),
    ("ci_high", "float", "upper end of it"),
    ("mean_absolute_error", "float", "mean over ranked models and splits of the estimate's distance to the real risk"),
    REASON,
]

RANKING_TABLES: dict[str, list[Column]] = {
    "model_evaluations": [
        ("set", "str", "evaluation set"),
        ("model", "str", "name of the model"),
        ("reason", "str", "why it failed; empty where it was evaluated. One that fails on a set is left out of all"),
        ("images", "int", "images of the set"),
        ("batch_size", "int", "images at once, halved where memory was short; 0 where it failed"),
        ("top1_error", "float", "fraction of the images that it gets wrong; missing where it failed"),
    ],
    "model_predictions": [
        ("model", "str", "name of the model"),
        ("predicted", "list<list<int16>>", "for each image the five best labels, best first"),
        ("probability", "list<float32>", "for each image the probability of the best label, in half precision"),
    ],
    "true_labels": [("label", "int", "class of each image, in the order of the predictions")],
    "calibration_comparisons": [
        *FIT,
        ("repeat", "int", "random split of the models, from 0; the same for all sets and methods"),
        ("spearman", "float", "Spearman correlation of estimated and real risks of the ranked models"),
        ("absolute_error", "float", "mean over the ranked models of the estimate's distance to the real risk"),
    ],
    "calibration": [*FIT, *RANK_CORRELATION],
    "calibration_models": [*FIT, *RANK_CORRELATION],
    "calibration_penalties": [*FIT, *RANK_CORRELATION],
    "model_ranking": [
        *FIT[:6],
        ("model", "str", "name of the model"),
        ("calibrates", "bool", "whether it is a calibration model: its real risk was known to the method"),
        ("estimate", "float", "estimated real risk; none: its error on the set; by selection.class_shares"),
        ("rank", "float", "rank of the estimate among all models, 1 is the lowest; ties share their mean rank"),
        ("real_risk", "float", "its error on the judging real images, of classes in all sets; missing where unknown"),
    ],
    "image_weights": [
        *FIT[:3],
        ("image", "int", "index of the synthetic image in its set"),
        ("label", "int", "its class"),
        ("weight", "float", "its weight in ridge's w_c, top-1; positive: being wrong counts against a model"),
    ],
}
