"""What the terminal shows of a failed netns test: where it ran, and the state of its network and servers."""

from __future__ import annotations

import pytest

from tests.support.suites import Suite, parts_of_failure, source


@pytest.mark.as_user
def test_a_failed_test_shows_its_connection_and_its_network(suite: Suite) -> None:
    result = suite("report/failing", "-k", "wrong_password", "--color=no")
    result.assert_outcomes(failed=1)
    failure = parts_of_failure(result, "test_wrong_password")
    assert failure["ran"][0] == "in red (192.0.2.2/24), topology red-blue (preset red-blue)"
    assert failure["ran"][1].startswith("mysqld: MySQL ")
    assert failure["ran"][2] == "app from red (192.0.2.2) to 192.0.2.2/red, port 3306 with TLS: error 1045"
    assert failure["logged"] == ["nothing during this test"]
    assert failure["connected"] == ["nobody"]
    assert failure["listening"] == ["red: 192.0.2.2:3306"]
    assert failure["network"] == ["red: vpeer-red 192.0.2.2/24; default via 192.0.2.1 dev vpeer-red"]
    assert failure["faults"] == ["none"]
    assert [line.partition("  ")[2] for line in failure["timeline"]] == [
        "call begins",
        "app from red to 192.0.2.2/red, port 3306: error 1045",
        "call failed: ProgrammingError",
    ]
    assert failure["files"] == ["data directory of mysqld: /run/pytest-netns-mysql/mysqld/data"]


def test_frames_of_drivers_are_hidden_unless_all_are_asked_for(suite: Suite) -> None:
    result = suite("report/failing", "-k", "wrong_password")
    result.stdout.fnmatch_lines(["E  *1045 (28000): Access denied for user 'app'@'192.0.2.2' (using password: YES)"])
    result.stdout.no_fnmatch_line("*connection.py:*")
    result.stdout.no_fnmatch_line("*pytest_netns_mysql/*.py:*")
    suite.run("-k", "wrong_password", "--full-trace").stdout.fnmatch_lines(
        ["*pytest_netns_mysql/mysql/clients/clients.py:*", "*mysql/connector/connection.py:*"]
    )


def test_a_failed_test_shows_its_statements_and_what_the_server_logged(suite: Suite) -> None:
    result = suite("report/failing", "-k", "statements", "--color=no")
    failure = parts_of_failure(result, "test_statements")
    statements = [line.partition(" ran ")[::2] for line in failure["statements"]]
    assert {who.partition(": ")[2] for who, _ in statements} == {"blue_user@198.51.100.2"}
    assert [text for _, text in statements] == [
        "CREATE TABLE t (id INT)",
        "SELECT * FROM missing (1146: Table 'blue_schema.missing' doesn't exist)",
    ]
    (client,) = failure["connected"]
    assert client.partition(": ")[2].startswith("blue_user from 198.51.100.2:")
    assert "(blue), idle for " in client
    result.stdout.no_fnmatch_line("*ready for connections*")


@pytest.mark.parametrize("server", ["auto", "mariadb"])
def test_the_general_log_has_the_statements_of_closed_connections(suite: Suite, server: str) -> None:
    result = suite(
        "report/failing", "-k", "closed", "--netns-general-log=on", f"--netns-mysqld={server}", "--color=no",
        "--netns-leftovers=fail",
    )  # fmt: skip
    result.assert_outcomes(failed=1)
    failure = parts_of_failure(result, "test_closed_connection")
    assert failure["statements"][-1].endswith(": red_user@192.0.2.2 ran CREATE TABLE t ( id INT )")
    assert failure["connected"] == ["nobody"]


def test_without_the_general_log_there_are_none(suite: Suite) -> None:
    failure = parts_of_failure(suite("report/failing", "-k", "closed", "--color=no"), "test_closed_connection")
    assert failure["statements"] == ["none of a connection that is still open; --netns-general-log=on has all"]
    assert failure["because"] == ["no rule of the server or of the network explains this failure"]


def test_a_server_that_is_gone_is_not_asked(suite: Suite) -> None:
    failure = parts_of_failure(suite("report/failing", "-k", "gone", "--color=no"), "test_server_that_is_gone")
    assert failure["connected"] == ["nobody"]
    assert failure["files"] == ["data directory of mysqld: /run/pytest-netns-mysql/mysqld/data"]


def test_an_error_in_a_fixture_shows_the_fixture(suite: Suite) -> None:
    result = suite("report/failing", "-k", "fixture", "--color=no")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([">       return netns_connect(*", "E *1130: Host '192.0.2.2' is not allowed*"])
    assert parts_of_failure(result, "test_fixture")["timeline"][-1].endswith("setup failed: DatabaseError")


def test_other_tests_have_no_such_report(suite: Suite) -> None:
    result = suite("report/failing", "-k", "another_kind")
    result.assert_outcomes(failed=1)
    result.stdout.no_fnmatch_line("*- netns -*")


def test_nothing_of_reports_is_imported_where_no_test_fails(suite: Suite) -> None:
    suite("report/passing").assert_outcomes(passed=4)


@pytest.mark.as_user
def test_the_lines_are_the_same_under_xdist(suite: Suite) -> None:
    result = suite("report/failing", "-k", "wrong_password", "-n", "1", "--color=no")
    assert parts_of_failure(result, "test_wrong_password")["listening"] == ["red: 192.0.2.2:3306"]


def test_the_cause_of_an_error_is_shown_in_short_too(suite: Suite) -> None:
    result = suite("report/nested", "--color=no")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "E *1130: Host '192.0.2.2' is not allowed to connect to this MySQL server",
            "The above exception was the direct cause of the following exception:",
            "E *RuntimeError: the application cannot start",
        ]
    )
    failure = parts_of_failure(result, "test_cause")
    assert failure["ran"][2] == "nobody from red (192.0.2.2) to 192.0.2.2/red, port 3306 without TLS: error 1130"
    pooled = parts_of_failure(result, "test_in_a_pool")
    assert pooled["ran"][2] == failure["ran"][2]


def test_what_was_done_to_the_server_is_in_the_timeline(suite: Suite) -> None:
    failure = parts_of_failure(suite("report/failing", "-k", "gone", "--color=no"), "test_server_that_is_gone")
    assert any(line.endswith("  mysqld is killed") for line in failure["timeline"])


def test_a_cause_that_has_no_traceback_is_shown(suite: Suite) -> None:
    result = suite("report/failing", "-k", "cause_without")
    result.assert_outcomes(failed=2)
    assert [line for line in result.outlines if line.startswith("E   KeyError: 'there'")] or (
        sum("KeyError: 'there'" in line for line in result.outlines) >= 2
    )


def test_a_module_is_not_hidden_for_the_name_of_a_driver(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(mariadb_test=source("report/failing"))
    result = pytester.runpytest_subprocess("-p", "no:asyncio", "-p", "no:cacheprovider", "-k", "closed_connection")
    result.stdout.fnmatch_lines([">       raise ValueError(*", "E       ValueError: of the test"])


def test_the_terminal_gets_no_control_characters(suite: Suite) -> None:
    result = suite("report/failing", "-k", "control", "--color=no")
    failure = parts_of_failure(result, "test_control_characters")
    assert failure["statements"][-1].endswith(r" ran SELECT '\x1b[2Jcleared'")


@pytest.mark.parametrize("server", ["auto", "mariadb"])
def test_passwords_are_not_shown(suite: Suite, server: str) -> None:
    result = suite(
        "report/failing", "-k", "password_in", "--netns-general-log=on", f"--netns-mysqld={server}", "--color=no"
    )
    failure = parts_of_failure(result, "test_password_in_a_statement")
    assert len(failure["statements"]) > 1
    assert not any("very secret" in line for part in failure.values() for line in part)
