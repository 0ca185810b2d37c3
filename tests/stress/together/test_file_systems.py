"""A cache on a file system that lacks something: locks, room, the right to write."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_netns_mysql.errors import NetnsError
from pytest_netns_mysql.mysql.cache import cached, locking
from pytest_netns_mysql.mysql.dialects.options import initial
from pytest_netns_mysql.mysql.fetch.fetch import fetch
from pytest_netns_mysql.mysql.mysqld import copying, template
from tests.stress.together.caches import (
    AREA,
    MAKE,
    ROOT,
    fake_server,
    netns_mysql,
    new_cache,
    refuse_flock,
    server_here,
)
from tests.support.processes import PATIENCE
from tests.support.stress import check

pytestmark = [pytest.mark.as_user, pytest.mark.slow]

NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EIO)
LOCAL = "  do: set netns_cache (or NETNS_CACHE=...) to a folder on a local file system"


def in_child(do: Callable[[], object]) -> str:
    """Run something in a child, whose system calls may be refused; return the error that it raised, or ''.

    A child that waits for ever is killed.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        said = ""
        signal.alarm(int(PATIENCE))
        try:
            do()
        except NetnsError as error:
            said = str(error)
        except BaseException as error:  # noqa: BLE001 - a child that must not go on as the test
            said = f"traceback: {error!r}"
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as file:
        said = file.read()
    _, status = os.waitpid(child, 0)
    return said if status == 0 else f"it ended by the signal {os.WTERMSIG(status)}"


def test_without_locks_nothing_is_made_and_everything_is_used(tmp_path: Path) -> None:
    """What is in the cache needs no lock."""
    server = server_here()
    full, empty = new_cache(tmp_path / "full", server), new_cache(tmp_path / "empty")
    found = fake_server(full)
    made = template.made(server, initial({}), cache=full)
    assert made is not None

    def use() -> None:
        assert template.template(server, initial({}), cache=full, progress=print) == made
        with locking.shared(made):
            copying.copy(made, tmp_path / "copy")
        shutil.rmtree(tmp_path / "copy")
        product = cached.fetched(full, "mysql")
        assert product is not None
        assert product.folder == found

    tries: dict[str, tuple[Callable[[], object], str]] = {
        "use": (use, ""),
        "make": (
            lambda: template.template(server, initial({}), cache=empty, progress=print),
            f"{empty / 'templates'}/{made.name}.lock",
        ),
        "fetch": (lambda: fetch(empty, progress=print), f"{empty / 'servers' / '.lock'}"),
    }
    faults = []
    for number in NO_LOCKS:
        for name, (do, place) in tries.items():

            def attempt(do: Callable[[], object] = do, number: int = number) -> None:
                refuse_flock(number)
                do()

            reason = f"the cache lies on a file system without locks (flock(2)): {os.strerror(number)}"
            expected = f"{reason}\n  where: {place}\n{LOCAL}" if place else ""
            said = in_child(attempt)
            if said != expected:
                faults.append(f"{name} with {errno.errorcode[number]}: {said}")
    claim = "a cache without locks is used, and an error says what it lacks if something must be made"
    check(AREA, claim, len(NO_LOCKS) * len(tries), faults)


def make_read_only(cache: Path) -> None:
    """Take the right to write from everybody, as for a cache that many share."""
    subprocess.run(["chmod", "-R", "a-w", str(cache)], check=True)


@pytest.fixture
def read_only(tmp_path: Path) -> Path:
    return new_cache(tmp_path / "cache", server_here())


@pytest.mark.ordinary_user
def test_a_cache_that_nobody_may_write_to_is_used(read_only: Path, tmp_path: Path) -> None:
    """The copy of its data directory is the server's own, which writes to it."""
    server = server_here()
    make_read_only(read_only)
    made = template.template(server, initial({}), cache=read_only, progress=print)
    copying.copy(made, tmp_path / "copy")
    (tmp_path / "copy" / "ibdata1").open("r+b").close()
    (tmp_path / "copy" / "new").touch()
    faults = []
    cleared = netns_mysql("cache", "clear", "--cache", read_only)
    if cleared.stdout != f"kept: templates/{made.name}: Permission denied: {made}.lock\n" or cleared.returncode != 1:
        faults.append(f"clear: {cleared.stdout}{cleared.stderr}")
    for folder in (read_only, read_only / "templates"):
        folder.chmod(0o700)
    subprocess.run(["chmod", "-R", "u+w", str(made)], check=True)
    (made / "ibdata1").unlink()
    make_read_only(read_only)
    said = in_child(lambda: template.template(server, initial({}), cache=read_only, progress=print))
    if said.splitlines()[:3] != [
        "cannot make a data directory in the cache: Permission denied",
        f"  where: {read_only / 'templates'}",
        f"  tried: {made}: ibdata1 is missing",
    ]:
        faults.append(f"damaged: {said}")
    subprocess.run(["chmod", "-R", "u+w", str(read_only)], check=True)
    check(AREA, "a cache that nobody may write to is used; if it is damaged, an error says so", 3, faults)


FULL = 'mount -t tmpfs -o size=$1 none "$2" && shift 2 && exec "$@"'


def test_a_full_cache_is_named(tmp_path: Path) -> None:
    server = server_here()
    faults = []
    sizes = ("8k", "600k")
    for size in sizes:
        folder = tmp_path / size
        folder.mkdir()
        inside = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", FULL, "sh", size, str(folder)]
        made = subprocess.run(
            [*inside, sys.executable, "-c", MAKE, str(folder / "cache"), str(server.mysqld)],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])},
            timeout=5 * PATIENCE,
        )
        if made.returncode != 1 or "  do: the disk is full: make room there" not in made.stderr:
            faults.append(f"{size}: {made.returncode} {made.stdout}{made.stderr}")
        if "Traceback" in made.stderr:
            faults.append(f"{size}: {made.stderr}")
    check(AREA, "a cache without room for a data directory is named as full", len(sizes), faults)
