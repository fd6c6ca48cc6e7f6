"""Presets of the generators' settings: the published ones for CIFAR-10, and what suits 8x8 grey digits on one core."""

from understudy.generators.settings import BLIT, COLOUR, GEOMETRIC, StyleGAN2Settings, TrainingSettings, WGANGPSettings

CIFAR_STYLEGAN2 = StyleGAN2Settings(
    kimg=100_000, snapshots=50, latent=512, batch=64, learning_rate=2.5e-3, mirror=False,
    ema_kimg=500, ema_rampup=0.05, channels_base=32768, channels_max=512, mapping_layers=2, mapping_rate=0.01,
    label_mapping_layers=8, generator_form="skip", discriminator_form="orig", minibatch_std_group=32,
    class_groups=False, r1_gamma=0.01, r1_interval=16, path_length_weight=0, path_length_interval=4,
    lazy_generator=True, ada_target=0.6, ada_kimg=500, ada_interval=4, augmentations=BLIT + GEOMETRIC + COLOUR,
    precision="auto",
)  # fmt: skip
CIFAR_WGAN_GP = WGANGPSettings(
    kimg=32_000, snapshots=50, latent=128, batch=64, learning_rate=2e-4, mirror=False, ema_kimg=0, ema_rampup=0,
    generator_channels=256, critic_channels=128, critic_steps=5, generator_batch_factor=2, gradient_penalty=10,
    critic_class_weight=1, generator_class_weight=0.1,
)  # fmt: skip

# Settings of the presets by (preset, method). "cifar" is the published CIFAR-10 setting of each method. "digits" is
# for 8x8 grey images on one core. A turned or mirrored 6 is no 6, and few images drive p towards 1, where
# augmentations leak into the generated images: "digits" leaves out those that change what a digit means.
PRESETS: dict[tuple[str, str], TrainingSettings] = {
    ("cifar", "stylegan2"): CIFAR_STYLEGAN2,
    ("cifar", "wgan_gp"): CIFAR_WGAN_GP,
    ("digits", "stylegan2"): CIFAR_STYLEGAN2.model_copy(
        update=dict(
            kimg=96, snapshots=8, latent=64, batch=32, learning_rate=5e-3, ema_kimg=10, channels_base=512,
            channels_max=32,
            mapping_rate=0.3, label_mapping_layers=2, minibatch_std_group=4, class_groups=True, r1_gamma=1.0,
            ada_kimg=50, augmentations=("shift", "scale", "stretch", "subpixel", "brightness", "contrast"),
            lazy_generator=False,
            precision="float32",  # nothing to gain at 8x8 pixels
        )
    ),
    # Some hundred generator steps at the reference's rate leave it ignorant of labels: fewer critic steps for each.
    ("digits", "wgan_gp"): CIFAR_WGAN_GP.model_copy(
        update=dict(
            kimg=40, snapshots=8, latent=64, batch=16, learning_rate=2e-3, ema_kimg=5, ema_rampup=0.05,
            generator_channels=32, critic_channels=32, critic_steps=2, generator_class_weight=1.0,
        )
    ),
}  # fmt: skip

# A GAN of a single class has less to learn, and as many run at once as there are classes.
PER_CLASS_CHANGES: dict[tuple[str, str], dict] = {
    ("digits", "stylegan2"): dict(kimg=20, channels_max=16, batch=8, learning_rate=2.5e-3),
    ("digits", "wgan_gp"): dict(kimg=10, generator_channels=16, critic_channels=16, batch=8),
}
