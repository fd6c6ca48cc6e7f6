"""A process with all libraries loaded, which runs Snakemake and the scripts of its jobs in forks of itself.

Most of a small study's time is the start of its jobs: each loads torch and pandas anew. Here they are loaded once; the
project's own modules are not kept, each job imports them. Users' jobs start as programs of their own: one test runs the
study that way too, and compares the tables.

    python -m tests.workflow.fork_server ADDRESS    # started by tests; ends with its standard input
"""

import json
import os
import pkgutil
import runpy
import select
import socket
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from subprocess import CalledProcessError

ADDRESS = "UNDERSTUDY_FORK_SERVER"  # the environment variable that says where the server listens
# What the package imports only where it is used.
LIBRARIES = ("snakemake.cli", "snakemake.script", "snakemake.benchmark", "diffusers", "timm", "sklearn.datasets")


class ForkedProcess:
    """A Snakemake or a job's script in a fork of the server, in this process's folder and environment.

    Parameters
    ----------
    arguments : list of str
        Of a Snakemake, its command line's; of a script, its path alone.
    outputs : sequence of path
        Two files, to which standard output and standard error are added.
    group : int
        The process group to join; 0 makes one of the process's own, which its jobs join.
    """

    def __init__(self, arguments: list[str], folder: str | Path, outputs: Sequence[str | Path], group: int = 0):
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(os.environ[ADDRESS])
        outputs = [str(path) for path in outputs]
        request = dict(arguments=arguments, folder=str(folder), outputs=outputs, group=group, env=dict(os.environ))
        self._connection.sendall(json.dumps(request).encode() + b"\n")
        self._replies = self._connection.makefile()
        self.pid = int(self._replies.readline())

    def wait(self) -> int:
        """Wait for the end of the process and return its exit status, negative for a signal."""
        with self._connection, self._replies:
            return int(self._replies.readline())


def serve(address: str) -> None:
    """Load the libraries and answer requests until standard input ends."""
    _load_libraries()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen(64)
        print("ready", flush=True)
        while sys.stdin not in select.select([server, sys.stdin], [], [])[0]:
            connection, _ = server.accept()
            if os.fork() == 0:
                server.close()
                _answer(connection)
            connection.close()
            _reap(os.WNOHANG)
    _reap()


def _reap(options: int = 0) -> None:
    """Take up the forks that have answered, so that their processor time counts as this process's."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, options)[0]:
            pass


def _load_libraries() -> None:
    import understudy

    for name in LIBRARIES:
        import_module(name)
    for module in pkgutil.walk_packages(understudy.__path__, "understudy."):
        import_module(module.name)
    for name in [name for name in sys.modules if name.partition(".")[0] == "understudy"]:
        del sys.modules[name]


def _answer(connection: socket.socket) -> None:
    """Run what is asked for in a fork; tell its number, then its exit status."""
    request = json.loads(connection.makefile().readline())
    pid = os.fork()
    if pid == 0:
        connection.close()
        os._exit(_run(request))
    with suppress(OSError):  # who asked, and its group, may have been killed already
        os.setpgid(pid, request["group"])
    with suppress(BrokenPipeError):
        connection.sendall(f"{pid}\n".encode())
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        connection.sendall(f"{status}\n".encode())
    os._exit(0)


def _run(request: dict) -> int:
    try:
        os.setpgid(0, request["group"])
        for descriptor, path in enumerate(request["outputs"], start=1):
            os.dup2(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT), descriptor)
        os.chdir(request["folder"])
        os.environ.clear()
        os.environ.update(request["env"])
        if request["group"]:
            sys.argv = request["arguments"]
            runpy.run_path(sys.argv[0], run_name="__main__")
        else:
            _run_snakemake(request["arguments"], request["outputs"])
        status = 0
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        status = 1
    with suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    return status


def _run_snakemake(arguments: list[str], outputs: list[str]) -> None:
    """Run Snakemake in this process, the scripts of its Python jobs in forks of the server."""
    from snakemake.benchmark import benchmarked
    from snakemake.cli import main
    from snakemake.script import PythonScript

    def execute_script(script: PythonScript, fname: str, edit: bool = False) -> None:
        job = ForkedProcess([fname], Path.cwd(), outputs, group=os.getpid())
        with benchmarked(job.pid, script.bench_record):
            status = job.wait()
        if status:
            raise CalledProcessError(status, fname)

    PythonScript.execute_script = execute_script
    sys.argv = ["snakemake", *arguments]
    main(arguments)


if __name__ == "__main__":
    serve(sys.argv[1])
