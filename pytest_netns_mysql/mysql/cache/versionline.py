"""The version line of a server's program, cached as long as the file does not change."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pytest_netns_mysql.errors import CacheError, ServerNotFoundError
from pytest_netns_mysql.mysql.cache.draftfile import replace_file
from pytest_netns_mysql.mysql.cache.trust import check, make
from pytest_netns_mysql.mysql.exitcodes import how_it_ended

WORDS = ("--no-defaults", "--version")
"""The arguments with which a server's program prints its version."""

_FILE = "identified.json"
_TIMEOUT = 20.0  # seconds
_LONGEST_OUTPUT = 1 << 16  # bytes


def ask_once(program: Path, cache: Path, ways_out: Sequence[str]) -> str:
    """Return the version line of a server's program, from the cache if the file has not changed.

    Args:
        program: The program's path.
        cache: The user's cache folder.
        ways_out: Remedies for the error.

    Raises:
        ServerNotFoundError: The program does not run.
    """
    status = program.stat()
    file_state = [status.st_size, status.st_mtime_ns]
    known = recall(cache, str(program))
    if known is not None and known.get("file") == file_state and isinstance(known.get("version_line"), str):
        return str(known["version_line"])
    line = ask(program, ways_out)
    remember(cache, str(program), {"file": file_state, "version_line": line})
    return line


def ask(program: Path, ways_out: Sequence[str], *, words: Sequence[str] = WORDS) -> str:
    """Run a server's program and return its version line.

    Args:
        program: The program's path.
        ways_out: Remedies for the error.
        words: The program's arguments.

    Raises:
        ServerNotFoundError: The program does not run.
    """
    try:
        code, printed, complaints = _run([str(program), *words])
    except (OSError, ValueError) as error:
        raise ServerNotFoundError(f"{program} does not run: {error}", remedies=ways_out) from error
    line = printed.strip()
    if code != 0 or not line:
        raise ServerNotFoundError(
            f"{program} cannot be used as mysqld: with --version {how_it_ended(code)}",
            tried=(complaints.strip() or line).splitlines()[-3:],
            remedies=ways_out,
        )
    return line


def recall(cache: Path, name: str) -> dict[str, Any] | None:
    """Return what ``remember`` stored of a server, or None."""
    known = _facts(cache / _FILE).get(name)
    return known if isinstance(known, dict) else None


def remember(cache: Path, name: str, content: dict[str, Any]) -> None:
    """Store facts about a server in the cache; store nothing if the cache is not writable.

    Args:
        cache: The user's cache folder.
        name: The path of the server's program, or the id of an image.
        content: The facts.
    """
    path = cache / _FILE
    with contextlib.suppress(OSError, CacheError):
        make(path.parent)
        replace_file(path, json.dumps({**_facts(path), name: content}, indent=1) + "\n")


def _facts(path: Path) -> dict[str, Any]:
    try:
        check(path)
    except CacheError:  # a link to a file of another user's, which is replaced
        return {}
    return read_json(path)


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file, or an empty object if the file cannot be read."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _run(command: Sequence[str]) -> tuple[int, str, str]:  # noqa: C901 - one loop
    """Return the exit code, standard output and standard error of a program.

    Raises OSError if the program cannot be started, TimeoutError if it prints too much or runs too long.
    """
    import selectors
    import subprocess

    deadline = time.monotonic() + _TIMEOUT
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    printed = {process.stdout: b"", process.stderr: b""}
    try:
        with selectors.DefaultSelector() as selector:
            for stream in printed:
                if stream is not None:
                    selector.register(stream, selectors.EVENT_READ, stream)
            while selector.get_map():
                ready = selector.select(max(deadline - time.monotonic(), 0))
                for key, _ in ready:
                    part = os.read(key.fd, _LONGEST_OUTPUT)
                    printed[key.data] += part
                    if not part:
                        selector.unregister(key.fd)
                if sum(map(len, printed.values())) > _LONGEST_OUTPUT:
                    raise TimeoutError(f"with --version it printed more than {_LONGEST_OUTPUT >> 10} KB")
                if not ready:
                    raise TimeoutError(f"with --version it had not ended after {_TIMEOUT:g} seconds")
        try:
            code = process.wait(max(deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"with --version it had not ended after {_TIMEOUT:g} seconds") from None
    finally:
        # Kill its child processes, too: they may hold the pipes open.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for stream in printed:
            if stream is not None:
                stream.close()
    output, complaints = (part.decode("utf-8", "replace") for part in printed.values())
    return code, output, complaints
