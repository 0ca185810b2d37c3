"""Which mysqld is used, and what the others are refused for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_netns_mysql.errors import ServerNotFoundError, ServerVersionError
from pytest_netns_mysql.mysql.kinds.local import Distribution, distribution, fetched, find, identify
from pytest_netns_mysql.mysql.versions import parse_version_line

DEBIAN = "/usr/sbin/mysqld  Ver 9.7.4-2 for Linux on x86_64 ((Debian))"
MARIADB = "mysqld  Ver 10.11.6-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)"
OLD = "mysqld  Ver 5.7.44 for Linux on x86_64 (MySQL Community Server (GPL))"


def program(path: Path, line: str, status: int = 0) -> Path:
    """Write a program that prints a version line, and one more line in the file beside it for each run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\necho run >> "{path}.runs"\necho "{line}"\nexit {status}\n')
    path.chmod(0o755)
    return path


def in_cache(cache: Path, name: str, line: str, **changes: str) -> Path:
    """Make a folder that looks like a fetched server."""
    folder = cache / "servers" / name
    program(folder / "bin" / "mysqld", line)
    record = {"folder": str(folder), "machine": os.uname().machine, "version_line": line, **changes}
    (folder / "server.json").write_text(json.dumps(record))
    return folder / "bin" / "mysqld"


def silent(line: str) -> None:
    raise AssertionError(f"nothing is fetched here, but: {line}")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder that is all of PATH, and hide the folders beyond it."""
    folder = tmp_path / "path"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr("pytest_netns_mysql.mysql.kinds.local._USUAL_FOLDERS", ())
    return folder


@pytest.mark.parametrize(
    ("line", "flavor", "version"),
    [
        ("/usr/sbin/mysqld  Ver 8.0.36 for Linux on x86_64 (MySQL Community Server - GPL)", "mysql", (8, 0, 36)),
        ("/usr/sbin/mysqld  Ver 8.4.3 for Linux on aarch64 (MySQL Community Server - GPL)", "mysql", (8, 4, 3)),
        ("/usr/sbin/mysqld  Ver 9.1.0 for Linux on x86_64 (MySQL Community Server - GPL)", "mysql", (9, 1, 0)),
        ("/usr/local/mysql/bin/mysqld  Ver 8.0.22 for linux-glibc2.12 on x86_64 (MySQL Community Server - GPL)",
         "mysql", (8, 0, 22)),
        ("/opt/mysql-commercial-8.4.4/bin/mysqld  Ver 8.4.4-commercial for Linux on x86_64 "
         "(MySQL Enterprise Server - Commercial)", "mysql", (8, 4, 4)),
        ("/usr/sbin/mysqld  Ver 8.0.36-0ubuntu0.22.04.1 for Linux on x86_64 ((Ubuntu))", "mysql", (8, 0, 36)),
        (DEBIAN, "mysql", (9, 7, 4)),
        ("mysqld  Ver 8.0.36-debug for Linux on x86_64 (MySQL Community Server - GPL - Debug)", "mysql", (8, 0, 36)),
        ("mysqld-debug  Ver 9.0.1-debug for Linux on x86_64 (Source distribution)", "mysql", (9, 0, 1)),
        ("/usr/sbin/mysqld  Ver 8.0.35-27 for Linux on x86_64 (Percona Server (GPL), Release 27, Revision 2f8eeab2)",
         "percona", (8, 0, 35)),
        (OLD, "mysql", (5, 7, 44)),
        ("mysqld  Ver 5.7.42-0ubuntu0.18.04.1 for Linux on x86_64 ((Ubuntu))", "mysql", (5, 7, 42)),
        (MARIADB, "mariadb", (10, 11, 6)),
        ("/usr/sbin/mariadbd  Ver 11.4.2-MariaDB-ubu2404 for debian-linux-gnu on x86_64 "
         "(mariadb.org binary distribution)", "mariadb", (11, 4, 2)),
    ],
)  # fmt: skip
def test_a_version_line_is_read(line: str, flavor: str, version: tuple[int, int, int]) -> None:
    assert parse_version_line(line) == (flavor, version)


def test_a_line_that_is_no_version_is_refused() -> None:
    with pytest.raises(ServerVersionError) as caught:
        parse_version_line("Usage: mysqld [OPTIONS]")
    assert str(caught.value) == "no version was found in the output of mysqld --version: 'Usage: mysqld [OPTIONS]'"


def test_the_first_version_with_namespaces_is_taken_and_the_one_before_refused() -> None:
    line = "mysqld  Ver 8.0.{} for Linux on x86_64 (MySQL Community Server - GPL)"
    mysqld = Path("/usr/sbin/mysqld")
    assert distribution(mysqld, line.format(22)) == Distribution(mysqld, (8, 0, 22), line.format(22), "mysql")
    with pytest.raises(ServerVersionError, match=r"is MySQL 8\.0\.21: network namespace support came with 8\.0\.22"):
        distribution(mysqld, line.format(21))


def test_identify_asks_the_program(tmp_path: Path) -> None:
    mysqld = program(tmp_path / "mysqld", DEBIAN)
    assert identify(mysqld) == Distribution(mysqld, (9, 7, 4), DEBIAN, "mysql")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (MARIADB, "is MariaDB 10.11.6: MariaDB has no addr/ns of its own"),
        (OLD, "is MySQL 5.7.44: network namespace support came with 8.0.22"),
    ],
)
def test_identify_refuses_a_server_without_namespaces(tmp_path: Path, line: str, reason: str) -> None:
    mysqld = program(tmp_path / "mysqld", line)
    with pytest.raises(ServerVersionError) as caught:
        identify(mysqld)
    assert str(caught.value).splitlines()[:2] == [f"{mysqld} {reason}", f"  tried: {line}"]


def test_identify_tells_of_a_program_that_fails(tmp_path: Path) -> None:
    mysqld = program(tmp_path / "mysqld", "", status=127)
    with pytest.raises(ServerNotFoundError, match=r"mysqld cannot be used as mysqld: .* it ended with exit code 127"):
        identify(mysqld)


def test_identify_tells_of_a_program_that_does_not_run(tmp_path: Path) -> None:
    mysqld = tmp_path / "mysqld"
    mysqld.write_bytes(b"\x7fELF")
    mysqld.chmod(0o755)
    with pytest.raises(ServerNotFoundError, match=r"does not run: .*Exec format error"):
        identify(mysqld)


def test_a_named_mysqld_is_taken(tmp_path: Path, cache: Path) -> None:
    mysqld = program(tmp_path / "base" / "bin" / "mysqld", DEBIAN)
    assert find(str(mysqld), cache=cache, progress=silent).mysqld == mysqld


@pytest.mark.parametrize("folder", ["bin", "sbin", "libexec"])
def test_a_named_basedir_is_looked_into(tmp_path: Path, cache: Path, folder: str) -> None:
    mysqld = program(tmp_path / "base" / folder / "mysqld", DEBIAN)
    server = find(str(tmp_path / "base"), cache=cache, progress=silent)
    assert (server.mysqld, server.basedir) == (mysqld, tmp_path / "base")


def test_a_relative_name_becomes_absolute(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mysqld = program(tmp_path / "bin" / "mysqld", DEBIAN)
    monkeypatch.chdir(tmp_path)
    assert find("bin/mysqld", cache=cache, progress=silent).mysqld == mysqld


def test_a_named_path_must_exist(tmp_path: Path, cache: Path) -> None:
    with pytest.raises(ServerNotFoundError) as caught:
        find(f"{tmp_path}/none", cache=cache, progress=silent)
    assert str(caught.value) == (
        f"{tmp_path}/none does not exist\n"
        f"  where: netns_mysqld = {tmp_path}/none\n"
        "  do: name a mysqld, or the folder that holds bin/mysqld\n"
        "  do: netns_mysqld = auto"
    )


def test_a_named_path_must_be_executable(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "mysqld").write_text(DEBIAN)
    with pytest.raises(ServerNotFoundError, match="mysqld is not executable"):
        find(str(tmp_path / "mysqld"), cache=cache, progress=silent)


def test_a_named_folder_must_hold_a_mysqld(tmp_path: Path, cache: Path) -> None:
    with pytest.raises(ServerNotFoundError) as caught:
        find(str(tmp_path), cache=cache, progress=silent)
    assert caught.value.what == f"there is no mysqld in the folder {tmp_path}"
    assert caught.value.tried == tuple(
        f"{tmp_path}/{folder}/{name}" for name in ("mysqld", "mariadbd") for folder in ("bin", "sbin", "libexec")
    )


def test_auto_takes_the_one_on_path(on_path: Path, cache: Path) -> None:
    in_cache(cache, "mysql-9.9.9-0", DEBIAN.replace("9.7.4", "9.9.9"))
    mysqld = program(on_path / "mysqld", DEBIAN)
    assert find("auto", cache=cache, progress=silent).mysqld == mysqld


def test_auto_looks_beyond_path(on_path: Path, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mysqld = program(tmp_path / "usr" / "sbin" / "mysqld", DEBIAN)
    monkeypatch.setattr("pytest_netns_mysql.mysql.kinds.local._USUAL_FOLDERS", (str(mysqld.parent),))
    assert find("auto", cache=cache, progress=silent).mysqld == mysqld


def test_auto_passes_over_what_cannot_do_it(
    on_path: Path, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(on_path / "mysqld", MARIADB)
    mysqld = program(tmp_path / "second" / "mysqld", DEBIAN)
    monkeypatch.setenv("PATH", f"{on_path}:{mysqld.parent}")
    assert find("auto", cache=cache, progress=silent).mysqld == mysqld


def test_auto_takes_the_newest_of_the_cache(on_path: Path, cache: Path) -> None:
    in_cache(cache, "mysql-8.0.36-0", DEBIAN.replace("9.7.4", "8.0.36"))
    newest = in_cache(cache, "mysql-9.10.0-0", DEBIAN.replace("9.7.4", "9.10.0"))
    in_cache(cache, "mysql-9.7.4-0", DEBIAN)
    assert find("auto", cache=cache, progress=silent).mysqld == newest


@pytest.mark.parametrize(
    "changes", [{"folder": "/elsewhere"}, {"machine": "vax"}, {"version_line": OLD}, {"version_line": ""}]
)
def test_a_server_made_for_another_path_or_machine_is_ignored(cache: Path, changes: dict[str, str]) -> None:
    in_cache(cache, "mysql-9.7.4-0", DEBIAN, **changes)
    assert fetched(cache) is None


def test_an_incomplete_server_is_ignored(cache: Path) -> None:
    mysqld = in_cache(cache, "mysql-9.7.4-0", DEBIAN)
    record = mysqld.parent.parent / "server.json"
    record.write_text(record.read_text()[:20])
    assert fetched(cache) is None
    record.unlink()
    assert fetched(cache) is None


def test_auto_names_everything_it_looked_for(on_path: Path, cache: Path) -> None:
    program(on_path / "mysqld", MARIADB)
    with pytest.raises(ServerNotFoundError) as caught:
        find("auto", cache=cache, progress=print)
    assert str(caught.value) == (
        "no mysqld was found that supports network namespaces (MySQL 8.0.22 or newer)\n"
        "  where: netns_mysqld = auto\n"
        f"  tried: {on_path}/mysqld is MariaDB 10.11.6: MariaDB has no addr/ns of its own\n"
        f"  tried: a mysqld in {on_path}\n"
        f"  tried: {cache}/servers: no server fetched earlier\n"
        "  tried: fetch from the machine's package sources: "
        "this machine has no apt-get: fetching works where packages come by apt\n"
        f"  tried: apt-get in PATH={on_path}\n"
        "  do: install MySQL 8.0.22 or newer, from your system's packages or from MySQL's own\n"
        "  do: name a server: netns_mysqld = /path/to/mysqld\n"
        "  do: run `netns-mysql fetch` where the machine's package sources can be reached"
    )


def test_an_installed_server_is_asked_once_until_it_changes(on_path: Path, cache: Path) -> None:
    mysqld = program(on_path / "mysqld", DEBIAN)
    runs = Path(f"{mysqld}.runs")
    for _ in range(3):
        assert find("auto", cache=cache, progress=silent).version == (9, 7, 4)
    assert runs.read_text() == "run\n"
    program(mysqld, DEBIAN.replace("9.7.4", "9.10.0"))
    assert find("auto", cache=cache, progress=silent).version == (9, 10, 0)
    assert runs.read_text() == "run\nrun\n"


def test_a_cache_that_cannot_be_written_costs_only_time(on_path: Path, tmp_path: Path) -> None:
    program(on_path / "mysqld", DEBIAN)
    (tmp_path / "file").touch()
    assert find("auto", cache=tmp_path / "file" / "cache", progress=silent).version == (9, 7, 4)


def test_a_warm_find_runs_no_program(on_path: Path, cache: Path) -> None:
    in_cache(cache, "mysql-9.7.4-0", DEBIAN)
    program(on_path / "mysqld", MARIADB)
    started: list[str] = []
    starts = ("os.fork", "os.posix_spawn", "os.exec", "subprocess.Popen")
    # Nothing removes the hook again; behind this test nobody reads the list.
    sys.addaudithook(lambda event, _: started.append(event) if event in starts else None)
    first = find("auto", cache=cache, progress=silent)
    assert started, "the cold find runs the program for its version"
    started.clear()
    assert find("auto", cache=cache, progress=silent).name == first.name
    assert started == []


def test_a_program_is_found_beside_then_in_bin_then_on_path(tmp_path: Path, on_path: Path) -> None:
    server = distribution(program(tmp_path / "base" / "sbin" / "mysqld", DEBIAN), DEBIAN)
    assert server.program("mysql") is None
    third = program(on_path / "mysql", "")
    assert server.program("mysql") == third
    second = program(tmp_path / "base" / "bin" / "mysql", "")
    assert server.program("mysql") == second
    first = program(tmp_path / "base" / "sbin" / "mysql", "")
    assert server.program("mysql") == first


def test_the_module_imports_little() -> None:
    """A warm run pays for these imports at every start."""
    heavy = ["asyncio", "urllib.request", "subprocess", "tempfile"]
    code = f"import sys; import pytest_netns_mysql.mysql.kinds.local; print([m for m in {heavy} if m in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert (answer.stdout, answer.stderr) == ("[]\n", "")
