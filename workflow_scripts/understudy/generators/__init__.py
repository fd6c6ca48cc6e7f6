"""Generative adversarial networks for small images: StyleGAN2 with ADA and WGAN-GP, conditional and per class."""
