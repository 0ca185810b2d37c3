"""What a server's program prints as its version: asked once, and remembered in the cache while the file is the same."""

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
from pytest_netns_mysql.mysql.cache.trust import make
from pytest_netns_mysql.mysql.exitcodes import how_it_ended

WORDS = ("--no-defaults", "--version")
"""What a server's program is asked with."""

_FILE = "identified.json"
_TIMEOUT = 20.0  # seconds
_MOST = 1 << 16  # bytes


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


def ask(program: Path, ways_out: Sequence[str], *, words: Sequence[str] = WORDS) -> str:
    """Ask a server's program for its version; raise ServerNotFoundError, with ``ways_out``, where it does not run."""
    try:
        code, said, complaints = _run([str(program), *words])
    except (OSError, ValueError) as error:
        raise ServerNotFoundError(f"{program} does not run: {error}", remedies=ways_out) from error
    line = said.strip()
    if code != 0 or not line:
        raise ServerNotFoundError(
            f"{program} is no mysqld: asked for its --version, {how_it_ended(code)}",
            tried=(complaints.strip() or line).splitlines()[-3:],
            remedies=ways_out,
        )
    return line


def recall(cache: Path, name: str) -> dict[str, Any] | None:
    """Return what is remembered of a server, or None."""
    known = read_json(cache / _FILE).get(name)
    return known if isinstance(known, dict) else None


def remember(cache: Path, name: str, content: dict[str, Any]) -> None:
    """Keep something of a server; where the cache cannot be written, keep nothing."""
    path = cache / _FILE
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        make(path.parent)
        draft.write_text(json.dumps({**read_json(path), name: content}, indent=1) + "\n")
        draft.replace(path)
    except (OSError, CacheError):
        with contextlib.suppress(OSError):
            draft.unlink()


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file; an empty one where there is none that can be read."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _run(command: Sequence[str]) -> tuple[int, str, str]:  # noqa: C901 - one loop
    """Return the exit code of a program and what it prints, ended where that is too much or takes too long.

    Raises OSError where it cannot be started, TimeoutError, with what was waited for, where it does not end.
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
                    part = os.read(key.fd, _MOST)
                    printed[key.data] += part
                    if not part:
                        selector.unregister(key.fd)
                if sum(map(len, printed.values())) > _MOST:
                    raise TimeoutError(f"asked for its --version, it printed more than {_MOST >> 10} KB")
                if not ready:
                    raise TimeoutError(f"asked for its --version, it had not ended after {_TIMEOUT:g} seconds")
        try:
            code = process.wait(max(deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"asked for its --version, it had not ended after {_TIMEOUT:g} seconds") from None
    finally:
        # What it has started, too: it may hold the pipes open.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for stream in printed:
            if stream is not None:
                stream.close()
    said, complaints = (one.decode("utf-8", "replace") for one in printed.values())
    return code, said, complaints
