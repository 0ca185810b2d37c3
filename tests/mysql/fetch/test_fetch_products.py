"""Fetching what is beside MySQL's server: MariaDB and MySQL Router, with the machine's real apt."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from pytest_netns_mysql.errors import FetchError
from pytest_netns_mysql.mysql.cache.cached import fetched
from pytest_netns_mysql.mysql.fetch.fetch import fetch
from pytest_netns_mysql.mysql.kinds import local

pytestmark = pytest.mark.skipif(
    shutil.which("apt-get") is None and "CI" not in os.environ, reason="fetching is for machines with apt"
)

PRODUCTS = {"mariadb": "mariadbd", "router": "mysqlrouter"}


def run(*command: str | Path, **options: str) -> str:
    answer = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=60, **options)  # type: ignore[call-overload]
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return str(answer.stdout)


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fetch each product once, into one empty cache."""
    cache = tmp_path_factory.mktemp("fetched") / "cache"
    for product, program in PRODUCTS.items():
        assert fetch(cache, progress=print, product=product).name == program
    return cache


@pytest.mark.parametrize("product", PRODUCTS)
def test_each_is_found_by_its_own_name(cache: Path, product: str) -> None:
    found = fetched(cache, product)
    assert found is not None
    assert found.folder.name.startswith(f"{product}-{'.'.join(map(str, found.version))}-")
    assert found.program == found.folder / "bin" / PRODUCTS[product]
    assert run(found.program, *(["--no-defaults"] if product == "mariadb" else []), "--version").strip() == (
        found.version_line
    )
    assert fetched(cache, "mysql") is None
    assert local.fetched(cache) is None


@pytest.mark.parametrize("product", PRODUCTS)
def test_what_is_in_the_cache_is_not_fetched_again(cache: Path, product: str) -> None:
    lines: list[str] = []
    found = fetched(cache, product)
    assert found is not None
    assert fetch(cache, progress=lines.append, product=product) == found.program
    assert re.fullmatch(rf"(MariaDB|MySQL Router) [0-9.]+ is in the cache already: {found.program}", lines[-1])


@pytest.mark.parametrize("product", PRODUCTS)
def test_every_library_is_the_fetched_one(cache: Path, product: str) -> None:
    found = fetched(cache, product)
    assert found is not None
    libraries = found.folder / "lib"
    loader = next(libraries.glob("ld*.so.*"))
    objects = [*(found.folder / "bin").iterdir(), *libraries.glob("*/plugin/*.so")]
    assert len(objects) > 15
    for each in objects:
        listing = run(loader, "--inhibit-cache", "--library-path", libraries, "--list", each)
        for name, path in re.findall(r"^\t(\S+) => (.+?)(?: \(0x\w+\))?$", listing, re.MULTILINE):
            assert path.startswith(str(found.folder)), f"{each.name} needs {name}, found as {path}"


def test_mariadb_makes_a_data_directory_and_serves_it(cache: Path, tmp_path: Path) -> None:
    found = fetched(cache, "mariadb")
    assert found is not None
    share = found.folder / "share" / "mysql"
    files = ("mysql_system_tables", "mysql_performance_tables", "mysql_system_tables_data", "fill_help_tables")
    # A bootstrapping server reads one statement a line.
    script = "CREATE DATABASE mysql;\nUSE mysql;\n" + "".join((share / f"{name}.sql").read_text() for name in files)
    (tmp_path / "data").mkdir()
    places = [f"--basedir={found.folder}", f"--datadir={tmp_path}/data", f"--tmpdir={tmp_path}"]
    command = [str(found.program), "--no-defaults", *(["--user=root"] if os.geteuid() == 0 else []), *places]
    run(*command, "--bootstrap", "--max-allowed-packet=8M", input=script)

    socket = tmp_path / "s"
    with subprocess.Popen([*command, "--skip-networking", f"--socket={socket}"], stderr=subprocess.DEVNULL) as server:
        try:
            deadline = time.monotonic() + 30
            while not socket.exists():
                assert time.monotonic() < deadline
                time.sleep(0.02)
            client = [str(found.folder / "bin" / "mariadb"), "--no-defaults", f"--socket={socket}", "--user=root", "-N"]
            install = "INSTALL SONAME 'auth_ed25519'; SELECT VERSION()"
            assert run(*client, "-e", install).startswith(".".join(map(str, found.version)))
            dump = [str(found.folder / "bin" / "mariadb-dump"), *client[1:-1], "mysql", "plugin"]
            assert "ed25519" in run(*dump)
        finally:
            server.kill()


def test_without_apt_the_remedies_are_those_of_the_product(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FetchError) as caught:
        fetch(tmp_path / "cache", progress=print, product="router")
    assert caught.value.remedies == (
        "install MySQL Router, so that mysqlrouter is on PATH, from your system's packages or from MySQL's own",
        "name another proxy's program: factories.proxy([...])",
    )
