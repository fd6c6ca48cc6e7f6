"""Snakemake whose SLURM plugin looks after its jobs every second: `python -m tests.cluster.fast_polling ARGUMENTS`.

The plugin lets the gap between two looks grow by eleven seconds and more, which suits jobs of hours and would be most
of the time of a study whose jobs take seconds. Nothing else differs, and jobs run the usual Snakemake.
"""

import asyncio

from snakemake.cli import main
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor


async def _sleep(executor: RemoteExecutor) -> None:
    await asyncio.sleep(1)


if __name__ == "__main__":
    RemoteExecutor.sleep = _sleep
    main()
