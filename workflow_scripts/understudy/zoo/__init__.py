"""Trained models of timm, evaluated on sets of images."""
