"""Generators: their training, their snapshots, the quality of their images."""

from understudy.schemas.columns import DRAW, SET, SPLIT, Column

GENERATOR: Column = ("generator", "str", "name of the generator")

REPEATS: list[Column] = [
    ("total_variation_ci_low", "float", "lower end of the range that holds 95 % of the repeats"),
    ("total_variation_ci_high", "float", "upper end of it"),
    ("total_variation_null", "float", "control: real against real images at the same sample size"),
]

GENERATOR_TABLES: dict[str, list[Column]] = {
    "generator_history": [
        ("step", "int", "optimisation steps taken"),
        ("images_seen", "int", "real images shown to the discriminator so far, per GAN"),
        ("label", "int", "class of the GAN; -1 for a conditional one"),
        ("generator_loss", "float", "mean over the steps since the row before"),
        ("discriminator_loss", "float", "mean over the steps since the row before"),
        ("augmentation_p", "float", "probability of ADA's augmentations, in [0, 1]"),
        ("augmentation_r", "float", "ADA's overfitting heuristic r_t, in [-1, 1]"),
    ],
    "snapshot_scores": [
        ("snapshot", "str", "file name of the snapshot"),
        ("images_seen", "int", "real images shown to the discriminator up to this snapshot"),
        ("fid", "float", "Frechet distance to the training images; least is best"),
        ("selected", "bool", "whether this snapshot was selected"),
    ],
    "generator_quality": [
        DRAW,
        SPLIT,
        GENERATOR,
        ("label", "str", "class, or all"),
        ("images", "int", "synthetic images of this class"),
        ("feature_extractor", "str", "whose features: the study's own extractor, or inception-2015-12-05"),
        ("fid", "float", "Frechet distance of fresh synthetic images to the split's training images"),
        ("fid_equal_n", "float", "the same against a part of them as large as the smallest split's train file"),
        ("total_variation", "float", "PRD's total variation to held-out real images, mean over repeats"),
        *REPEATS,
        ("total_variation_train", "float", "total variation to training images at the same sample size"),
        ("nearest_train_excess", "float", "share of images nearer to train than to as many held-out ones, minus 1/2"),
        ("nearest_train_excess_null", "float", "control: the same for real held-out images"),
    ],
    "total_variation_clusters": [
        DRAW,
        SPLIT,
        GENERATOR,
        ("clusters", "int", "number of clusters, K"),
        ("images", "int", "images of each of the two samples, N"),
        ("total_variation", "float", "total variation to held-out real images, mean over repeats"),
        *REPEATS,
    ],
    "feature_clusters": [
        DRAW,
        SPLIT,
        GENERATOR,
        SET,
        ("repeat", "int", "number of the clustering; in each, the test images and the synthetic ones share clusters"),
        ("clusters", "list<int16>", "cluster of each image's features, in the order of the set's images"),
    ],
    "closest_pairs": [
        DRAW,
        SPLIT,
        GENERATOR,
        ("rank", "int", "0 is the closest pair"),
        ("synthetic_index", "int", "index of the generated image in its set"),
        ("train_index", "int", "index of its nearest training image in the train file"),
        ("distance", "float", "distance between the two in the extractor's features"),
        ("held_out_distance", "float", "distance of the generated image to its nearest held-out image"),
    ],
}
