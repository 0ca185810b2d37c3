"""Finding MariaDB and its programs."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pytest_netns_mysql.errors import ServerNotFoundError, ServerStartError, ServerVersionError
from pytest_netns_mysql.mysql.choice import Finder
from pytest_netns_mysql.mysql.kinds.local import find
from pytest_netns_mysql.mysql.kinds.mariadb import MariaDB
from pytest_netns_mysql.mysql.mysqld.kind import label

LINE = "mariadbd  Ver 11.4.2-MariaDB-ubu2404 for debian-linux-gnu on x86_64 (mariadb.org binary distribution)"
OLD = "mysqld  Ver 10.5.9-MariaDB for Linux on x86_64 (Source distribution)"


def program(path: Path, line: str = LINE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\necho "{line}"\n')
    path.chmod(0o755)
    return path


def silent(line: str) -> None:
    raise AssertionError(f"nothing is fetched here, but: {line}")


@pytest.fixture
def finder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Finder:
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setattr("pytest_netns_mysql.mysql.kinds.local._USUAL_FOLDERS", ())
    return Finder(tmp_path / "cache", silent)


@pytest.mark.parametrize("name", ["mariadbd", "mysqld"])
def test_a_path_names_a_mariadb(finder: Finder, tmp_path: Path, name: str) -> None:
    mariadbd = program(tmp_path / "base" / "sbin" / name)
    for choice in (mariadbd, tmp_path / "base"):
        found = finder.find(str(choice))
        assert found == MariaDB(mariadbd, (11, 4, 2), LINE)
        assert label(found) == "mariadb-11.4.2"


def test_mariadb_is_found_on_path(finder: Finder, tmp_path: Path) -> None:
    mariadbd = program(tmp_path / "path" / "mariadbd")
    assert finder.find("mariadb") == MariaDB(mariadbd, (11, 4, 2), LINE)


def test_mariadb_is_found_in_the_cache(finder: Finder, tmp_path: Path) -> None:
    program(tmp_path / "path" / "mariadbd", OLD)
    folder = tmp_path / "cache" / "servers" / "mariadb-11.4.2-0"
    record = {"product": "mariadb", "program": "mariadbd", "folder": str(folder), "version_line": LINE}
    mariadbd = program(folder / "bin" / "mariadbd")
    (folder / "server.json").write_text(json.dumps({**record, "machine": os.uname().machine}))
    assert finder.look("mariadb") == MariaDB(mariadbd, (11, 4, 2), LINE)


def test_look_returns_none_without_a_mariadb(finder: Finder) -> None:
    assert finder.look("mariadb") is None


def test_an_old_mariadb_is_refused(finder: Finder, tmp_path: Path) -> None:
    mariadbd = program(tmp_path / "mariadbd", OLD)
    with pytest.raises(ServerVersionError) as caught:
        finder.find(str(mariadbd))
    assert str(caught.value).splitlines()[:2] == [
        f"{mariadbd} is MariaDB 10.5.9: the first version that can inherit listening sockets is 10.6.0",
        f"  tried: {OLD}",
    ]


def test_auto_does_not_take_mariadb_and_says_how_to_name_it(
    finder: Finder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mariadbd = program(tmp_path / "path" / "mysqld")
    with pytest.raises(ServerNotFoundError) as caught:
        find("auto", cache=tmp_path / "cache", progress=lambda _: None)  # no apt on this PATH
    assert f"{mariadbd} is MariaDB 11.4.2: MariaDB has no addr/ns of its own" in caught.value.tried
    assert finder.look("auto") is None


def test_without_apt_mariadb_is_not_found(finder: Finder, tmp_path: Path) -> None:
    with pytest.raises(ServerNotFoundError) as caught:
        Finder(finder.cache, lambda _: None).find("mariadb")
    assert str(caught.value).startswith("no MariaDB was found\n  where: netns_mysqld = mariadb\n")
    assert "name a server: netns_mysqld = /path/to/mariadbd" in caught.value.remedies


def test_programs_are_found_by_the_names_of_mysql_and_mariadb(tmp_path: Path, finder: Finder) -> None:
    server = finder.find(str(program(tmp_path / "bin" / "mariadbd")))
    for name in ("mariadb", "mariadb-dump", "mariadb-admin", "mysql", "mysqlshow"):
        program(tmp_path / "bin" / name)
    names = {"mysql": "mariadb", "mysqldump": "mariadb-dump", "mysqladmin": "mariadb-admin", "mysqlshow": "mysqlshow"}
    for name, own in {**names, "mariadb-dump": "mariadb-dump"}.items():
        assert server.program(name) == tmp_path / "bin" / own


def test_a_package_without_scripts_cannot_make_data(tmp_path: Path, finder: Finder) -> None:
    server = finder.find(str(program(tmp_path / "base" / "bin" / "mariadbd")))
    assert server.startable is not None
    with pytest.raises(ServerStartError, match=r"MariaDB's script mariadb_system_tables\.sql was not found"):
        server.startable.initialize({}, tmp_path / "data", print)
