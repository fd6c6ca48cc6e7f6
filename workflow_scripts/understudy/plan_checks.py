"""What is wrong with a study, as far as it can be known before any job runs: each check raises a StudyError."""

import numpy as np

from understudy.classifiers.architectures import missing_network
from understudy.classifiers.timm_source import timm_mistakes
from understudy.data.image_sets import class_folders
from understudy.data.sources import Overview
from understudy.data.splits import draw_split
from understudy.errors import StudyError
from understudy.files import read_json
from understudy.plan import Plan
from understudy.ranking.model_counts import check_model_counts
from understudy.ranking.settings import ImageFolder


def check_sizes(plan: Plan) -> None:
    """Draw every split of labels alone, where the data's size is quick to know, so that no job starts in vain.

    Raises
    ------
    StudyError
        If a split is larger than the data, or a part of it would lack a class.
    """
    try:
        _draw_all(plan, plan.overview)
    except StudyError:
        try:
            # Images that were prepared before may be others than those that will be now: the source decides.
            _draw_all(plan, plan.study.data.overview)
        except StudyError as error:
            raise StudyError(f"configuration: {error}") from None


def _draw_all(plan: Plan, found: Overview | None) -> None:
    if found is None:
        return
    labels = np.concatenate([np.repeat(np.arange(len(counts)), counts) for counts in found.counts.values()])
    parts = np.repeat(list(found.counts), [counts.sum() for counts in found.counts.values()])
    fixed = {} if "" in found.counts else {"parts": parts}
    for name, split in plan.study.splits.items():
        draw_split(labels, name, split, plan.study.calibration_fraction, plan.study.seed, 0, **fixed)


def check_prompts(plan: Plan) -> None:
    """Look at the names that a text-to-image model is to be asked for, where they are known.

    Raises
    ------
    StudyError
        If they are but numbers.
    """
    generator = plan.practice and plan.practice.settings.generator
    names = plan.overview.classes if plan.practice and plan.overview else []
    mistake = names and not plan.practice.trains_generator and generator.unfit_names(names)
    if mistake:
        raise StudyError(f"configuration: {mistake}")


def check_orders(plan: Plan) -> None:
    """Look whether it is known in which order the models of a ranking number the folders of its sets.

    Raises
    ------
    StudyError
        If it isn't, for a set that is there already.
    """
    ranking = plan.study.ranking
    sets = plan.ranking.image_sets.values() if plan.ranking else []
    for root in {entry.root for entry in sets if isinstance(entry, ImageFolder) and entry.root.is_dir()}:
        class_folders(root, ranking.classes, bool(ranking.models.checkpoints))


def check_shares(plan: Plan) -> None:
    """Compare the classes whose shares are given with the data's, where these are known.

    Raises
    ------
    StudyError
        If a class has no share, or a share is that of no class.
    """
    given, counts = plan.study.selection.class_shares, plan.image_counts
    if given and plan.classes.exists():
        check_shares(given, read_json(plan.classes)["classes"])
    elif given and counts is not None and len(given) != len(counts):
        raise StudyError(
            f"configuration: selection.class_shares: {len(given)} shares, but the data has {len(counts)} classes; "
            "give each class its share, 0 is allowed"
        )


def check_networks(plan: Plan) -> None:
    """Look for the networks from outside this package, and at how they are called, importing none of them.

    Raises
    ------
    StudyError
        If timm has no network of a name, or one that doesn't take its arguments or the study's images, or a module
        isn't there.
    """
    standard = plan.study.candidates.standard if plan.study.candidates else {}
    networks = {f"candidates.standard.{name}": network for name, network in standard.items()}
    if plan.practice:
        networks["practice.comparison.learner.network"] = plan.practice.settings.learner.network
    mistakes = []
    for key, network in networks.items():
        if mistake := missing_network(network.model):
            mistakes.append(f"{key}.model: {mistake}")
        elif network.model.startswith("timm:"):
            name, size = network.model.removeprefix("timm:"), plan.study.data and plan.study.data.known_size
            mistakes += [f"{key}.arguments: {told}" for told in timm_mistakes(name, network.arguments, size)]
    if plan.ranking:
        mistakes += plan.ranking.unknown_models()
    if mistakes:
        raise StudyError("\n".join(f"configuration: {mistake}" for mistake in mistakes))


def check_models(plan: Plan) -> None:
    """Compare the number of models to rank, where it is known, with the numbers that are to calibrate.

    Raises
    ------
    StudyError
        If too few models are left to rank.
    """
    if plan.ranking is None or not plan.ranking.is_judged:
        return
    batches, zoo = plan.batches.values(), plan.ranking.model_batches.values()
    own = sum(len(batch.architectures) * len(batch.seeds) for batch in batches)
    count = sum(map(len, zoo)) if plan.study.ranking.sets else own
    if count:  # of prediction files nothing is known until they are read
        check_model_counts(count, plan.study.ranking.calibration_models)
