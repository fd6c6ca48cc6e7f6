"""Where the files of a study lie; those of its ranking and of its practice part, see these rooms' plans."""

from pathlib import Path

from understudy.config import Study, results_folder


class Layout:
    """The folders and files of a study, by draw, split and name; a rule's wildcard serves as either."""

    def __init__(self, study: Study):
        self.study = study
        self.root = results_folder(study)

    def part(self, draw: int | str, split: str, part: str) -> Path:
        """Return the file of a split's part."""
        return self.root / "splits" / f"draw{draw}" / split / f"{part}.parquet"

    def training_file(self, draw: int | str, split: str, regime: str) -> Path:
        """Return the file of images that a regime trains on."""
        return self.part(draw, split, "train" if regime == "full" else "subtrain")

    def extractor(self, draw: int | str) -> Path:
        """Return the file of the feature extractor that the study trains on a draw."""
        return self.root / "extractor" / f"draw{draw}" / "extractor.safetensors"

    def feature_weights(self, draw: int | str) -> Path:
        """Return the weights whose features a draw's images are measured by: the study's own, or Inception's."""
        return self.study.feature_extractor.weights or self.extractor(draw)

    def generator(self, draw: int | str, split: str, generator: str) -> Path:
        """Return the folder of a generator."""
        return self.root / "generators" / f"draw{draw}" / split / generator

    def synthetic(self, draw: int | str, split: str, generator: str) -> Path:
        """Return the folder of a synthetic set."""
        return self.root / "synthetic" / f"draw{draw}" / split / generator

    def set_images(self, draw: int | str, split: str, set_name: str) -> Path:
        """Return the images of an evaluation set: a part's file, or a generator's folder of shards."""
        if set_name in self.study.generators:
            return self.synthetic(draw, split, set_name)
        return self.part(draw, split, set_name)

    def class_shares(self, draw: int | str, split: str) -> Path:
        """Return the table of what the classes of a split count for."""
        return self.root / "splits" / f"draw{draw}" / split / "class_shares.parquet"

    def candidates(self, draw: int | str, split: str, regime: str, batch: str) -> Path:
        """Return the folder of a batch of runs."""
        return self.root / "candidates" / f"draw{draw}" / split / regime / batch

    def evaluation(self, draw: int | str, split: str, regime: str, batch: str, set_name: str) -> Path:
        """Return the folder of a batch's evaluation on one set."""
        return self.root / "evaluations" / f"draw{draw}" / split / regime / batch / set_name

    def chosen_snapshots(self, draw: int | str, split: str, regime: str, batch: str) -> Path:
        """Return the table of the snapshots of a batch that its selection sets choose."""
        return self.root / "evaluations" / f"draw{draw}" / split / regime / batch / "chosen_snapshots.parquet"

    @property
    def classes(self) -> Path:
        """The file with the names of the study's classes."""
        return self.root / "data" / "classes.json"

    def table(self, name: str, suffix: str = "parquet") -> Path:
        """Return the file of a table."""
        return self.root / "tables" / f"{name}.{suffix}"
