"""Which jobs a ranking study has, and where their files lie. No torch import."""

from functools import cached_property
from pathlib import Path

from understudy.classifiers.architectures import unknown_timm_name
from understudy.data.shards import shard_name
from understudy.generators.pretrained_settings import BigGANSet, GeneratedSet
from understudy.ranking.prediction_formats import SetFiles, label_file
from understudy.ranking.settings import PredictionFile, RankingSettings, UnionSet
from understudy.settings import Settings
from understudy.zoo.plan import model_batches


class RankingPlan:
    """The jobs and files of the rankings of models.

    Where sets are given, one ranking of the models that were, or are to be, evaluated on them; else one of the study's
    candidates for each draw and split.

    Parameters
    ----------
    settings
        The study's section `ranking`.
    root
        Folder of the study's results.
    seed
        The study's seed.
    generators
        Names of the generators of each split.
    draws
        How often the splits are drawn.

    """

    def __init__(self, settings: RankingSettings, root: Path, seed: int, generators: dict[str, list[str]], draws: int):
        self.settings, self.root, self.seed = settings, root / "ranking", seed
        self.generators, self.draws = generators, draws

    @property
    def rankings(self) -> list[tuple[int, str]]:
        """Draw and split of each ranking of models; given sets, which no split concerns, have one."""
        if self.settings.sets:
            return [(0, "")]
        return [(draw, split) for draw in range(self.draws) for split in self.generators]

    @property
    def is_judged(self) -> bool:
        """Whether real images judge the ranking of models."""
        return not self.settings.sets or bool({"real", "test"} & set(self.settings.real_sets))

    @property
    def outputs(self) -> list[str]:
        """The tables that a ranking writes."""
        calibrates = self.is_judged or self.settings.calibration is not None
        return [
            *(["calibration_comparisons"] if self.is_judged else []),
            "model_ranking",
            *(["image_weights"] if calibrates else []),
        ]

    @property
    def tables(self) -> list[str]:
        """The tables of the ranking study."""
        judged = ["calibration", "calibration_models", "calibration_penalties"] if self.is_judged else []
        return [*judged, "model_ranking", *(["model_evaluations"] if self.settings.models else [])]

    def folder(self, draw: int | str, split: str) -> Path:
        """Return the folder of a ranking of models."""
        return self.root / f"draw{draw}" / split if split else self.root / "models"

    def files(self, file: str) -> list[Path]:
        """Return the file of this name of every ranking."""
        return [self.folder(draw, split) / file for draw, split in self.rankings]

    def ranked_sets(self, split: str) -> list[str]:
        """Return the sets that a split's models are ranked with and by: synthetic ones, calibration, test."""
        return [*self.generators[split], "calibration", "test"]

    # ------------------------------------------------------------------ given sets

    @property
    def image_sets(self) -> dict[str, Settings]:
        """The sets of images that models are evaluated on, with their settings."""
        ranking = self.settings
        if ranking.models is None:
            return {}
        sets = {**ranking.sets, **ranking.real_sets}
        return {name: settings for name, settings in sets.items() if not isinstance(settings, UnionSet)}

    def given_root(self, set_name: str) -> Path | None:
        """Return where the images of a given set lie; None for a generated one."""
        return getattr(self.image_sets[set_name], "root", None)

    def generated_shards(self, set_name: str) -> list[Path]:
        """Return the shards of images that a pretrained generator makes for a set; none for a given set."""
        settings = self.image_sets[set_name]
        if not isinstance(settings, GeneratedSet):
            return []
        total = settings.images_per_class * self.settings.class_count
        folder = self.root / "images" / set_name
        return [folder / shard_name(shard) for shard in range(-(-total // settings.shard_size))]

    @cached_property
    def model_batches(self) -> dict[str, list[str]]:
        """The models that each job evaluates, by the batch's name."""
        zoo = self.settings.models
        return model_batches(zoo, self.settings.class_count, self.seed) if zoo else {}

    def model_evaluation(self, set_name: str, batch: str) -> Path:
        """Return the folder of a batch of models evaluated on a set of images."""
        return self.root / "evaluations" / set_name / batch

    def given_sets(self) -> tuple[dict[str, SetFiles], dict[str, SetFiles]]:
        """Return where the predictions on the given sets, and on the real ones, lie; see `SetFiles`."""
        ranking = self.settings
        return tuple(
            {name: self._set_files(name, settings) for name, settings in sets.items()}
            for sets in (ranking.sets, ranking.real_sets)
        )

    def _set_files(self, name: str, settings: Settings) -> SetFiles:
        if isinstance(settings, UnionSet):
            return {"of": settings.of}
        if not isinstance(settings, PredictionFile):
            folders = [self.model_evaluation(name, batch) for batch in self.model_batches]
            files = [(folder / "predictions.parquet").as_posix() for folder in folders]
            return {"files": files, "labels": (folders[0] / "labels.parquet").as_posix()}
        arrays = settings.canonical(include={"labels", "models", "predicted", "images"})
        return {"files": [settings.path.as_posix()], **arrays}

    def given_files(self) -> list[str]:
        """Return the files that hold the predictions on given sets, and their true labels."""
        paths = []
        for given in (files for sets in self.given_sets() for files in sets.values() if "of" not in files):
            paths += filter(None, [*given["files"], label_file(given["files"][0], given["labels"])])
        return list(dict.fromkeys(paths))

    def unknown_models(self) -> list[str]:
        """Say which models to evaluate timm doesn't have, each with its key."""
        zoo = self.settings.models
        if zoo is None:
            return []
        named = {f"names.{number}": name for number, name in enumerate(zoo.names)}
        named |= {f"checkpoints.{name}.model": entry.model for name, entry in zoo.checkpoints.items()}
        return [f"ranking.models.{key}: {told}" for key, name in named.items() if (told := unknown_timm_name(name))]

    def missing_files(self) -> list[str]:
        """Say which images, weights and prediction files that a ranking needs are not there."""
        ranking = self.settings
        zoo = ranking.models
        expected = {f"the images of set {name}": self.given_root(name) for name in self.image_sets}
        expected |= {f"checkpoint {name}": entry.path for name, entry in (zoo.checkpoints if zoo else {}).items()}
        biggan = {name: entry for name, entry in self.image_sets.items() if isinstance(entry, BigGANSet)}
        expected |= {f"the BigGAN of set {name}": entry.model for name, entry in biggan.items()}
        for key, entry in ({f"sets.{name}": entry for name, entry in ranking.sets.items()} | ranking.real_sets).items():
            if isinstance(entry, PredictionFile):
                named = entry.files.items()
                expected |= {f"the predictions of ranking.{key}.{field}": file for field, file in named}
        return [
            f"ranking: {what} are expected at {path}, which does not exist{_start(path)}; put them there, or correct "
            "the path"
            for what, path in expected.items()
            if path is not None and not path.exists()
        ]


def _start(path: Path) -> str:
    return "" if path.is_absolute() else f" (relative paths begin at {Path.cwd()})"
