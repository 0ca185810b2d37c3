"""`netns-mysql cache`: what lies there, and clearing it while nobody uses it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import filelock
import pytest

from pytest_netns_mysql import settings
from pytest_netns_mysql.mysql.cache import contents
from pytest_netns_mysql.mysql.cache.contents import Entry

COMMAND = [sys.executable, "-m", "pytest_netns_mysql.cli"]


def netns_mysql(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache with an entry of each kind."""
    cache = tmp_path / "cache"
    for folder in ("servers/mysql-9.7.4-aaaaaaaa/bin", "templates/mysql-9.7.4-bbbb", "seeds/mysql-9.7.4-bbbb-cccc"):
        (cache / folder).mkdir(parents=True)
        (cache / folder / "file").write_bytes(b"x" * 3_000_000)
    (cache / "templates" / "mysql-9.7.4-bbbb.lock").touch()
    (cache / "states").mkdir()
    (cache / "states" / "mysql-9.7.4-bbbb-dddd.json").write_text("{}")
    return cache


def names(cache: Path) -> list[str]:
    return [f"{entry.kind}/{entry.name}" for entry in contents.entries(cache)]


def test_the_list_shows_sizes_and_a_sum(cache: Path) -> None:
    result = netns_mysql("cache", "--cache", str(cache))
    header, *rows, total = result.stdout.splitlines()
    assert header.split("  ")[0] == "WHAT"
    assert [row.split()[:2] for row in rows] == [
        ["servers", "mysql-9.7.4-aaaaaaaa"],
        ["templates", "mysql-9.7.4-bbbb"],
        ["seeds", "mysql-9.7.4-bbbb-cccc"],
        ["states", "mysql-9.7.4-bbbb-dddd.json"],
    ]
    assert all(re.search(r" \d\S* (B|KiB|MiB) +\d{4}-\d\d-\d\d$", row) for row in rows)
    assert rows[0].split()[2:4] == ["2.9", "MiB"]
    assert total == f"8.6 MiB in {cache}"
    shown = json.loads(netns_mysql("cache", "--json", "--cache", str(cache)).stdout)
    assert shown["folder"] == str(cache)
    assert [entry["name"] for entry in shown["entries"]] == [row.split()[1] for row in rows]
    assert 3_000_000 <= shown["entries"][0]["bytes"] < 3_100_000


def test_the_cache_of_this_user_has_the_server_that_tests_use() -> None:
    shown = json.loads(netns_mysql("cache", "--json").stdout)
    assert shown["folder"] == str(settings.resolve().cache)
    assert {entry["what"] for entry in shown["entries"]} <= set(contents.KINDS)


def test_clearing_takes_kinds_and_names(cache: Path) -> None:
    result = netns_mysql("cache", "clear", "states", "mysql-9.7.4-bbbb", "--cache", str(cache))
    assert result.returncode == 0
    assert result.stdout == (
        "removed: templates/mysql-9.7.4-bbbb, 2.9 MiB\nremoved: states/mysql-9.7.4-bbbb-dddd.json, 4.0 KiB\n"
    )
    assert names(cache) == ["servers/mysql-9.7.4-aaaaaaaa", "seeds/mysql-9.7.4-bbbb-cccc"]
    result = netns_mysql("cache", "clear", "--json", "--cache", str(cache))
    assert json.loads(result.stdout) == {
        "removed": ["servers/mysql-9.7.4-aaaaaaaa", "seeds/mysql-9.7.4-bbbb-cccc"],
        "kept": {},
    }
    assert names(cache) == []
    assert netns_mysql("cache", "clear", "--cache", str(cache)).stdout == "the cache is empty\n"
    assert netns_mysql("cache", "--cache", str(cache)).stdout == f"0 B in {cache}\n"


def test_an_unknown_name_is_an_error(cache: Path) -> None:
    result = netns_mysql("cache", "clear", "mysql-5.7", "--cache", str(cache))
    assert (result.returncode, result.stderr) == (
        1,
        "netns-mysql: the cache has no 'mysql-5.7'\n"
        "  where: netns-mysql cache clear\n"
        "  do: write servers, templates, seeds, states, or a name that `netns-mysql cache` shows\n",
    )
    assert len(names(cache)) == 4


def test_what_another_process_makes_or_runs_is_kept(cache: Path) -> None:
    program = cache / "servers" / "mysql-9.7.4-aaaaaaaa" / "bin" / "mysqld"
    shutil.copy(shutil.which("sleep") or "", program)
    with subprocess.Popen([program, "60"]) as process, filelock.FileLock(cache / "templates/mysql-9.7.4-bbbb.lock"):
        result = netns_mysql("cache", "clear", "--cache", str(cache))
        process.kill()
    assert result.returncode == 1
    kept, making, *removed = result.stdout.splitlines()
    assert kept == f"kept: servers/mysql-9.7.4-aaaaaaaa: process {process.pid} runs a program in it"
    assert making == "kept: templates/mysql-9.7.4-bbbb: another process is making it"
    assert [line.split(":")[0] for line in removed] == ["removed", "removed"]
    assert names(cache) == ["servers/mysql-9.7.4-aaaaaaaa", "templates/mysql-9.7.4-bbbb"]


def test_what_a_session_uses_is_kept(cache: Path) -> None:
    """Also the data directory, from which a session may start another server at any time."""
    used = settings.resolve().cache
    command = [*COMMAND, "run", "--mysqld", "--", *COMMAND, "cache", "clear", "templates", "--cache"]
    # A copy has the same names, and is no file of that session.
    (cache / "templates" / _template(used)).mkdir()
    result = subprocess.run([*command, str(cache)], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    result = subprocess.run([*command[:-2], _template(used)], capture_output=True, text=True)
    assert result.returncode == 1
    assert re.fullmatch(rf"kept: templates/{_template(used)}: process \d+ uses it for its servers\n", result.stdout)


def _template(cache: Path) -> str:
    subprocess.run([*COMMAND, "run", "--mysqld", "--", "true"], capture_output=True, check=True)
    found = [entry.name for entry in contents.entries(cache) if entry.kind == "templates"]
    return next(name for name in found if name.startswith("mysql-"))


def test_what_comes_into_use_while_it_is_removed_gets_its_name_back(cache: Path) -> None:
    (entry,) = (each for each in contents.entries(cache) if each.kind == "servers")

    def in_use(_: Entry, path: Path) -> str | None:
        return None if path == entry.path else "somebody came"

    assert contents.remove(entry, in_use) == "somebody came"
    assert (entry.path / "bin" / "file").exists()
    assert contents.remove(entry, lambda *_: None) is None
    assert [path.name for path in entry.path.parent.iterdir()] == [".lock"]


def test_folders_that_nobody_may_write_to_are_removed(cache: Path) -> None:
    folder = cache / "templates" / "mysql-9.7.4-bbbb"
    (folder / "inside").mkdir()
    (folder / "inside" / "file").touch()
    (folder / "link").symlink_to(cache / "seeds")
    (folder / "inside").chmod(0o500)
    folder.chmod(0o500)
    assert netns_mysql("cache", "clear", "templates", "--cache", str(cache)).returncode == 0
    assert names(cache)[1] == "seeds/mysql-9.7.4-bbbb-cccc"
    assert (cache / "seeds" / "mysql-9.7.4-bbbb-cccc" / "file").exists()
