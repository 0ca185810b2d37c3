"""Whatever a test leaves on a shared server, the next test finds the server as it was."""

from __future__ import annotations

import pytest

from tests.support.suites import Suite

pytestmark = pytest.mark.slow

# In the inner suite, each change is a test, and the test after it verifies by SQL that the server is as it was.


@pytest.mark.parametrize(
    ("theme", "pollutions"),
    [
        ("of_accounts", 4),
        ("of_settings", 7),
        ("of_schemas", 4),
        ("of_connections", 4),
        ("of_the_server", 6),
    ],
)
def test_the_next_test_finds_the_server_as_it_was(suite: Suite, theme: str, pollutions: int) -> None:
    result = suite(f"leftovers/{theme}", looks="leftovers/looks")
    result.assert_outcomes(passed=1 + 2 * pollutions)


def test_a_blocked_host_can_connect_again(suite: Suite, pytester: pytest.Pytester) -> None:
    # mysqld counts connection errors only for hosts whose names it resolves.
    topology = """
        [namespaces.red]
        address = "192.0.2.2/24"
        hosts = ["red.db.test"]

        [mysqld]
        bind_address = "192.0.2.2/red"
        options = {skip_name_resolve = false, max_connect_errors = 1}
    """
    pytester.makefile(".toml", **{"netns-topology": topology})
    result = suite(
        "leftovers/blocked_host",
        "--netns-leftovers=fail",
    )
    result.assert_outcomes(passed=2)


def test_wider_fixtures_keep_what_they_made(suite: Suite) -> None:
    suite("leftovers/wider_fixtures").assert_outcomes(passed=10)


@pytest.mark.parametrize("leftovers", ["reset", "fail", "keep"])
def test_a_test_can_ask_for_a_fresh_server(suite: Suite, leftovers: str) -> None:
    result = suite("leftovers/fresh_server", f"--netns-leftovers={leftovers}", "--netns-other-tests=allow")
    result.assert_outcomes(passed=5)


def test_leftovers_fail_a_test_if_the_setting_says_so(suite: Suite) -> None:
    result = suite("leftovers/left_open", "--netns-leftovers=fail", "-rP")
    result.assert_outcomes(passed=4, errors=2)
    result.stdout.fnmatch_lines(
        [
            "LeftoverError: the test left changes on a server that other tests use; the changes were put back",
            "  where: test_inner.py::test_it",
            "  tried: mysqld: global variable long_query_time is 7.000000, was 10.000000",
            "  tried: mysqld: global variable max_connections is 7, was 151",
            "  tried: mysqld: schema stray is new",
            "  tried: mysqld: persisted variable long_query_time is new",
            "  do: undo them in a function-scoped fixture, or use netns_account and netns_connect, which clean up",
            "  do: if the test needs the changes, use netns_mysqld_fresh or a server of its own from factories.mysqld",
            "  do: set netns_leftovers = reset to put changes back without an error",
            "*",
            "LeftoverError: the test left changes on a server that other tests use; the changes were put back",
            "  where: test_inner.py::test_it_stops_the_server",
            "  tried: mysqld: the server does not run: it was ended by SIGKILL",
            "*",
            "left: [[](151, 10.0)[]]",
            "schemas: [[][]]",
        ]
    )


def test_by_default_leftovers_are_put_back_without_an_error(suite: Suite) -> None:
    result = suite("leftovers/left_open", "-rP")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(
        [
            "*left on mysqld: put back*",
            "*schema stray is new",
            "left: [[](151, 10.0)[]]",
            "*left on mysqld: the server is replaced*",
            "the server does not run: it was ended by SIGKILL",
        ]
    )


def test_leftovers_are_kept_if_the_setting_says_so(suite: Suite) -> None:
    result = suite("leftovers/left_open", "--netns-leftovers=keep", "-rP")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(["left: [[](7, 7.0)[]]", "schemas: [[]('stray',)[]]"])
