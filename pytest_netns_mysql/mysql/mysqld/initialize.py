"""Making a data directory by the server's own program, and booting it once."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pytest_netns_mysql.kernel.namespaces import launcher
from pytest_netns_mysql.mysql.dialects.options import OptionValue, arguments, merge
from pytest_netns_mysql.mysql.exitcodes import how_it_ended
from pytest_netns_mysql.mysql.fetch.progress import Progress, size_below
from pytest_netns_mysql.mysql.mysqld.errorlog import ErrorLog
from pytest_netns_mysql.mysql.mysqld.failure import start_error

_LITTLE = 1 << 20  # bytes


def initialize(
    mysqld: Path,
    options: Mapping[str, OptionValue],
    folder: Path,
    progress: Callable[[str], None],
    timeout: float,
) -> None:
    """Make MySQL's data directory, see the manual, "Initializing the Data Directory".

    Args:
        mysqld: The server's program.
        options: The options that decide what a data directory is like.
        folder: The data directory to make.
        progress: Takes a line of text, once a second.
        timeout: Seconds for each start of mysqld.

    Raises:
        ServerStartError: mysqld failed, or took too long.
    """
    run_until_it_ends(mysqld, ["--initialize-insecure", *arguments(options)], folder, progress, timeout)
    boot_once(mysqld, [*arguments(merge()), *arguments(options)], folder, progress, timeout)


def boot_once(
    mysqld: Path, options: Sequence[str], folder: Path, progress: Callable[[str], None], timeout: float
) -> None:
    """Boot mysqld once and shut it down with a full purge, so that no copy has to do that work."""
    end = folder.with_suffix(".sql")
    try:
        end.write_text("SHUTDOWN;\n")
        private = [f"--init-file={end}", "--skip-networking", "--socket=first.sock", "--pid-file=first.pid"]
        run_until_it_ends(mysqld, [*private, *options, "--innodb-fast-shutdown=0"], folder, progress, timeout)
    finally:
        end.unlink(missing_ok=True)


def run_until_it_ends(
    mysqld: Path,
    what: Sequence[str],
    folder: Path,
    progress: Callable[[str], None],
    timeout: float,
    *,
    script: str = "",
) -> None:
    """Run mysqld on a data directory until it ends by itself.

    Args:
        mysqld: The server's program.
        what: Further options.
        folder: The data directory.
        progress: Takes a line of text, once a second.
        timeout: Seconds until mysqld must have ended.
        script: The text of mysqld's standard input.

    Raises:
        ServerStartError: mysqld failed, or took too long.
    """
    log = folder.with_suffix(".err")
    log.unlink(missing_ok=True)
    command = [
        str(mysqld),
        "--no-defaults",
        f"--datadir={folder}",
        f"--log-error={log}",
        *(["--user=root"] if os.geteuid() == 0 else []),
        *what,
    ]

    def how_far() -> str:
        return f"making a data directory: {size_below(folder) / 1e6:.0f} MB"

    try:
        result = Progress(progress).run(launcher.command(command), how_far, text=script, timeout=timeout)
        printed, code = f"{result.stdout}{result.stderr}", result.returncode
        how = how_it_ended(code)
    except subprocess.TimeoutExpired:
        printed, code, how = "", -signal.SIGKILL, f"it had not ended after {timeout:g} seconds"
    said = ErrorLog(log.read_text("utf-8", "replace") if log.exists() else "")
    log.unlink(missing_ok=True)
    if code != 0:
        full = f"; {os.strerror(errno.ENOSPC)}: {folder.parent}" if _is_full(folder.parent) else ""
        raise start_error(
            f"mysqld could not make a data directory: {how}{full}",
            command,
            said,
            printed,
            where=str(mysqld),
            remedies=["read the lines above; the folder needs about 100 MB", f"remove {folder.parent} to start afresh"],
        )


def _is_full(folder: Path) -> bool:
    """Return True if a folder's file system has no room; mysqld does not always say so."""
    try:
        room = os.statvfs(folder)
    except OSError:
        return False
    return room.f_blocks > 0 and room.f_bavail * room.f_frsize < _LITTLE
