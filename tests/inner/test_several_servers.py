"""Several servers in one run: every netns test on each, ids that say which, and tests that are for some of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_netns_mysql import settings
from pytest_netns_mysql.run.serverkinds import ServerKinds

Suite = Callable[..., pytest.RunResult]


@pytest.fixture(scope="module")
def both() -> str:
    """Name the same program in two ways: two servers as far as a run is concerned."""
    kind = ServerKinds(settings.resolve(settings.environment), print).find("auto")
    return f"--netns-mysqld=auto,{kind.name}"


def test_each_test_runs_on_each(suite: Suite, both: str) -> None:
    """Each server has a network of its own, so that both listen on the same addresses and ports."""
    result = suite(
        """
        import pytest

        seen = []

        @pytest.fixture(scope="session")
        def wide(netns_mysqld):
            return netns_mysqld.execute("SELECT @@server_uuid")

        @pytest.mark.netns("red", "blue")
        def test_origin(netns_mysql, netns_mysqld, wide):
            with netns_mysql.cursor() as cursor:
                cursor.execute("SELECT USER(), @@port, @@server_uuid")
                user, port, uuid = cursor.fetchone()
            assert user in ("red_user@192.0.2.2", "blue_user@198.51.100.2")
            assert port == 3306
            assert wide == [(uuid,)]
            seen.append(uuid)

        @pytest.mark.netns("red")
        def test_marked_alone(): ...

        def test_unmarked(): ...

        def test_two_servers_were_there(netns_mysqld):
            assert len(set(seen)) in (1, 2)
        """,
        both,
        "-v",
    )
    result.assert_outcomes(passed=2 * 2 + 2 + 1 + 2)
    result.stdout.re_match_lines_random(
        [
            r"test_inner\.py::test_origin\[mysql-[\d.]+-1-red\] PASSED.*",
            r"test_inner\.py::test_origin\[mysql-[\d.]+-2-blue\] PASSED.*",
            r"test_inner\.py::test_marked_alone\[mysql-[\d.]+-2\] PASSED.*",
        ]
    )


def test_over_several_topologies_too(suite: Suite, both: str) -> None:
    suite(
        """
        import pytest

        @pytest.mark.netns("red")
        def test_origin(netns_mysql): ...
        """,
        both,
        "--netns-topology=red-blue,dual-stack",
    ).assert_outcomes(passed=4)


def test_what_each_test_is_for(suite: Suite, both: str) -> None:
    result = suite(
        """
        import pytest

        pytestmark = pytest.mark.netns_mysqld(min="8.0")

        @pytest.mark.netns_mysqld(min="99")
        def test_later(netns_mysqld): ...

        @pytest.mark.netns_mysqld(flavor=["mariadb"])
        def test_others(netns_mysqld): ...

        @pytest.mark.netns_mysqld(min="8.0.22", flavor=("mariadb", "mysql"), local=True)
        @pytest.mark.netns_mysqld(min=None, flavor=None)
        def test_these(netns_mysqld): ...
        """,
        both,
        "-rs",
    )
    result.assert_outcomes(passed=2, skipped=4)
    result.stdout.re_match_lines_random(
        [
            r".*not applicable: the test requires version 99 or newer, and the server is mysql [\d.]+",
            r".*not applicable: the test requires mariadb, and the server is mysql [\d.]+",
        ]
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ('"8.4"', "netns_mysqld() takes min=, flavor= and local=, got '8.4'"),
        ("max='8.4'", "netns_mysqld() takes min=, flavor= and local=, got max"),
        ("min=8.4", "netns_mysqld() takes a version such as '8.4' for min=, got 8.4"),
        ("min='8.4-debug'", "netns_mysqld() takes a version such as '8.4' for min=, got '8.4-debug'"),
        ("flavor=5", "netns_mysqld() takes one flavor or a list for flavor=, got 5"),
        ("flavor='postgres'", "netns_mysqld() takes mysql, percona, mariadb for flavor=, got 'postgres'"),
    ],
)
def test_a_marker_that_cannot_be(suite: Suite, arguments: str, message: str) -> None:
    result = suite(
        f"""
        import pytest

        @pytest.mark.netns_mysqld({arguments})
        def test_it(netns_mysqld): ...
        """
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*{message}*", "*where: @pytest.mark.netns_mysqld of test_inner.py::test_it"])


def test_a_test_of_unittest_runs_on_one(suite: Suite, both: str) -> None:
    result = suite(
        """
        import unittest
        import pytest

        @pytest.mark.netns("red")
        class TestIt(unittest.TestCase):
            def test_it(self): ...
        """,
        both,
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["*a test of this kind, such as a unittest.TestCase's, runs on one server, not on auto, *"]
    )
