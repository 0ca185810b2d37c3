"""Damaged data in the cache is named, and made again, once."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_netns_mysql.mysql.cache import cached, manifest
from pytest_netns_mysql.mysql.dialects.options import initial
from pytest_netns_mysql.mysql.kinds.local import Distribution, fetched, find
from pytest_netns_mysql.mysql.mysqld import copying, template
from pytest_netns_mysql.settings import resolve
from tests.support.suites import Suite


def _truncate(folder: Path) -> None:
    file = folder / "mysql.ibd"
    os.truncate(file, file.stat().st_size // 2)


def _zero(folder: Path) -> None:
    file = folder / "ibdata1"
    changed = file.stat().st_mtime
    file.write_bytes(bytes(file.stat().st_size))
    os.utime(file, (changed - 60, changed + 60))


def _empty(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "truncated": (_truncate, r"mysql\.ibd has \d+ bytes instead of \d+"),
    "missing": (lambda folder: (folder / "ibdata1").unlink(), "ibdata1 is missing"),
    "empty": (_empty, "it has no manifest, so it is incomplete"),
    "permissions": (lambda folder: (folder / "ibdata1").chmod(0), "ibdata1 has the mode 100000 instead of 100640"),
    "zeroed": (_zero, "ibdata1 was modified"),
    "half copied": (lambda folder: shutil.rmtree(folder / "sys"), "sys(/[^ ]*)? is missing"),
}


@pytest.fixture(scope="module")
def server() -> Distribution:
    cache = resolve().cache
    found = find("auto", cache=cache, progress=print)
    return find(str(found.mysqld), cache=cache, progress=print)  # as the inner suites name it


@pytest.fixture
def cache(server: Distribution, tmp_path: Path) -> Path:
    """Give a cache with a template of its own, a copy."""
    made = template.template(server, initial({}), cache=resolve().cache, progress=print)
    (tmp_path / "cache" / "templates").mkdir(parents=True, mode=0o700)
    copying.copy(made, tmp_path / "cache" / "templates" / made.name)
    return tmp_path / "cache"


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_template_is_seen_at_once(server: Distribution, cache: Path, kind: str) -> None:
    damage, fault = DAMAGE[kind]
    folder = template.made(server, initial({}), cache=cache)
    assert folder is not None
    damage(folder)
    assert template.made(server, initial({}), cache=cache) is None
    found = manifest.fault(folder)
    assert found is not None
    assert re.fullmatch(fault, found), found


def test_a_damaged_template_is_made_again_with_a_line(suite: Suite, server: Distribution, cache: Path) -> None:
    (folder,) = (one for one in (cache / "templates").iterdir() if one.is_dir())
    _truncate(folder)
    arguments = ["-p", "no:randomly", f"--netns-cache={cache}", f"--netns-mysqld={server.mysqld}", "-s"]
    result = suite("damaged_cache/single", *arguments)
    result.assert_outcomes(passed=1)
    said = result.stdout.str() + result.stderr.str()
    assert f"the data directory {folder} in the cache is damaged (mysql.ibd has " in said
    assert said.count("making a data directory for mysql-") == 1
    again = suite("damaged_cache/single", *arguments)
    again.assert_outcomes(passed=1)
    assert "is damaged (" not in again.stdout.str() + again.stderr.str()


def test_damage_that_shows_only_when_the_server_starts(suite: Suite, server: Distribution, cache: Path) -> None:
    """By a file system, say: the file's size and time are as they were."""
    (folder,) = (one for one in (cache / "templates").iterdir() if one.is_dir())
    file = folder / "ibdata1"
    before = file.stat()
    file.write_bytes(bytes(before.st_size))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert manifest.fault(folder) is None
    arguments = ["-p", "no:randomly", f"--netns-cache={cache}", f"--netns-mysqld={server.mysqld}", "-s"]
    result = suite("damaged_cache/single", *arguments)
    result.assert_outcomes(passed=1)
    said = result.stdout.str() + result.stderr.str()
    assert f"the data directory {folder} in the cache is damaged (the content of its files has changed)" in said


OF_SERVERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "truncated": (
        lambda folder: os.truncate(folder / "bin" / "mysqld", 4096),
        "bin/mysqld has 4096 bytes instead of ",
    ),
    "not executable": (
        lambda folder: (folder / "bin" / "mysqld").chmod(0o644),
        "its program is missing or not executable",
    ),
    "no library": (lambda folder: (folder / "lib" / "libcrypto.so.3").unlink(), "lib/libcrypto.so.3 is missing"),
}


@pytest.fixture
def own_copy(tmp_path: Path) -> Path:
    """Give a cache with a fetched server of its own, whose record says that it stands there."""
    found = fetched(resolve().cache)
    assert found is not None, "this test needs a fetched server: netns-mysql fetch"
    source = found.mysqld.parent.parent
    target = tmp_path / "cache" / "servers" / source.name
    target.parent.mkdir(parents=True, mode=0o700)
    shutil.copytree(source, target, symlinks=True)
    record = target / cached.RECORD
    record.write_text(record.read_text().replace(str(source), str(target)))
    (target / ".netns-manifest.json").unlink(missing_ok=True)
    return target


@pytest.mark.parametrize("kind", OF_SERVERS)
def test_a_damaged_server_is_named_and_makes_way_for_the_next_fetch(own_copy: Path, kind: str) -> None:
    cache = own_copy.parent.parent
    assert cached.fetched(cache, "mysql") is not None
    assert (own_copy / ".netns-manifest.json").exists()
    damage, fault = OF_SERVERS[kind]
    damage(own_copy)
    assert cached.fetched(cache, "mysql") is None
    lines: list[str] = []
    cached.drop_damaged(cache, "mysql", lines.append)
    (line,) = lines
    assert line.startswith(f"{own_copy} in the cache is damaged ({fault}")
    assert line.endswith("): it is fetched again")
    assert not (own_copy / cached.RECORD).exists()


def test_a_server_that_never_ran_here_is_run_once(own_copy: Path) -> None:
    (own_copy / "lib" / "libcrypto.so.3").unlink()
    lines: list[str] = []
    cached.drop_damaged(own_copy.parent.parent, "mysql", lines.append)
    (line,) = lines
    assert "cannot be used as mysqld: with --version it ended with exit code " in line
