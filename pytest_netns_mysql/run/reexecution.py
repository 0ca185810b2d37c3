"""Start pytest again, in a user namespace, if threads keep this process from entering the user namespace.

The kernel lets only a process with a single thread enter a user namespace, see unshare(2).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from pytest_netns_mysql.run.wanted import PROCESS, STARTED_AGAIN

# exec does not change the pid that the environment variable has.
_SCRIPTS = ("pytest", "py.test")


class Reexecution:
    """A restart of this pytest process, at most once, before pytest replaces a file descriptor.

    Attributes:
        has_happened: True if this process was started again already.
        hindrance: Why this process cannot be started again, or None if it can.
    """

    def __init__(self, config: pytest.Config) -> None:
        """Record in the environment, until the run ends, that this process runs pytest."""
        pid, _, again = os.environ.get(PROCESS, "").partition(" ")
        is_first = pid != str(os.getpid()) or again == STARTED_AGAIN
        self.has_happened: bool = pid == str(os.getpid()) and again == STARTED_AGAIN
        self.hindrance: str | None = self._hindrance(config, is_first=is_first)
        self._directory = config.invocation_params.dir
        if is_first:
            os.environ[PROCESS] = str(os.getpid())
            config.add_cleanup(_forget)

    def _hindrance(self, config: pytest.Config, *, is_first: bool) -> str | None:
        if self.has_happened:
            return "pytest was started again already, and the process has several threads again"
        main = sys.modules.get("__main__")
        if not is_first or not _is_pytest(main) or config.invocation_params.plugins:
            caller = getattr(main, "__file__", None) if is_first and not _is_pytest(main) else None
            return f"pytest.main() was called by {caller or 'a program'}, and the whole program would start again"
        if list(config.invocation_params.args) != sys.argv[1:] or not sys.executable:
            return "the command line of this process is not known"
        return None

    def start_again(self) -> NoReturn:
        """Replace this process by the same command in a user namespace.

        The new program has the same pid, working directory, environment and file descriptors.

        Raises:
            OSError: The kernel refuses to execute the command.
        """
        from pytest_netns_mysql.kernel.namespaces import exec_in_userns

        os.environ[PROCESS] = f"{os.getpid()} {STARTED_AGAIN}"
        argv = _with_debugger([sys.executable, *sys.orig_argv[1:]])
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        os.chdir(self._directory)
        # Not os.execv: debuggers replace it, and would attach to the script that enters the user namespace.
        command = exec_in_userns.command(sys.executable, argv)
        import posix  # Windows has none

        posix.execv(command[0], command)
        raise AssertionError


def _forget() -> None:
    os.environ.pop(PROCESS, None)


def _is_pytest(main: object) -> bool:
    """Return True for `python -m pytest` and for the script `pytest` that pytest installs."""
    spec = getattr(main, "__spec__", None)
    if spec is not None:
        return spec.name in ("pytest", "pytest.__main__")
    file = Path(getattr(main, "__file__", None) or "")
    return (
        getattr(main, "console_main", None) is pytest.console_main
        or file.name in _SCRIPTS
        or file.parts[-2:] == ("pytest", "__main__.py")
    )


def _with_debugger(argv: list[str]) -> list[str]:
    """Return the command with which a debugger, such as debugpy, stays attached to the restarted pytest.

    The original command line would start a second debugger on the port that the first debugger uses. Debuggers change
    the command in their replacement of os.execv, which is called here directly.
    """
    monkey = sys.modules.get("_pydev_bundle.pydev_monkey")
    debugpy = sys.modules.get("debugpy")
    # A debugger that no client has connected to yet ends with this program, and the original command starts it again.
    if monkey is None or (debugpy is not None and not debugpy.is_client_connected()):
        return argv
    import subprocess

    main = sys.modules["__main__"]
    spec = getattr(main, "__spec__", None)
    program = [str(main.__file__)] if spec is None else ["-m", "pytest"]
    options = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    patched = monkey.patch_args([sys.executable, *options, *program, *sys.argv[1:]], is_exec=True)
    monkey.send_process_created_message()
    monkey.send_process_about_to_be_replaced()
    return [str(word) for word in patched]
