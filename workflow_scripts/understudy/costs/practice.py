"""The jobs of a practice study: a diffusion model, the plain images made ahead, variants' runs, their evaluation."""

from collections.abc import Iterator, Mapping

from understudy.costs.job import EVALUATION_BATCH, Job, network_work
from understudy.costs.networks import PRETRAINED, NetworkSize, network_sizes
from understudy.plan import Plan
from understudy.practice.variants import Variant


class PracticeWork:
    """The practice jobs of a study whose work is known.

    Parameters
    ----------
    shape : channels and pixels a side of the images
    sizes : images of the parts subtrain, validation and test
    """

    def __init__(self, plan: Plan, shape: tuple[int, int], classes: int, sizes: Mapping[str, float]):
        self.plan, self.settings, self.sizes = plan.practice, plan.practice.settings, sizes
        if self.plan.trains_generator:
            (self.denoiser,), self.decoder = network_sizes(self.settings.generator, *shape, classes), None
        else:
            self.denoiser, self.decoder = PRETRAINED[self.settings.generator.kind]
        (self.learner,) = network_sizes(self.settings.learner.network, *shape, classes)
        self.image_bytes = 100 + 0.8 * shape[0] * shape[1] ** 2

    def jobs(self) -> Iterator[Job]:
        """Yield the jobs."""
        plan = self.plan
        if plan.trains_generator:
            generator = self.settings.generator
            work = network_work(generator.steps * generator.batch, generator.batch, [(3, self.denoiser)])
            for draw in sorted({draw for block in plan.blocks for draw in plan.block_draws(block)}):
                yield Job("train_diffusion", f"draw{draw}", "unet", **work, disk=self.denoiser.data)
        for seed in (seed for seeds in plan.blocks.values() for seed in seeds):
            for number, (_, count) in enumerate(plan.shards):
                work = self._images(count, guided=False)
                disk = count * self.image_bytes
                path = f"seed{seed}/shard{number}"
                yield Job("sample_plain_images", path, self.settings.generator.kind, **work, disk=disk)
        for block, seeds in plan.blocks.items():
            for name, variant in plan.variants.items():
                work = {key: len(seeds) * value for key, value in self._run(variant).items()}
                disk = len(seeds) * (
                    self.learner.data * (1 + variant.branches) + self._made(variant) * self.image_bytes
                )
                yield Job("run_practice", f"{name}/{block}", variant.method, **work, disk=disk)
            runs = len(seeds) * sum(1 + variant.branches for variant in plan.variants.values())
            test_sets = 1 + len(self.settings.shifted.corruptions) + len(self.settings.shifted.folders)
            judged = runs * (self.sizes["validation"] + test_sets * self.sizes["test"])
            yield Job("evaluate_practice", block, "learner", **self._judge(judged), loads=runs)

    def _judge(self, images: float) -> dict[str, float]:
        """Return the work of the learner's predictions for so many images."""
        return network_work(images, EVALUATION_BATCH, [(1, self.learner)])

    def _images(self, count: float, guided: bool) -> dict[str, float]:
        """Return the work of making images."""
        sampling = self.settings.sampling
        evaluations = sampling.steps * (2.0 if sampling.guidance_scale else 1.0)
        decoded = learned = 0.0
        if guided:
            # The gradient goes back through learner, decoder and denoiser, about as far as the way there.
            steps = len(self.settings.guidance.guided_steps(sampling.steps))
            evaluations, decoded, learned = evaluations + steps, 2.0 * steps, 2.0 * steps
        parts: list[tuple[float, NetworkSize]] = [(evaluations, self.denoiser), (learned, self.learner)]
        parts += [(decoded + 1, self.decoder)] if self.decoder else []
        return network_work(count, sampling.batch, parts)

    def _made(self, variant: Variant) -> int:
        """Return how many images a run makes itself."""
        return variant.additions * variant.added if variant.samples else 0

    def _run(self, variant: Variant) -> dict[str, float]:
        """Return the work of one run: training, its branches' cool-downs, validations, additions."""
        learner, loop = self.settings.learner, self.settings.loop
        steps = learner.iterations + variant.branches * learner.cool_down_steps
        interval = loop.interval(learner.batch)
        validated = learner.iterations / interval * self.sizes["validation"]
        scored = variant.additions * variant.candidates if variant.method == "prune" else 0
        parts = (
            network_work(steps * learner.batch, learner.batch, [(3, self.learner)]),
            self._judge(validated + scored),
            self._images(self._made(variant), guided=variant.omega > 0),
        )
        return {key: sum(part[key] for part in parts) for key in parts[0]}
