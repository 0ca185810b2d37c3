"""One cache of several users: root's for everybody, another user's, one that everybody writes to."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest

from pytest_netns_mysql import settings
from pytest_netns_mysql.mysql.dialects.options import initial
from pytest_netns_mysql.mysql.mysqld import template
from tests.stress.together.caches import AREA, MAKE, server_here
from tests.stress.together.users import STRANGER, USER, Command, at_once, homes, users, write
from tests.support.stress import check
from tests.support.suites import source

pytestmark = [pytest.mark.as_user, pytest.mark.slow, pytest.mark.root]

RUN = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "--basetemp=base", "test_inner.py")
PASSED = "3 passed"
COMMAND = ("-m", "pytest_netns_mysql.cli")


def close(name: str, copy: Path) -> None:
    """Let nobody but root read a template."""
    for folder in (copy, copy / "servers", copy / "templates"):
        folder.chmod(0o755)
    (copy / "templates" / name).chmod(0o700)


def open_to_readers(name: str, copy: Path) -> None:
    """Let everybody read a cache, as its errors say."""
    for path in (copy, *(each for each in copy.iterdir() if each.is_dir())):
        path.chmod(0o755)
    subprocess.run(["chmod", "-R", "a+rX", str(copy / "templates" / name)], check=True)


def give_away(name: str, copy: Path) -> None:
    """Let a cache belong to a stranger."""
    open_to_readers(name, copy)
    for path in (copy, *copy.iterdir()):
        os.chown(path, STRANGER, STRANGER)


def open_to_writers(name: str, copy: Path) -> None:
    """Let everybody write to a cache."""
    open_to_readers(name, copy)
    copy.chmod(0o777)


def close_all(name: str, copy: Path) -> None:
    """Let nobody but root read a cache."""
    close(name, copy)
    copy.chmod(0o700)


def test_users_share_a_cache_that_nobody_but_its_owner_writes_to() -> None:
    """A cache of root's is used by everybody who can read it; any other is one clear error for everybody."""
    server = server_here()
    made = template.template(server, initial({}), cache=settings.resolve().cache, progress=print)
    cache = str(settings.resolve().cache)

    make = ("-c", MAKE, cache, str(server.mysqld))
    clear = (*COMMAND, "cache", "clear", "templates")
    find = (*COMMAND, "fetch", "router")
    refused = f"{cache} is not used: {cache} "
    tries: list[tuple[Callable[[str, Path], None], list[tuple[int, Sequence[str], str]]]] = [
        (open_to_readers, [(0, RUN, PASSED), (USER, RUN, PASSED), (USER, clear, "kept: templates/")]),
        (close, [(USER, make, f"do: let this user read it: chmod -R a+rX {made}"), (0, make, str(made))]),
        (close_all, [(USER, find, f"do: let this user read it: chmod -R a+rX {cache}")]),
        (give_away, [(uid, find, f"{refused}belongs to uid {STRANGER}") for uid in (0, USER)]),
        (open_to_writers, [(USER, find, f"{refused}is writable by all users")]),
    ]
    faults = []
    count = 0
    with homes() as folder:
        for uid in users():
            write(folder, uid, "test_inner.py", source("own_servers/own"))
        for prepare, wanted in tries:
            commands = [Command(uid, words) for uid, words, _ in wanted]
            ended = at_once(folder, commands, partial(prepare, made.name))
            for (uid, words, expected), (code, output) in zip(wanted, ended, strict=True):
                count += 1
                is_error = expected not in (PASSED, str(made))
                if expected not in output or "Traceback" in output or (code != 0) != is_error:
                    what = f"{prepare.__name__}, uid {uid}, {words[:4]}: exit code {code}"
                    faults.append(f"{what}, without {expected!r}\n{output[-2000:]}")
    check(AREA, "two users use one cache of root's, and no cache that others write to", count, faults)
