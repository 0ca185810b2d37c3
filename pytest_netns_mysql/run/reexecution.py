"""Start pytest again in a user namespace, where this process has threads that keep it out of one."""

from __future__ import annotations

import os
import posix
import sys
from pathlib import Path
from typing import NoReturn

import pytest

# It says which process runs pytest, and whether that one was started again: a process keeps its pid then.
_VARIABLE = "PYTEST_NETNS_MYSQL_PROCESS"
_STARTED_AGAIN = "again"
_SCRIPTS = ("pytest", "py.test")


class Reexecution:
    """What starts this pytest process again, once, before pytest replaces a file descriptor.

    Attributes:
        has_happened: True if this process was started again.
        hindrance: Why this process cannot be started again, or None where it can.
    """

    def __init__(self, config: pytest.Config) -> None:
        """Note that pytest runs in this process, until the run ends."""
        pid, _, again = os.environ.get(_VARIABLE, "").partition(" ")
        is_first = pid != str(os.getpid()) or again == _STARTED_AGAIN
        self.has_happened = pid == str(os.getpid()) and again == _STARTED_AGAIN
        self.hindrance = self._hindrance(config, is_first=is_first)
        self._directory = config.invocation_params.dir
        if is_first:
            os.environ[_VARIABLE] = str(os.getpid())
            config.add_cleanup(_forget)

    def _hindrance(self, config: pytest.Config, *, is_first: bool) -> str | None:
        if self.has_happened:
            return "it was started again already, and has threads all the same"
        main = sys.modules.get("__main__")
        if not is_first or not _is_pytest(main) or config.invocation_params.plugins:
            caller = getattr(main, "__file__", None) if is_first and not _is_pytest(main) else None
            return f"pytest.main() was called by {caller or 'a program'}, which would begin anew"
        if list(config.invocation_params.args) != sys.argv[1:] or not sys.executable:
            return "the command line of this process is not known"
        return None

    def start_again(self) -> NoReturn:
        """Become the same command in a user namespace, with the same pid, directory, environment and descriptors.

        Raises OSError.
        """
        from pytest_netns_mysql.kernel.namespaces import exec_in_userns

        os.environ[_VARIABLE] = f"{os.getpid()} {_STARTED_AGAIN}"
        argv = _followed([sys.executable, *sys.orig_argv[1:]])
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        os.chdir(self._directory)
        # Not os.execv: a debugger replaces it, and would follow the script that enters.
        command = exec_in_userns.command(sys.executable, argv)
        posix.execv(command[0], command)
        raise AssertionError


def _forget() -> None:
    os.environ.pop(_VARIABLE, None)


def _is_pytest(main: object) -> bool:
    """Return True if the main program is pytest's own: `python -m pytest`, or the script that its package installs."""
    spec = getattr(main, "__spec__", None)
    if spec is not None:
        return spec.name in ("pytest", "pytest.__main__")
    file = Path(getattr(main, "__file__", None) or "")
    return (
        getattr(main, "console_main", None) is pytest.console_main
        or file.name in _SCRIPTS
        or file.parts[-2:] == ("pytest", "__main__.py")
    )


def _followed(argv: list[str]) -> list[str]:
    """Return the argv with which a debugger that has this process, debugpy for one, has the same pytest run as well.

    Such a debugger replaces os.execv to do this. The command line that began the process would begin a debugger anew,
    on a port that this one has.
    """
    monkey = sys.modules.get("_pydev_bundle.pydev_monkey")
    debugpy = sys.modules.get("debugpy")
    # One that waits for nobody yet ends with this process, and begins anew.
    if monkey is None or (debugpy is not None and not debugpy.is_client_connected()):
        return argv
    import subprocess

    main = sys.modules["__main__"]
    spec = getattr(main, "__spec__", None)
    program = [str(main.__file__)] if spec is None else ["-m", "pytest"]
    options = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    followed = monkey.patch_args([sys.executable, *options, *program, *sys.argv[1:]], is_exec=True)
    monkey.send_process_created_message()
    monkey.send_process_about_to_be_replaced()
    return [str(word) for word in followed]
