"""One cache of several users: root's for everybody, another user's, one that everybody writes to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from pytest_netns_mysql import settings
from pytest_netns_mysql.mysql.dialects.options import initial
from pytest_netns_mysql.mysql.mysqld import template
from tests.stress.together.caches import AREA, MAKE, ROOT, server_here
from tests.support.otheruser import set_user, show_cache
from tests.support.stress import check
from tests.support.suites import source

pytestmark = [pytest.mark.as_user, pytest.mark.slow, pytest.mark.root]

USER, STRANGER = 54321, 54322
RUN = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "--basetemp=base", "test_inner.py")
PASSED = "3 passed"
COMMAND = ("-m", "pytest_netns_mysql.cli")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody sees, with a folder of root's and one of an ordinary user's."""
    with tempfile.TemporaryDirectory(prefix="netns-shared.", dir="/tmp") as name:
        Path(name).chmod(0o755)
        for uid in (0, USER):
            own = Path(name, str(uid))
            own.mkdir(mode=0o700)
            (own / "test_inner.py").write_text(source("own_servers/own"))
            os.chown(own, uid, uid)
        yield Path(name)


def close(copy: Path, name: str) -> None:
    """Let nobody but root read a template."""
    (copy / "templates").chmod(0o755)
    (copy / "templates" / name).chmod(0o700)


def open_to_readers(copy: Path, name: str) -> None:
    """Let everybody read a cache, as its errors say."""
    for path in (copy, *(each for each in copy.iterdir() if each.is_dir())):
        path.chmod(0o755)
    subprocess.run(["chmod", "-R", "a+rX", str(copy / "templates" / name)], check=True)


def give_away(copy: Path, name: str) -> None:
    """Let a cache belong to a stranger."""
    open_to_readers(copy, name)
    for path in (copy, *copy.iterdir()):
        os.chown(path, STRANGER, STRANGER)


def open_to_writers(copy: Path, name: str) -> None:
    """Let everybody write to a cache."""
    open_to_readers(copy, name)
    copy.chmod(0o777)


def close_all(copy: Path, name: str) -> None:
    """Let nobody but root read a cache."""
    close(copy, name)
    copy.chmod(0o700)


def together(
    folder: Path, prepare: Callable[[Path], None], commands: Sequence[tuple[int, Sequence[str]]]
) -> list[tuple[int, str]]:
    """Run Python for several users at once, all with a copy of the cache; return exit codes and outputs."""
    child = os.fork()
    if child == 0:
        try:
            show_cache(prepare)
            running = [_start(folder, uid, words) for uid, words in commands]
            ended = [(process.communicate()[0], process.returncode) for process in running]
            (folder / "ended.json").write_text(json.dumps([(code, output) for output, code in ended]))
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    return [(code, output) for code, output in json.loads((folder / "ended.json").read_text())]


def _start(folder: Path, uid: int, words: Sequence[str]) -> subprocess.Popen[str]:
    own = folder / str(uid)
    return subprocess.Popen(
        [sys.executable, *words],
        preexec_fn=lambda: set_user(uid),
        cwd=own,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={
            "HOME": str(own),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "NETNS_CACHE": str(settings.resolve().cache),
            "NETNS_FETCH": "never",
            "STRESS_TOKEN": f"run{os.getpid()}_{uid}",
            "CI": "true",
        },
    )


def test_users_share_a_cache_that_nobody_but_its_owner_writes_to(folder: Path) -> None:
    """A cache of root's is used by everybody who can read it; any other is one clear error for everybody."""
    server = server_here()
    made = template.template(server, initial({}), cache=settings.resolve().cache, progress=print)
    cache = str(settings.resolve().cache)

    make = ("-c", MAKE, cache, str(server.mysqld))
    clear = (*COMMAND, "cache", "clear", "templates")
    find = (*COMMAND, "fetch", "router")
    refused = f"{cache} is not used: {cache} "
    tries: list[tuple[Callable[[Path, str], None], list[tuple[int, Sequence[str], str]]]] = [
        (open_to_readers, [(0, RUN, PASSED), (USER, RUN, PASSED), (USER, clear, "kept: templates/")]),
        (close, [(USER, make, f"do: let this user read it: chmod -R a+rX {made}"), (0, make, str(made))]),
        (close_all, [(USER, find, f"do: let this user read it: chmod -R a+rX {cache}")]),
        (give_away, [(uid, find, f"{refused}belongs to uid {STRANGER}") for uid in (0, USER)]),
        (open_to_writers, [(uid, find, f"{refused}is writable by all users") for uid in (0, USER)]),
    ]
    faults = []
    count = 0
    for prepare, wanted in tries:
        ended = together(folder, partial(prepare, name=made.name), [(uid, words) for uid, words, _ in wanted])
        for (uid, words, expected), (code, output) in zip(wanted, ended, strict=True):
            count += 1
            is_error = expected not in (PASSED, str(made))
            if expected not in output or "Traceback" in output or (code != 0) != is_error:
                faults.append(f"{prepare.__name__}, uid {uid}, {words[:4]}: {code}, no {expected!r}\n{output[-2000:]}")
    check(AREA, "two users use one cache of root's, and no cache that others write to", count, faults)
