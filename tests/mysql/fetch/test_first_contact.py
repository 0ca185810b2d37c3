"""The first runs of a user: what is in the cache, and what is not, changes nothing but the time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_netns_mysql import settings
from pytest_netns_mysql.run.serverkinds import ServerKinds
from tests.support.suites import InnerRun, Suite

pytestmark = pytest.mark.as_user

# The first test has the server boot early in the second run; the factories' servers are asked for in each way.


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a cache that is empty at first, and that the tests of this module leave things in or take them from."""
    cache = tmp_path_factory.mktemp("first") / "cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(cache))
        yield cache / "pytest-netns-mysql"
    shutil.rmtree(cache)


def have(home: Path, *names: str) -> None:
    """Leave only these servers in the cache: what is missing is fetched by the suite."""
    for folder in (home / "servers").glob("[!.]*"):
        if not folder.name.startswith(names):
            shutil.rmtree(folder)


def fetched(result: InnerRun) -> list[str]:
    """Return what a run fetched: it says so before the sandbox is entered, or fails."""
    titles = {"MySQL Router": "router", "MySQL": "mysql", "MariaDB": "mariadb"}
    ready = [line for line in result.outlines if line.startswith("netns-mysql: ") and " is ready after " in line]
    return sorted(next(name for title, name in titles.items() if f"netns-mysql: {title} " in line) for line in ready)


def test_every_state_of_the_cache_passes(suite: Suite, home: Path) -> None:
    """One after another, since each fetch takes seconds: empty, server and template, another product, server alone."""
    first = suite("first_contact/asks", "-k", "test_first", conftest="first_contact/asks_conftest")
    first.assert_outcomes(passed=1)
    assert fetched(first) == ["mysql"]  # what no chosen test needs is not fetched

    # Now the server boots early, before anything is fetched.
    second = suite("first_contact/asks", "--netns-start=early", conftest="first_contact/asks_conftest")
    second.assert_outcomes(passed=4)
    assert fetched(second) == ["mariadb", "router"]

    have(home, "mariadb")
    third = suite("first_contact/asks", "-k", "test_first or test_a_client", conftest="first_contact/asks_conftest")
    third.assert_outcomes(passed=2)
    assert fetched(third) == ["mysql"]

    have(home, "mysql")  # without a template
    shutil.rmtree(home / "templates")
    fourth = suite("first_contact/asks", "-k", "test_by_the_conftests_name", conftest="first_contact/asks_conftest")
    fourth.assert_outcomes(passed=1)
    assert "mariadb" in fetched(fourth)


def test_a_product_that_only_a_running_test_asks_for_must_be_fetched_before(suite: Suite, home: Path) -> None:
    have(home, "mysql")
    result = suite(
        "first_contact/asks_at_run_time",
        "-s",
        conftest="first_contact/asks_at_run_time_conftest",
    )
    result.assert_outcomes(passed=1)
    assert not {"mariadb", "router"} & set(fetched(result))
    for title, product in (("MariaDB", "mariadb"), ("MySQL Router", "router")):
        result.stdout.fnmatch_lines(
            [
                f"{title} is not on this machine, and cannot be fetched from inside the sandbox, which has no way to "
                "the package sources",
                "  tried: *",
                f"  do: run `netns-mysql fetch {product}` before pytest",
                "  do: or name the factory's fixture as an argument of a test or fixture: *",
            ]
        )


def test_with_fetch_never_nothing_is_fetched_and_the_error_says_what_is_missing(suite: Suite, tmp_path: Path) -> None:
    result = suite(
        "first_contact/programs",
        "--netns-fetch=never",
        f"--netns-cache={tmp_path / 'empty'}",
    )
    result.assert_outcomes(passed=1, errors=3)
    assert fetched(result) == []
    for title, product in (("MySQL", "mysql"), ("MariaDB", "mariadb"), ("MySQL Router", "router")):
        result.stdout.fnmatch_lines(
            [
                f"*Error: {title} is not on this machine, and netns_fetch = never: it is not fetched from *",
                "  where: command line --netns-fetch",
                "  tried: *",
                f"  do: run `netns-mysql fetch {product}`, which fetches it into the cache, once",
                "  do: set netns_fetch = auto: the run fetches it",
            ]
        )
    assert not (tmp_path / "empty").exists() or not list((tmp_path / "empty").glob("servers/*"))


def test_every_way_to_ask_is_looked_ahead_for(
    suite: Suite, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without apt the error tells where a server was looked for: outside of the sandbox, or inside."""
    server = ServerKinds(settings.resolve(settings.environment), print).find("auto")  # fetched before there is no apt
    monkeypatch.setenv("PATH", str(pytester.path))
    result = suite(
        "first_contact/every_way_to_ask",
        f"--netns-cache={pytester.path / 'cache'}",
        f"--netns-mysqld={server.name}",
        conftest="first_contact/every_way_to_ask_conftest",
    )
    output = result.stdout.str()
    assert output.count("  tried: fetch from the machine's package sources: this machine has no apt-get") >= 8
    assert "inside the sandbox" not in output
    outcomes = result.parseoutcomes()
    assert (outcomes["errors"], outcomes["failed"]) == (6, 2)


@pytest.mark.parametrize("test", ["def test_it(request):", "def test_it(ask, request):"])
def test_a_plain_test_that_asks_by_name_is_looked_ahead_for(
    suite: Suite, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, test: str
) -> None:
    monkeypatch.setenv("PATH", str(pytester.path))
    result = suite(
        f"""
        import pytest

        @pytest.fixture
        def ask(): pass

        {test}
            request.getfixturevalue("netns_mysql")
        """,
        f"--netns-cache={pytester.path / 'cache'}",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*fetch from the machine's package sources: this machine has no apt-get*"])
    result.stdout.no_fnmatch_line("*inside the sandbox*")


def test_netns_mysql_run_looks_for_its_server_before_it_enters(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "pytest_netns_mysql.cli", "run", "--mysqld", "--cache", str(tmp_path), "--", "true"],
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 1
    assert "fetch from the machine's package sources: this machine has no apt-get" in result.stderr
    assert "inside the sandbox" not in result.stderr


def test_a_run_and_a_failure_say_which_server_they_are_on(suite: Suite) -> None:
    result = suite("first_contact/failing")
    result.assert_outcomes(failed=1)
    server = r"MySQL \d+\.\d+\.\d+"
    place = r"\(/.*/mysqld(, fetched from \S+ \w+)?\)"
    result.stdout.re_match_lines([rf"netns: auto is {server} {place}", r"-+ netns -+", rf" +mysqld: {server} at .*"])


def test_a_run_without_a_server_prints_no_server(suite: Suite) -> None:
    result = suite("def test_it(netns): pass\ndef test_plain(): pass")
    result.assert_outcomes(passed=2)
    result.stdout.no_fnmatch_line("*MySQL*")
