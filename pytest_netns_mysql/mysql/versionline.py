"""What a server's program prints as its version: asked once, and remembered for as long as the file stays the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pytest_netns_mysql.errors import ServerNotFoundError
from pytest_netns_mysql.mysql.failure import how_it_ended
from pytest_netns_mysql.mysql.remembered import recall, remember


def ask_once(program: Path, cache: Path, ways_out: Sequence[str]) -> str:
    """Return what a server's program prints as its version, from memory if it is the same file; raise as ``ask``."""
    status = program.stat()
    mark = [status.st_size, status.st_mtime_ns]
    known = recall(cache, str(program))
    if known is not None and known.get("file") == mark:
        return str(known.get("version_line"))
    line = ask(program, ways_out)
    remember(cache, str(program), {"file": mark, "version_line": line})
    return line


def ask(program: Path, ways_out: Sequence[str]) -> str:
    """Ask a server's program for its version; raise ServerNotFoundError, with ``ways_out``, where it does not run."""
    import subprocess

    command = [str(program), "--no-defaults", "--version"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=30)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise ServerNotFoundError(f"{program} does not run: {error}", remedies=ways_out) from error
    line = answer.stdout.strip()
    if answer.returncode != 0 or not line:
        raise ServerNotFoundError(
            f"{program} is no mysqld: asked for its --version, {how_it_ended(answer.returncode)}",
            tried=(answer.stderr.strip() or line).splitlines()[-3:],
            remedies=ways_out,
        )
    return line
