"""Readers of images, a file for each kind of source: each finds all images, and decodes none."""
