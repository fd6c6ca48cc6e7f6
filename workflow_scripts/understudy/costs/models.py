"""The jobs of ranking given models: images of pretrained generators, and many models' predictions on each set."""

from collections.abc import Iterator

from understudy.costs.job import Job
from understudy.costs.networks import PRETRAINED
from understudy.generators.pretrained_settings import BigGANSet, DiTSet
from understudy.plan import Plan

# Of timm's models with inputs of 224 pixels, in the mean: eight billion products an image.
MODEL_LAYERS, MODEL_OPERATIONS = 120, 1.6e10
MODEL_BATCH = 64
BIGGAN_LAYERS, BIGGAN_OPERATIONS = 100, 8e10
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
            passes, operations = _of_image(settings)
            place = f"{name}/{number:05d}"
            disk = float(count * IMAGE_BYTES)
            yield Job("generate_images", place, settings.source, count * passes, count * operations, disk=disk)
        for batch, models in plan.ranking.model_batches.items():
            work = len(models) * images
            yield Job(
                "evaluate_models",
                f"{name}/{batch}",
                "models",
                work / MODEL_BATCH * MODEL_LAYERS,
                work * MODEL_OPERATIONS,
                disk=22.0 * work,  # the five likeliest classes of each image
            )


def _of_image(settings: DiTSet | BigGANSet) -> tuple[float, float]:
    """Return the passes through layers and the operations that one image takes."""
    if isinstance(settings, BigGANSet):
        return BIGGAN_LAYERS / settings.batch_size, BIGGAN_OPERATIONS
    network, decoder = PRETRAINED["dit"]
    evaluations = settings.steps * (2 if settings.guidance > 1 else 1)
    layers = evaluations * network.layers + decoder.layers
    return layers / settings.batch_size, evaluations * network.operations + decoder.operations
