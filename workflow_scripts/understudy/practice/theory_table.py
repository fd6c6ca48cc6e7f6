"""The table ``practice_theory``: theorem 1 and a simulation beside it, at the settings of figures 3 and 5c."""

from itertools import product

import numpy as np
import pandas as pd

from understudy.practice.settings import TheorySettings
from understudy.practice.simulation import simulated_errors
from understudy.practice.theory import Cosines, predicted_error
from understudy.seeds import numpy_generator, seed_for


def theory_rows(settings: TheorySettings) -> pd.DataFrame:
    """Return the settings of every row: columns mode, kept_samples, keep_fraction, ridge and the three cosines."""
    oversampling = settings.oversampling
    sizes = list(product(settings.kept_samples, settings.keep_fractions))
    oversampled = [(oversampling.kept_samples, 1 / ratio) for ratio in oversampling.ratios]
    perfect = [Cosines(rho, rho, 1.0) for rho in settings.rhos]
    imperfect = [Cosines(labels.rho, labels.rho_true, labels.rho_labels) for labels in settings.imperfect_labels]
    curves = [*product(perfect, [*sizes, *oversampled]), *product(imperfect, oversampled)]
    rows = [
        (mode, kept, fraction, ridge, *cosines)
        for mode in settings.modes
        for ridge in settings.ridges
        for cosines, (kept, fraction) in curves
    ]
    columns = ["mode", "kept_samples", "keep_fraction", "ridge", *Cosines._fields]
    return pd.DataFrame(rows, columns=columns).drop_duplicates(ignore_index=True)


def theory_table(settings: TheorySettings, study_seed: int) -> pd.DataFrame:
    """Return the table ``practice_theory``; a row's random numbers don't depend on which other rows there are."""
    table = theory_rows(settings).assign(dimension=settings.dimension, trials=settings.trials)
    errors = pd.Series(np.nan, index=table.index)
    for mode, rows in table.groupby("mode", sort=False):
        columns = ["kept_samples", "keep_fraction", "rho", "ridge", "dimension", "rho_true", "rho_labels"]
        errors[rows.index] = predicted_error(mode, *(rows[column] for column in columns))
    simulations = [
        simulated_errors(
            row.mode,
            row.kept_samples,
            row.keep_fraction,
            Cosines(row.rho, row.rho_true, row.rho_labels),
            row.ridge,
            row.dimension,
            row.trials,
            numpy_generator(seed_for(study_seed, "practice_theory", *map(str, row))),
        )
        for row in table.itertuples(index=False)
    ]
    return table.assign(
        error_theory=errors,
        error_simulated=[errors.mean() for errors in simulations],
        error_simulated_se=[errors.std(ddof=1) / np.sqrt(len(errors)) for errors in simulations],
    )
