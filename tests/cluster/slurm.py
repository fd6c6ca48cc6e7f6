"""A real SLURM on one machine, for tests: munge, slurmctld, two slurmd, accounting, and pretend GPUs.

Needs the packages of PACKAGES, no systemd, no cgroups and no configuration of the machine: all files lie in one folder,
all daemons are started by hand and stopped by their process ids; they end too when the process that started them is
killed.

    python -m tests.cluster.slurm      # bring one up and hold it; prints what to export in another shell
"""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

PACKAGES = "slurmctld slurmd slurm-client munge slurmdbd mariadb-server-core mariadb-client-core"  # of Debian
PROGRAMS = (
    *("munged", "slurmctld", "slurmd", "slurmdbd", "mariadbd", "mariadb-install-db"),
    *("sbatch", "srun", "sacct", "setpriv"),
)
SEARCHED = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
# Pretend GPUs: devices that differ from each other; slurmd reads their numbers and never opens them.
GPU_DEVICES = ("/dev/null", "/dev/zero")


def missing_programs() -> list[str]:
    """Return the programs of SLURM and its accounting that this machine lacks."""
    return [name for name in PROGRAMS if _program(name) is None]


def _program(name: str) -> str | None:
    return shutil.which(name, path=SEARCHED)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for opened in sockets:
        opened.bind(("127.0.0.1", 0))
    ports = [opened.getsockname()[1] for opened in sockets]
    for opened in sockets:
        opened.close()
    return ports


class Cluster:
    """Partition ``main`` with one node of CPUs, partition ``gpu`` with one node of two pretend GPUs.

    A waiting GPU job would block the CPU jobs of a node that both share: hence two. Used as a context manager;
    ``environment`` is what a client needs.
    """

    def __init__(self, cpus: int = 2, memory_mb: int = 16000):
        self.cpus, self.memory_mb = cpus, memory_mb
        # Sockets' paths are limited to about a hundred characters.
        self.folder = Path(tempfile.mkdtemp(prefix="slurm-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.daemons: dict[str, subprocess.Popen] = {}
        self.configuration = self.folder / "slurm.conf"
        wrappers = self.folder / "bin"
        self.environment = {
            **os.environ,
            "SLURM_CONF": str(self.configuration),
            "PATH": os.pathsep.join([str(wrappers), SEARCHED]),
        }

    def __enter__(self) -> "Cluster":
        try:
            self._write_configuration()
            self._start_accounting()
            self.start_controller()
            for node in ("main0", "gpu0"):
                self.start_node(node)
            self.wait("nodes", lambda: self.client("sinfo", "-h", "-N", "-o", "%t").split() == ["idle", "idle"])
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        if "slurmctld" in self.daemons:
            self.client("scancel", "--signal=KILL", "--full", "--user", _user())
        for name in reversed(list(self.daemons)):
            self.stop(name)
        shutil.rmtree(self.folder, ignore_errors=True)

    # ------------------------------------------------------------------ daemons

    def start(self, name: str, *arguments: str, program: str | None = None) -> None:
        """Start a daemon in the foreground of its own session; its output goes to a log file."""
        with (self.folder / f"{name}.out").open("a") as log:
            command = [_program("setpriv"), "--pdeathsig", "SIGTERM", _program(program or name), *arguments]
            self.daemons[name] = subprocess.Popen(
                command, stdout=log, stderr=log, env=self.environment, start_new_session=True
            )

    def start_controller(self) -> None:
        """Start the controller, which takes up the jobs that it knew before."""
        self.start("slurmctld", "-D", "-f", str(self.configuration))

    def start_node(self, node: str, hidden: Path | None = None) -> None:
        """Start the daemon of one virtual node; its jobs find the folder ``hidden`` empty (only root may hide one)."""
        arguments = ["-D", "-f", str(self.configuration), "-N", node]
        if hidden is None:
            self.start(node, *arguments, program="slurmd")
            return
        script = 'mount -t tmpfs tmpfs "$0" && exec "$@"'
        self.start(node, "--mount", "sh", "-c", script, str(hidden), _program("slurmd"), *arguments, program="unshare")

    def crash_node(self, node: str) -> list[str]:
        """Kill a node's daemon with all its jobs, as a loss of power does; return the numbers of the jobs."""
        jobs = self.client("squeue", "-h", "-w", node, "-t", "R", "-o", "%i").split()
        self.stop(node, signal.SIGKILL)
        # The managers of jobs first: they would report to the controller what happens to their jobs.
        for job in jobs:
            self._kill(lambda process, job=job: " ".join(process.cmdline()).startswith(f"slurmstepd: [{job}."))
        self._kill(lambda process: process.environ().get("SLURM_JOB_ID") in jobs)
        return jobs

    @staticmethod
    def _kill(is_meant: Callable[[psutil.Process], bool]) -> None:
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if is_meant(process):
                    process.kill()

    def stop(self, name: str, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop a daemon; SIGKILL after ten seconds."""
        process = self.daemons.pop(name)
        process.send_signal(how)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def client(self, *command: str) -> str:
        """Run a client program such as ``sinfo`` and return what it printed."""
        return subprocess.run(command, env=self.environment, capture_output=True, text=True).stdout

    def starts_again(self, job: str) -> bool:
        """Have SLURM start a job at once that it took back from a lost node; return whether it had been taken back."""
        told = self.client("scontrol", "show", "job", job)
        if "JobState=COMPLETED" in told:
            return True  # just before the node was lost
        if not told or "Restarts=0" in told:
            return False
        self.client("scontrol", "update", f"JobId={job}", "StartTime=now")
        return True

    def wait(self, what: str, ready: Callable[[], bool], seconds: float = 300) -> None:
        """Wait until something is ready; raise a RuntimeError with the daemons' logs where a daemon ends first."""
        deadline = time.monotonic() + seconds
        while not ready():
            dead = [name for name, process in self.daemons.items() if process.poll() is not None]
            if dead or time.monotonic() > deadline:
                logs = "\n".join(path.read_text()[-2000:] for path in sorted(self.folder.glob("*.out")))
                raise RuntimeError(f"{what} did not come up (ended: {dead}):\n{logs}")
            time.sleep(0.1)

    # ------------------------------------------------------------------ configuration

    def _start_accounting(self) -> None:
        data, sql = self.folder / "database", self.folder / "sql"
        shared = ["--no-defaults", f"--datadir={data}", f"--user={_user()}"]
        install = ["--auth-root-authentication-method=normal", "--skip-test-db", *shared]
        subprocess.run(
            [_program("mariadb-install-db"), *install], check=True, capture_output=True, env=self.environment
        )
        limits = [
            "--innodb-buffer-pool-size=16M",
            "--innodb-lock-wait-timeout=900",
            "--innodb-flush-log-at-trx-commit=0",
        ]
        self.start("mariadbd", *shared, f"--socket={sql}", f"--port={self.ports['sql']}", *limits)
        munge = ["--foreground", "--force", "--key-file", str(self.folder / "key" / "munge.key")]
        munge += ["--socket", str(self.munge_socket), "--pid-file", str(self.folder / "munged.pid")]
        munge += ["--log-file", str(self.folder / "munged.log"), "--seed-file", str(self.folder / "munged.seed")]
        self.start("munged", *munge)
        self.wait("database", lambda: sql.exists() and self.munge_socket.exists())
        self.start("slurmdbd", "-D")
        self.wait("accounting", lambda: _listens(self.ports["slurmdbd"]))

    def _write_configuration(self) -> None:
        host, user = socket.gethostname().split(".")[0], _user()
        names = ("slurmctld", "slurmdbd", "sql", "main0", "gpu0")
        self.ports = dict(zip(names, _free_ports(len(names)), strict=True))
        self.munge_socket = self.folder / "munge.socket"
        (self.folder / "key").mkdir(mode=0o700)
        key = self.folder / "key" / "munge.key"
        key.write_bytes(secrets.token_bytes(1024))
        key.chmod(0o400)
        for name in ("state", "spool", "bin"):
            (self.folder / name).mkdir()
        # The plugin for job steps strips SLURM_CONF from the inner srun.
        wrapper = self.folder / "bin" / "srun"
        wrapper.write_text(f'#!/bin/sh\nexport SLURM_CONF={self.configuration}\nexec {_program("srun")} "$@"\n')
        wrapper.chmod(0o755)
        gres = [f"NodeName=gpu0 Name=gpu File={device}" for device in GPU_DEVICES]
        (self.folder / "gres.conf").write_text("\n".join(gres) + "\n")
        accounting = self.folder / "slurmdbd.conf"
        accounting.write_text(
            f"""AuthType=auth/munge
AuthInfo=socket={self.munge_socket}
DbdHost=localhost
DbdPort={self.ports["slurmdbd"]}
SlurmUser={user}
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={self.ports["sql"]}
StorageUser=root
StorageLoc=accounting
LogFile={self.folder}/slurmdbd.log
PidFile={self.folder}/slurmdbd.pid
"""
        )
        accounting.chmod(0o600)
        node = f"NodeHostname={host} NodeAddr=127.0.0.1 CPUs={self.cpus} RealMemory={self.memory_mb}"
        self.configuration.write_text(
            f"""ClusterName=understudy
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={self.ports["slurmctld"]}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={self.munge_socket}
StateSaveLocation={self.folder}/state
SlurmdSpoolDir={self.folder}/spool/%n
SlurmctldPidFile={self.folder}/slurmctld.pid
SlurmdPidFile={self.folder}/slurmd.%n.pid
SlurmctldLogFile={self.folder}/slurmctld.log
SlurmdLogFile={self.folder}/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
EnforcePartLimits=ALL
ReturnToService=2
MinJobAge=3600
KillWait=2
BatchStartTimeout=1
SchedulerParameters=sched_interval=1,bf_interval=1,sched_min_interval=0
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=localhost
AccountingStoragePort={self.ports["slurmdbd"]}
AccountingStoragePass={self.munge_socket}
AccountingStorageTRES=gres/gpu
AccountingStoreFlags=job_comment
GresTypes=gpu
NodeName=main0 Port={self.ports["main0"]} {node}
NodeName=gpu0 Port={self.ports["gpu0"]} {node} Gres=gpu:{len(GPU_DEVICES)}
PartitionName=main Nodes=main0 Default=YES MaxTime=INFINITE State=UP
PartitionName=gpu Nodes=gpu0 MaxTime=INFINITE State=UP
"""
        )


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def _user() -> str:
    return subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    absent = missing_programs()
    if absent:
        raise SystemExit(
            f"these programs are missing: {', '.join(absent)}; see the packages in this file's first lines"
        )
    with Cluster() as cluster:
        print(f"export SLURM_CONF={cluster.configuration} PATH={cluster.folder}/bin:$PATH   # Ctrl-C ends the cluster")
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()
