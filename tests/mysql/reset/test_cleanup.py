"""The cleanup of a server at the end of a test: accounts and schemas are dropped whatever is in the way."""

from __future__ import annotations

import json

import pytest

from tests.support.suites import Suite

pytestmark = pytest.mark.slow


def test_what_blocks_the_cleanup_is_ended_first(suite: Suite) -> None:
    suite("ending/ways", hindrances="ending/hindrances").assert_outcomes(passed=74, skipped=6)


def test_what_blocks_the_cleanup_is_ended_first_on_mariadb(suite: Suite) -> None:
    result = suite("ending/ways", "--netns-mysqld=mariadb", hindrances="ending/hindrances")
    result.assert_outcomes(passed=64, skipped=16)


def test_a_session_of_x_devapi_is_ended(suite: Suite) -> None:
    result = suite("ending/x_session", "-rP")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["connection * of 'other'@'192.0.2.2' is new"])


def test_a_statement_that_a_thread_runs_ends_with_the_test(suite: Suite) -> None:
    # The statement takes ten minutes, longer than this test may take.
    # The X DevAPI driver leaves the socket of a lost session open.
    suite("ending/busy_connections", "-Wignore::pytest.PytestUnraisableExceptionWarning").assert_outcomes(passed=3)


def test_the_error_of_an_account_that_waits_for_a_lock_names_the_lock(suite: Suite) -> None:
    result = suite("ending/replaced_schema")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "ClientError: creating the account 'global_user'@'127.0.0.1' took too long: the server waited 5 seconds "
            "for a lock",
            "  where: netns_account(...)",
            "  tried: connection * of 'root'@'localhost' holds SHARED on global, SHARED on commit; "
            "its last statement: FLUSH TABLES WITH READ LOCK",
        ]
    )


LOCKS = {
    "transaction": (
        ("START TRANSACTION", "SELECT * FROM global_schema.t"),
        "SHARED_READ on table global_schema.t; its last statement: SELECT [*] FROM global_schema.t",
        "MDL_SHARED_READ on table metadata lock global_schema.t*",
    ),
    "tables": (
        ("LOCK TABLES global_schema.t READ",),
        "SHARED_READ_ONLY on table global_schema.t; its last statement: LOCK TABLES global_schema.t READ",
        "MDL_SHARED_READ_ONLY on table metadata lock global_schema.t*",
    ),
    "global": (
        ("FLUSH TABLES WITH READ LOCK",),
        "SHARED on global, SHARED on commit; its last statement: FLUSH TABLES WITH READ LOCK",
        "perhaps the lock, of which the server does not tell",
    ),
}


@pytest.mark.parametrize("lock", LOCKS)
@pytest.mark.parametrize("server", ["mysql", "mariadb"])
def test_the_report_names_the_lock_of_a_wider_fixture(
    suite: Suite, lock: str, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    statements, of_mysql, of_mariadb = LOCKS[lock]
    monkeypatch.setenv("STATEMENTS", json.dumps(statements))
    result = suite(
        "ending/locks_of_a_wider_fixture", "-rP", f"--netns-mysqld={'auto' if server == 'mysql' else server}"
    )
    result.assert_outcomes(passed=2)
    locks = of_mysql if server == "mysql" else of_mariadb
    result.stdout.fnmatch_lines(
        [
            "*left on mysqld: the server is replaced*",
            f"schema global_schema, accounts of the test: not dropped, because a connection from before the test "
            f"has a lock: connection * of 'pool'@'127.0.0.1' holds {locks}",
        ]
    )


@pytest.mark.parametrize("server", ["auto", "mariadb"])
def test_connections_are_matched_by_account(suite: Suite, server: str) -> None:
    suite("ending/other_host", f"--netns-mysqld={server}").assert_outcomes(passed=2)


def test_a_client_of_a_factory_leaves_nothing_behind(suite: Suite) -> None:
    suite("ending/client_of_another_server", "--netns-leftovers=fail").assert_outcomes(passed=2)


def test_other_leftovers_fail_a_test_with_such_a_client(suite: Suite) -> None:
    result = suite("ending/client_and_stray", "--netns-leftovers=fail")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["  tried: mysqld: schema stray is new"])
    result.stdout.no_fnmatch_line("*red_schema*")


def test_a_failure_on_one_server_does_not_stop_the_cleanup_of_another(suite: Suite) -> None:
    result = suite("ending/two_servers", "-rP", conftest="ending/broken_reset")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        [
            "*left on first: the server is replaced*",
            "looking at the server failed with LookupError: nobody expects this",
            "*left on second: put back*",
            "schema stray is new",
        ]
    )


def test_the_summary_names_the_test_whose_server_was_killed(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNAL", "SIGKILL")
    result = suite("ending/dying_server")
    result.assert_outcomes(passed=4)
    lines = [line for line in result.outlines if line.startswith("netns: mysqld")]
    assert lines == [
        "netns: mysqld during test_inner.py::test_it_dies: the server does not run: it was ended by SIGKILL"
    ]


@pytest.mark.parametrize("arguments", [(), ("-n1",)], ids=["one process", "a worker"])
def test_the_summary_names_the_test_whose_server_crashed(
    suite: Suite, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGNAL", "SIGSEGV")
    result = suite("ending/dying_server", *arguments)
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(["netns: mysqld during test_inner.py::test_it_dies: the server does not run: *"])


def test_a_server_that_died_is_a_leftover(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNAL", "SIGKILL")
    result = suite("ending/dying_server", "--netns-leftovers=fail")
    result.assert_outcomes(passed=4, errors=3)
    result.stdout.fnmatch_lines(["  tried: mysqld: the server does not run: it was ended by SIGKILL"])
