"""Running programs in an environment that nothing steers, and the errors that say what a benchmark lacks."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

_END_TIMEOUT = 30.0  # seconds that an interrupted program has to end


class UnableError(Exception):
    """What this machine lacks for the benchmark, and how to get it."""


class MissingError(UnableError):
    """What one row lacks that the others do without: the row is left out."""


def run(
    command: Sequence[str], cwd: Path, variables: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    """Run a program, and return what it printed.

    Args:
        command: The program and its arguments.
        cwd: The folder to run it in.
        variables: Its environment.
        timeout: Seconds until it must have ended.

    Raises:
        UnableError: The program failed or took too long; the error has the end of what it printed.
    """
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=dict(variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=timeout)
    except BaseException as error:
        # An interrupted pytest ends the server that it started; a killed one may leave it.
        os.killpg(process.pid, signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_END_TIMEOUT)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if isinstance(error, subprocess.TimeoutExpired):
            raise UnableError(f"{' '.join(command)} took longer than {timeout:g} s") from error
        raise
    if process.returncode != 0:
        said = "\n".join((out + err).splitlines()[-25:])
        raise UnableError(f"{' '.join(command)} ended with exit code {process.returncode}:\n{said}")
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def clean_environment() -> dict[str, str]:
    """Return the environment without what would steer Python, pytest, MySQL or this plugin, but for the server."""
    steering = ("PYTEST_", "PYTHON", "MYSQL_", "NETNS_", "VIRTUAL_ENV")
    kept = ("NETNS_MYSQLD", "NETNS_CACHE")
    return {key: value for key, value in os.environ.items() if key in kept or not key.startswith(steering)}
