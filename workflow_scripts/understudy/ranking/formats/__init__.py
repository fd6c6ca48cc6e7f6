"""Readers of prediction files, one module for each kind of file, and what they share."""
