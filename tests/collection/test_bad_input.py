"""Errors for wrong input, found at collection before any server starts."""

from __future__ import annotations

import pytest

from tests.support.suites import Suite

SERVER = """
    import pytest
    from pytest_netns_mysql import factories

    shop = factories.mysqld({arguments})

    def test_it(shop):
        raise AssertionError("the test ran")
"""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            "bind_address='127.0.0.1,102.0.2.2/red'",
            [
                "bind_address = '102.0.2.2/red': namespace red has no address 102.0.2.2",
                "  where: factories.mysqld of the fixture shop, for test_inner.py::test_it",
                "  tried: red has 192.0.2.2*",
                "  do: write 192.0.2.2/red",
            ],
        ),
        ("bind_address='192.0.2.2/rad'", ["bind_address = '192.0.2.2/rad': there is no namespace rad"]),
        ("bind_address='*/red'", ["bind_address = '[*]/red': a wildcard cannot have a namespace*"]),
        (
            "bind_address='127.0.0.1, 192.0.2.2/red'",
            ["bind_address = '127.0.0.1, 192.0.2.2/red': white space is not allowed"],
        ),
        (
            "admin_address='192.0.2.2/red,198.51.100.2/blue'",
            ["admin_address = '192.0.2.2/red,198.51.100.2/blue': it takes a single address, got 2*"],
        ),
        (
            "options={'admin-address': '192.0.2.2/red'}",
            [
                "the option admin_address has a parameter of its own, which checks the endpoints",
                "  where: factories.mysqld of the fixture shop, for test_inner.py::test_it",
                "  do: write admin_address=... beside options=..., not inside",
            ],
        ),
        (
            "bind_address=5",
            [
                "E   *EndpointError: factories.mysqld(bind_address=5): it takes addr/ns as text: one, a *",
                "E     where: *test_inner.py, line 4",
                'E     do: write bind_address=[[]"127.0.0.1", "192.0.2.2/red"[]]',
            ],
        ),
        (
            "scope='sesion'",
            ["E   *SettingError: factories.mysqld(scope='sesion'): it takes one of session, package, *"],
        ),
        (
            "options={'port': 'abc'}",
            [
                "the option port = 'abc' is not a port number",
                "  where: factories.mysqld of the fixture shop, for test_inner.py::test_it",
            ],
        ),
    ],
)
def test_a_server_with_wrong_arguments_is_a_collection_error(suite: Suite, arguments: str, told: list[str]) -> None:
    """Nothing is started; with --continue-on-collection-errors the other modules run."""
    result = suite(
        SERVER.format(arguments=arguments), "--continue-on-collection-errors", test_other="def test_other(): pass"
    )
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(told)
    result.stdout.no_fnmatch_line("*the test ran*")


@pytest.mark.parametrize(
    ("argument", "told"),
    [
        (
            "--netns-mode=sudo",
            ["ERROR: netns_mode = 'sudo': it must be one of auto, direct, rootless", "  where: command line*"],
        ),
        ("--netns-start-timeout=soon", ["ERROR: netns_start_timeout = 'soon': it must be a number of seconds above 0"]),
        ("--netns-topology=red-blu", ["ERROR: there is no topology 'red-blu'", "  tried: presets: *, red-blue, *"]),
        ("--netns-topology=.", ["ERROR: there is no topology '.'"]),
        ("--netns-mysqld=/no/such", ["ERROR: /no/such does not exist", "  where: netns_mysqld = /no/such"]),
        (
            "--netns-mysqld=~no-such-user/bin/mysqld",
            [
                "ERROR: '~no-such-user/bin/mysqld' is not a path: there is no such user, or the user has no home *",
                "  where: netns_mysqld*",
            ],
        ),
        (f"--netns-mysqld={'x' * 5000}", ["ERROR: *xxx cannot be accessed: File name too long*"]),
        ("--netns-cache=/proc/self/environ/x", ["ERROR: netns_cache = *: /proc/self/environ is not a folder"]),
        (
            "--netns-start-timeout=1e300",
            ["ERROR: netns_start_timeout = '1e300': it must be at most 86400 seconds, a day"],
        ),
        ("--netns-mysqld=auto,auto", ["ERROR: netns_mysqld = 'auto,auto': auto occurs twice"]),
        ("--netns-mysqld=auto,", ["ERROR: netns_mysqld = 'auto,': a name is missing beside a comma"]),
        ("--netns-mysqld=auto,/no/such", ["ERROR: /no/such does not exist", "  where: netns_mysqld = /no/such"]),
    ],
)
@pytest.mark.parametrize("workers", ["0", "1"])
def test_a_setting_with_a_wrong_value_is_a_usage_error(
    suite: Suite, argument: str, told: list[str], workers: str
) -> None:
    result = suite("def test_it(netns_mysql): pass", argument, "-n", workers)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(told)


@pytest.mark.parametrize(
    ("ini", "told"),
    [
        ("netns_mode = sudo", "  where: netns_mode in *tox.ini"),
        ("netns_unavailable = maybe", "ERROR: netns_unavailable = 'maybe': it must be one of error, skip"),
        ("netns_topology =", "ERROR: netns_topology is empty*"),
    ],
)
def test_an_ini_key_with_a_wrong_value_is_a_usage_error(
    suite: Suite, pytester: pytest.Pytester, ini: str, told: str
) -> None:
    pytester.makefile(".ini", tox=f"[pytest]\n{ini}\n")
    result = suite("def test_it(): pass")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([told])


def test_an_environment_variable_is_named(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETNS_MODE", "")
    result = suite("def test_it(): pass")
    result.stderr.fnmatch_lines(["ERROR: netns_mode = '': *", "  where: environment variable NETNS_MODE"])


@pytest.mark.parametrize(
    ("marker", "told"),
    [
        ("netns(5)", "netns() takes namespace names, got 5"),
        ("netns(['red'])", "netns() takes namespace names, got ['red']"),
        ("netns('red', topology=5)", "netns() takes text for topology=, got 5"),
        ("netns(chr(27) + '[31m')", r"there is no namespace '\x1b[31m'"),
        ("netns_mysqld(flavor=[['mysql']])", "netns_mysqld() takes mysql, percona, mariadb for flavor=, got ['mysql']"),
        ("netns_mysqld(local='yes')", "netns_mysqld() takes True or False for local=, got 'yes'"),
        ("netns_mysqld(min='9' * 5000)", "netns_mysqld() takes a version such as '8.4' for min=, got '999*"),
    ],
)
def test_a_marker_with_wrong_arguments_is_a_collection_error(suite: Suite, marker: str, told: str) -> None:
    result = suite(f"import pytest\n@pytest.mark.{marker}\ndef test_it(netns): pass\n")
    result.assert_outcomes(errors=1)
    text = told.replace("[", "[[]")
    result.stdout.fnmatch_lines([f"*{text}*"])
    assert "INTERNALERROR" not in result.stdout.str()


def test_arguments_of_a_network_and_of_a_namespace(suite: Suite) -> None:
    result = suite("bad_input/network_arguments")
    result.assert_outcomes(passed=1)


def test_a_topology_of_the_projects_own_is_checked_when_it_is_made(suite: Suite) -> None:
    result = suite("bad_input/topologies_in_python")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "UnknownNamespaceError: there is no namespace 'red'",
            "  where: @pytest.mark.netns of test_inner.py::test_red",
            "  tried: topology shops (Python) has shop, global",
        ]
    )


def test_a_failed_test_shows_where_it_ran_and_no_boot_messages(suite: Suite) -> None:
    result = suite("bad_input/failing")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*- netns -*",
            "ran        in red (192.0.2.2/24), topology red-blue (preset red-blue)",
            "           mysqld: MySQL * at 127.0.0.1, 192.0.2.2/red, 198.51.100.2/blue, pid *",
        ]
    )
    result.stdout.no_fnmatch_line("*ready for connections*")
