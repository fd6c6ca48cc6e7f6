"""The jobs of ranking given models: images of pretrained generators, and many models' predictions on each set."""

from collections.abc import Iterator, Sequence

from understudy.costs.job import Job, network_work
from understudy.costs.networks import PRETRAINED, NetworkSize
from understudy.generators.pretrained_settings import BigGANSet, DiTSet
from understudy.plan import Plan

# Of timm's models with inputs of 224 pixels, in the mean: eight billion products an image, and twenty million elements.
MODEL = NetworkSize(120, 1.6e10, 2e7, 50_000_000)
MODEL_BATCH = 64
BIGGAN = NetworkSize(100, 8e10, 1e8, 55_000_000)
IMAGES_PER_CLASS = 50
"""Of a set whose images aren't there to be counted: as ImageNet's validation part has."""
IMAGE_BYTES = 100_000


def model_jobs(plan: Plan) -> Iterator[Job]:
    """Yield the jobs that generate images and evaluate models on each set."""
    classes = plan.study.ranking.class_count
    for name, settings in plan.ranking.image_sets.items():
        generated = isinstance(settings, DiTSet | BigGANSet)
        images = classes * (settings.images_per_class if generated else IMAGES_PER_CLASS)
        for number in range(len(plan.ranking.generated_shards(name))):
            count = min(settings.shard_size, images - number * settings.shard_size)
            path = f"{name}/{number:05d}"
            work = network_work(count, settings.batch_size, _networks(settings))
            yield Job("generate_images", path, settings.source, **work, disk=float(count * IMAGE_BYTES))
        for batch, models in plan.ranking.model_batches.items():
            count = len(models) * images
            work = network_work(count, MODEL_BATCH, [(1, MODEL)])
            # The five likeliest classes of each image.
            yield Job("evaluate_models", f"{name}/{batch}", "models", **work, disk=22.0 * count)


def _networks(settings: DiTSet | BigGANSet) -> Sequence[tuple[float, NetworkSize]]:
    """Return how often which networks are called for an image."""
    if isinstance(settings, BigGANSet):
        return [(1, BIGGAN)]
    network, decoder = PRETRAINED["dit"]
    return [(settings.steps * (2 if settings.guidance > 1 else 1), network), (1, decoder)]
