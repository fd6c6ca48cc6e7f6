"""Understudy: choose models with synthetic data.

One folder per noun: ``data`` (sources, splits, image shards), ``generators``, ``classifiers``, ``metrics``,
``statistics``, ``selection``, ``ranking``. No module here knows Snakemake: the scripts beside this package unpack
what a rule hands them and call one function.
"""

__version__ = "0.1.0"
