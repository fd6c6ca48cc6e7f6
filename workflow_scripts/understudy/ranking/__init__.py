"""The order of trained models on real data, from synthetic images and the real risks of a few of the models."""
