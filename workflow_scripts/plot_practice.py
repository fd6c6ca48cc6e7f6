"""Draw the practice study's figures."""

from adapter import job

with job(snakemake) as (input, output, params, _):
    from understudy.jobs.figures import plot_practice

    plot_practice({name: getattr(input, name) for name in params.tables}, vars(output))
