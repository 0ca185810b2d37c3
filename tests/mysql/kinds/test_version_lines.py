"""Version lines that servers from packages, tarballs and images print for --version."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_netns_mysql.errors import ServerNotFoundError, ServerVersionError
from pytest_netns_mysql.mysql.kinds.local import distribution, find
from pytest_netns_mysql.mysql.versions import parse_version_line

MYSQL = [
    # Oracle's packages, tarballs and images: 8.0, 8.4, 9.x
    ("/usr/sbin/mysqld  Ver 8.0.40 for Linux on x86_64 (MySQL Community Server - GPL)", (8, 0, 40)),
    ("/opt/mysql-8.0.40-linux-glibc2.28-x86_64/bin/mysqld  Ver 8.0.40 for Linux on x86_64 "
     "(MySQL Community Server - GPL)", (8, 0, 40)),
    ("mysqld  Ver 8.4.3 for Linux on x86_64 (MySQL Community Server - GPL)", (8, 4, 3)),
    ("/usr/sbin/mysqld  Ver 9.7.2 for Linux on aarch64 (MySQL Community Server - GPL)", (9, 7, 2)),
    ("mysqld  Ver 26.7.1 for Linux on x86_64 (MySQL Community Server - GPL)", (26, 7, 1)),
    ("/usr/sbin/mysqld  Ver 8.4.4-commercial for Linux on x86_64 (MySQL Enterprise Server - Commercial)", (8, 4, 4)),
    ("/usr/sbin/mysqld-debug  Ver 8.0.36-debug for Linux on x86_64 (MySQL Community Server - GPL - Debug)",
     (8, 0, 36)),
    # NDB Cluster
    ("/usr/sbin/mysqld  Ver 8.0.36-cluster for Linux on x86_64 (MySQL Cluster Community Server - GPL)", (8, 0, 36)),
    ("mysqld  Ver 8.0.44-cluster for Linux on x86_64 (Source distribution)", (8, 0, 44)),
    # distributions' own
    ("/usr/sbin/mysqld  Ver 8.0.40-0ubuntu0.22.04.1 for Linux on x86_64 ((Ubuntu))", (8, 0, 40)),
    ("/usr/sbin/mysqld  Ver 8.0.39-0ubuntu0.24.04.2 for Linux on x86_64 ((Ubuntu))", (8, 0, 39)),
    ("/usr/libexec/mysqld  Ver 8.0.30 for Linux on x86_64 (Source distribution)", (8, 0, 30)),
]  # fmt: skip
PERCONA = [
    ("/usr/sbin/mysqld  Ver 8.0.18-9 for Linux on x86_64 (Percona Server (GPL), Release 9, Revision 53e606f)",
     (8, 0, 18)),
    ("mysqld  Ver 8.0.36-28 for Linux on x86_64 (Percona Server (GPL), Release 28, Revision 47601f19)", (8, 0, 36)),
    ("/usr/sbin/mysqld  Ver 8.0.44-35 for Linux on x86_64 (Percona Server (GPL), Release '35', Revision '20f82371')",
     (8, 0, 44)),
    ("/usr/sbin/mysqld  Ver 8.4.7-7 for Linux on aarch64 (Percona Server (GPL), Release 7, Revision 9a19f1fd)",
     (8, 4, 7)),
    ("/usr/sbin/mysqld  Ver 9.7.2-2 for Linux on x86_64 (Percona Server (GPL), Release '2')", (9, 7, 2)),
    # XtraDB Cluster
    ("mysqld  Ver 8.0.36-28.1 for Linux on x86_64 (Percona XtraDB Cluster (GPL), Release rel28, Revision bfb687f, "
     "WSREP version 26.1.4.3)", (8, 0, 36)),
    ("mysqld  Ver 5.5.39-36.0-55 for Linux on x86_64 (Percona XtraDB Cluster (GPL), Release rel36.0, Revision 824, "
     "WSREP version 25.11, wsrep_25.11.r4023)", (5, 5, 39)),
]  # fmt: skip
MARIADB = [
    ("mariadbd  Ver 10.11.6-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)", (10, 11, 6)),
    ("mysqld  Ver 10.5.16-MariaDB for Linux on x86_64 (MariaDB Server)", (10, 5, 16)),
    ("/usr/sbin/mariadbd  Ver 10.11.8-MariaDB-0ubuntu0.24.04.1 for debian-linux-gnu on x86_64 (Ubuntu 24.04)",
     (10, 11, 8)),
    ("mariadbd  Ver 11.4.2-MariaDB-ubu2404 for debian-linux-gnu on x86_64 (mariadb.org binary distribution)",
     (11, 4, 2)),
    ("/usr/bin/mariadbd  Ver 11.8.6-MariaDB-log for Linux on x86_64 (Source distribution)", (11, 8, 6)),
    ("mariadbd  Ver 12.2.2-MariaDB for linux-systemd on x86_64 (MariaDB Server)", (12, 2, 2)),
]  # fmt: skip
LINES = [
    pytest.param(line, flavor, version, id=f"{flavor}-{number}")
    for flavor, lines in (("mysql", MYSQL), ("percona", PERCONA), ("mariadb", MARIADB))
    for number, (line, version) in enumerate(lines)
]


@pytest.mark.parametrize(("line", "flavor", "version"), LINES)
def test_version_lines_of_real_servers_are_read(line: str, flavor: str, version: tuple[int, int, int]) -> None:
    assert parse_version_line(line) == (flavor, version)


@pytest.mark.parametrize("path", ["/srv/from-mariadb-to-mysql/bin/mysqld", "/home/percona/bin/mysqld"])
def test_a_name_in_the_path_does_not_decide_the_flavor(path: str) -> None:
    line = f"{path}  Ver 8.4.3 for Linux on x86_64 (MySQL Community Server - GPL)"
    assert parse_version_line(line) == ("mysql", (8, 4, 3))


@pytest.mark.parametrize("line", [MYSQL[1][0], MYSQL[7][0], PERCONA[1][0], PERCONA[4][0]])
@pytest.mark.parametrize("place", ["on PATH", "by path", "by basedir"])
def test_servers_with_these_version_lines_are_found(
    line: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tarball's mysqld is in bin, a package's on PATH."""
    mysqld = tmp_path / "mysql" / "bin" / "mysqld"
    mysqld.parent.mkdir(parents=True)
    mysqld.write_text(f'#!/bin/sh\necho "{line}"\n')
    mysqld.chmod(0o755)
    monkeypatch.setenv("PATH", str(mysqld.parent))
    setting = {"on PATH": "auto", "by path": str(mysqld), "by basedir": str(tmp_path / "mysql")}[place]
    found = find(setting, cache=tmp_path / "cache", progress=print)
    assert (found.mysqld, found.version_line) == (mysqld, line)
    assert (found.flavor, found.version) == parse_version_line(line)


def test_an_old_server_is_refused_with_its_version() -> None:
    with pytest.raises(ServerVersionError, match=r"is MySQL 8\.0\.18: network namespace support came with 8\.0\.22"):
        distribution(Path("/usr/sbin/mysqld"), PERCONA[0][0])


def test_another_program_called_mysqld_is_refused() -> None:
    with pytest.raises(ServerNotFoundError, match="no version was found in the output of mysqld --version: 'mysqld 1'"):
        parse_version_line("mysqld 1")
