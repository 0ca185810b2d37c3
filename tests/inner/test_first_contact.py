"""The first runs of a user: what is in the cache, and what is not, changes nothing but the time."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Suite = Callable[..., pytest.RunResult]

# The first test has the server boot early in the second run; the factories' servers are asked for in each way.
SUITE = """
    import pytest
    from pytest_netns_mysql import factories

    client = factories.client("by_need", namespace="blue")
    in_front = factories.router("by_name", namespace="blue", port=6447)

    @pytest.mark.netns("red")
    def test_first(netns_mysql):
        pass

    @pytest.mark.netns("blue")
    def test_a_client_of_another_server(client):
        assert client.is_connected()

    @pytest.mark.netns("blue")
    def test_by_the_conftests_name(ask):
        assert ask("by_name").version

    @pytest.mark.netns("blue")
    def test_in_front_of_one_by_name(request):
        assert request.getfixturevalue("in_front").pid
"""
CONFTEST = """
    import pytest
    from pytest_netns_mysql import factories

    by_need = factories.mysqld(bind_address="192.0.2.2/red", options={"port": 3307}, mysqld="mariadb")
    by_name = factories.mysqld(bind_address="192.0.2.2/red", options={"port": 3308}, mysqld="mariadb")

    @pytest.fixture
    def ask(request):
        return request.getfixturevalue
"""


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


def fetched(result: pytest.RunResult) -> list[str]:
    """Return what a run fetched: it says so before the sandbox is entered, or fails."""
    titles = {"MySQL Router": "router", "MySQL": "mysql", "MariaDB": "mariadb"}
    ready = [line for line in result.outlines if line.startswith("netns-mysql: ") and " is ready after " in line]
    return sorted(next(name for title, name in titles.items() if f"netns-mysql: {title} " in line) for line in ready)


def test_every_state_of_the_cache_passes(suite: Suite, home: Path) -> None:
    """One after another, since each fetch takes seconds: empty, server and template, another product, server alone."""
    first = suite(SUITE, "-k", "test_first", conftest=CONFTEST)
    first.assert_outcomes(passed=1)
    assert fetched(first) == ["mysql"]  # what no chosen test needs is not fetched

    # Now the server boots early, before anything is fetched.
    second = suite(SUITE, "--netns-start=early", conftest=CONFTEST)
    second.assert_outcomes(passed=4)
    assert fetched(second) == ["mariadb", "router"]

    have(home, "mariadb")
    third = suite(SUITE, "-k", "test_first or test_a_client", conftest=CONFTEST)
    third.assert_outcomes(passed=2)
    assert fetched(third) == ["mysql"]

    have(home, "mysql")  # without a template
    shutil.rmtree(home / "templates")
    fourth = suite(SUITE, "-k", "test_by_the_conftests_name", conftest=CONFTEST)
    fourth.assert_outcomes(passed=1)
    assert "mariadb" in fetched(fourth)


def test_what_no_collection_can_know_is_told_to_be_fetched_before(suite: Suite, home: Path) -> None:
    have(home, "mysql")
    result = suite(
        """
        import pytest

        @pytest.mark.netns("red")
        def test_it(netns_mysqld):
            pass
        """,
        "-s",
        conftest="""
        import pytest
        from pytest_netns_mysql import factories

        server = factories.mysqld(options={"port": 3307}, mysqld="mariadb", scope="function")
        between = factories.router(namespace="red", scope="function")

        @pytest.hookimpl(trylast=True)
        def pytest_runtest_call(item):
            for name in ("server", "between"):
                with pytest.raises(Exception) as error:
                    item._request.getfixturevalue(name)
                print(f"\\n{error.value}")
        """,
    )
    result.assert_outcomes(passed=1)
    assert fetched(result) == []
    for title, product in (("MariaDB", "mariadb"), ("MySQL Router", "router")):
        result.stdout.fnmatch_lines(
            [
                f"{title} is not on this machine, and cannot be fetched from inside the sandbox, which has no way to "
                "the package sources",
                "  tried: *",
                f"  do: run `netns-mysql fetch {product}` before",
                "  do: let it be known at collection: *",
            ]
        )


def test_with_fetch_never_nothing_is_fetched_and_the_error_says_what_is_missing(suite: Suite, tmp_path: Path) -> None:
    result = suite(
        """
        import pytest
        from pytest_netns_mysql import factories

        maria = factories.mysqld(options={"port": 3307}, mysqld="mariadb")
        between = factories.router(namespace="red")

        def test_plain(netns): pass
        def test_default(netns_mysqld): pass
        def test_maria(maria): pass
        def test_router(between): pass
        """,
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
                f"  do: run `netns-mysql fetch {product}`, which fetches it once, into the cache",
                "  do: set netns_fetch = auto: the run fetches it",
            ]
        )
    assert not (tmp_path / "empty").exists() or not list((tmp_path / "empty").glob("servers/*"))
