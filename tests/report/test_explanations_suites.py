"""Explanations in whole runs: of what earlier tests left, of a crash, of address translation, of MariaDB."""

from __future__ import annotations

import pytest

from tests.support.suites import InnerRun, Suite

pytestmark = pytest.mark.slow

EXPLAINING = ("-p", "explaining", "--tb=line")


def explain(suite: Suite, name: str, *options: str) -> InnerRun:
    """Run an inner suite whose failing tests show the explanations of their errors."""
    return suite(f"explanations/{name}", *EXPLAINING, *options, explaining="explanations/explaining")


def assert_explained(result: InnerRun, *whats: str) -> None:
    """Assert that the explanations of the failed tests begin with these sentences, in this order."""
    __tracebackhide__ = True
    lines = result.outlines
    found = [lines[number + 1] for number, line in enumerate(lines) if line == "EXPLAINED"]
    assert found == list(whats)


def test_what_earlier_tests_left(suite: Suite, as_written: tuple[str, str]) -> None:
    result = explain(suite, "put_away", *as_written)
    result.assert_outcomes(passed=2, failed=3)
    leaving = "test_inner.py::test_it_leaves_a_schema"
    assert_explained(
        result,
        f"there is no schema (database) shop any more: {leaving} created it, and it was dropped after that test",
        "there is no table red_schema.goods any more: red_schema belongs to the account of each test, and is dropped "
        "with it",
        "there is no schema (database) bakery on netns_mysqld",
    )
    result.stdout.fnmatch_lines(
        [
            f"the last test with this schema was {leaving}",
            "netns_mysqld was started anew after test_inner.py::test_it_kills_the_server: what earlier *",
        ]
    )


def test_a_blocked_host(suite: Suite, pytester: pytest.Pytester) -> None:
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
    result = explain(suite, "blocked_host")
    assert_explained(
        result,
        "the server blocks 192.0.2.2 (namespace red): too many connections from there broke off before a login",
        "wrong password for 'app'@'red.db.test', which the server picked for app from 192.0.2.2 (namespace red)",
    )
    result.stdout.fnmatch_lines(["or empty the host cache: TRUNCATE TABLE performance_schema.host_cache"])


def test_names_that_were_removed(suite: Suite, pytester: pytest.Pytester) -> None:
    topology = """
        [namespaces.red]
        address = "192.0.2.2/24"
        hosts = ["red.db.test"]

        [mysqld]
        bind_address = "192.0.2.2/red"
    """
    pytester.makefile(".toml", **{"netns-topology": topology})
    result = explain(suite, "names")
    assert_explained(result, "red cannot reach red.db.test port 3306: the name red.db.test does not resolve")


def test_changes_of_the_network_by_the_tests_own_commands(suite: Suite) -> None:
    result = explain(suite, "changed_network")
    blue = "red cannot reach 198.51.100.2 port 3306 (namespace blue): this test changed "
    assert_explained(
        result,
        f"{blue}red: route default via 192.0.2.1 dev vpeer-red is gone",
        f"{blue}global: link veth-red is down, was up",
    )


def test_a_crash(suite: Suite) -> None:
    result = explain(suite, "crash")
    result.stdout.fnmatch_lines(
        [
            "EXPLAINED",
            "netns_mysqld was ended by SIGSEGV while connection * was open",
            "its main thread waited for connections: a signal from outside looks like this (os.kill, kill -SEGV)",
            "the stack: Mysqld_socket_listener::listen_for_connection_event, mysqld_main",
        ],
        consecutive=True,
    )
    result.stdout.fnmatch_lines(
        [
            "netns_mysqld crashed while connection * was open",
            'mysqld crashed: signal 11 (SIGSEGV) while connection * ran "SELECT SLEEP(60)"',
            "the stack: *Item_func_sleep::val_int*",
        ]
    )


def test_address_translation(suite: Suite) -> None:
    result = explain(suite, "nat", "--netns-topology=nat")
    assert_explained(
        result, "the connection comes from 172.17.0.1 (namespace global), not from 192.0.2.2 (namespace red)"
    )
    result.stdout.fnmatch_lines(
        ["the server sees 172.17.0.1 (namespace global), because address translation (NAT) is on the way"]
    )


def test_mariadb(suite: Suite) -> None:
    app, red = "'app'@'192.0.2.%'", "192.0.2.2 (namespace red)"
    result = explain(suite, "mariadb", "--netns-mysqld=mariadb")
    result.assert_outcomes(failed=24)
    whats = [
        f"wrong password for {app}, which the server picked for app from {red}",
        f"the client gave no password, and the account {app} has one",
        "app has no account that matches 198.51.100.2 (namespace blue)",
        f"there is no account for the user nobody, from {red} or elsewhere",
        f"the account {app} is locked",
        f"the password of the account {app} has expired, so the server refuses the login",
        "'sock'@'192.0.2.2' logs in by unix_socket, which accepts connections by the Unix socket alone",
        f"{app} has no INSERT privilege on shop.goods",
        f"{app} has no SELECT privilege on the column price of shop.goods",
        f"{app} has no privilege on the schema mysql",
        f"{app} has no EXECUTE privilege on the procedure shop.sell",
        f'"SET GLOBAL max_connections = 9" needs SUPER or CONNECTION ADMIN, and {app} has none of them',
        f"{app} has no INSERT privilege on shop.goods",
        "there is no schema (database) nowhere on netns_mysqld",
        "there is no table shop.good on netns_mysqld",
        "the server has no connection left: max_connections is 10",
        f"the account {app} has its 1 connection (MAX_USER_CONNECTIONS)",
        "the statement gave up waiting for a lock that connection * of 'red_user'@'192.0.2.2' holds",
        "the server ended the statement because it took longer than max_statement_time allows",
        "the server ended connection *: somebody killed it, or it was idle for longer than wait_timeout",
        "the server requires TLS (require_secure_transport = ON), and the connection from red does not use it",
        f"CREATE USER was refused: {app} exists already",
        "netns_mysqld is read-only (read_only = ON), and the statement writes",
        "the server has no authentication plugin caching_sha2_password",
    ]
    result.stdout.fnmatch_lines([line for what in whats for line in ("EXPLAINED", what)], consecutive=False)
    waited = "it may have waited for a lock: connection * of 'red_user'@'192.0.2.2' holds *"
    result.stdout.fnmatch_lines([waited, "commit or roll back in connection * before this statement, or close it"])
    for remedy in (
        "allow more time, in seconds: SET SESSION max_statement_time = 100",
        "or use an account that may: GRANT READ_ONLY ADMIN ON [*].[*] TO ...",
        "ALTER USER ... IDENTIFIED BY '...'",
    ):
        result.stdout.fnmatch_lines([remedy])
    result.stdout.fnmatch_lines(
        ["its role 'seller' has INSERT on shop.*, but the role is not active in this connection"]
    )
