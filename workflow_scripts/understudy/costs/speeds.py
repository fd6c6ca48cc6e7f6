"""How fast machines are: the constants that the estimated time of a job rests on."""

# Seconds of a layer in one pass over a batch, and operations a second. CPU: one core of an Intel Xeon at 2.1 GHz with
# AVX-512, from the digits study. GPU: one NVIDIA H200, PyTorch 2.11. Its steps of training, not compiled, at 32 x 32
# pixels and batch 128 (DenseNet and StyleGAN2: 64), in ms: ResNet-20 6.7 alone, 11.7 for 4 runs stacked, 14.2 for 10;
# ResNet-56 20.6, 41.6 for 10; WRN-28-10 15.4; DenseNet-BC-100-12 40.0, 127 for 10; Shake-Shake-26-2x32d 30.8, 77 for
# 10; conditional StyleGAN2, its penalties included, 45.7. Estimates are 0.75 to 1.4 times these.
PASS = {"cpu": 8e-5, "gpu": 1.4e-4}
RATE = {"cpu": 4e10, "gpu": 3e14}
ELEMENT = 2e-11
"""Seconds a GPU takes to move an element once."""
LOAD = 5e-3
"""Seconds to load a snapshot's weights."""
START = 2.5
"""Seconds until a job's libraries are loaded."""
