"""Several servers in one run: every netns test runs on each, unless the marker netns_mysqld excludes a server."""

from __future__ import annotations

import pytest

from pytest_netns_mysql import settings
from pytest_netns_mysql.run.serverkinds import ServerKinds
from tests.support.suites import Suite


@pytest.fixture(scope="module")
def both() -> str:
    """Name the same program in two ways: two servers as far as a run is concerned."""
    kind = ServerKinds(settings.resolve(settings.environment), print).find("auto")
    return f"--netns-mysqld=auto,{kind.name}"


def test_each_netns_test_runs_on_each_server(suite: Suite, both: str) -> None:
    """Each server has a network of its own, so that both listen on the same addresses and ports."""
    result = suite(
        "several_servers/each_on_each",
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


def test_each_netns_test_runs_on_each_server_over_each_topology(suite: Suite, both: str) -> None:
    suite(
        "several_servers/over_topologies",
        both,
        "--netns-topology=red-blue,dual-stack",
    ).assert_outcomes(passed=4)


def test_the_marker_netns_mysqld_selects_servers(suite: Suite, both: str) -> None:
    result = suite(
        "several_servers/for_one_kind",
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
def test_other_arguments_of_the_marker_are_collection_errors(suite: Suite, arguments: str, message: str) -> None:
    result = suite(
        f"""
        import pytest

        @pytest.mark.netns_mysqld({arguments})
        def test_it(netns_mysqld): ...
        """
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*{message}*", "*where: @pytest.mark.netns_mysqld of test_inner.py::test_it"])


def test_a_unittest_case_cannot_run_on_several_servers(suite: Suite, both: str) -> None:
    result = suite(
        "several_servers/unittest_case",
        both,
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["*a test that cannot be parametrized, such as a unittest.TestCase's, cannot run on auto, *"]
    )
