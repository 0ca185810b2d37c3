"""Becoming the command that a user asked for."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from pytest_netns_mysql.errors import printable


def execute(argv: Sequence[str], environment: Mapping[str, str]) -> int:
    """Replace this process by a command; return the exit code of a shell if that fails: 127 or 126."""
    # Python ignores these signals, and the executed program would inherit that.
    for ignored in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(ignored, signal.SIG_DFL)
    try:
        os.execvpe(argv[0], list(argv), dict(environment))  # noqa: S606 - a shell would parse the arguments
    except OSError as error:
        if not exists(argv[0], environment.get("PATH", os.defpath)):
            # A folder of PATH that this user may not read is reported as if it had the program.
            return report_not_found(argv[0])
        return report_not_executed(argv[0], error)


def exists(program: str, path: str) -> bool:
    """Return True if there is a program of this name or path, whether or not it can be executed."""
    if os.sep in program:
        return os.path.lexists(program)
    return shutil.which(program, mode=os.F_OK, path=path) is not None


def report_not_found(program: str) -> int:
    """Print that there is no such program; return the exit code of a shell."""
    return report_not_executed(program, FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)))


def report_not_executed(program: str, error: OSError) -> int:
    """Print why a program cannot be executed; return the exit code of a shell: 127 if it was not found, else 126."""
    print(f"netns-mysql: {printable(program)}: {error.strerror}", file=sys.stderr)
    is_missing = isinstance(error, FileNotFoundError)
    if is_missing and Path(program).is_file():
        print("  do: correct the interpreter in the first line of the file", file=sys.stderr)
    elif is_missing:
        print("  do: correct the name, install the program, or write its path", file=sys.stderr)
    return 127 if is_missing else 126
