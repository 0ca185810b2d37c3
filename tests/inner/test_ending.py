"""The end of a test: whatever hinders it, accounts and schemas are dropped, and what cannot be is told in one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_netns_mysql.mysql.clients.hostpatterns import account_of, matches

pytestmark = pytest.mark.slow
Suite = Callable[..., pytest.RunResult]

WAYS = Path(__file__).with_name("ending_ways.py").read_text()


def test_what_hinders_the_end_is_put_right_first(suite: Suite) -> None:
    suite(WAYS).assert_outcomes(passed=74, skipped=6)


def test_what_hinders_the_end_is_put_right_first_on_mariadb(suite: Suite) -> None:
    suite(WAYS, "--netns-mysqld=mariadb").assert_outcomes(passed=64, skipped=16)


X_SESSION = """
    def test_it_holds_a_lock(netns_mysqld, netns_mysql):
        netns_mysqld.execute("CREATE USER other@'%%' IDENTIFIED BY 'x'")
        netns_mysqld.execute("GRANT ALL ON *.* TO other@'%%'")
        with netns_mysql.cursor() as cursor:
            cursor.execute("CREATE TABLE t (a INT)")
        session = netns_mysqld.connect("red", driver="mysqlx", user="other", password="x")
        globals()["kept"] = session
        session.sql("START TRANSACTION").execute()
        session.sql("SELECT * FROM global_schema.t").execute().fetch_all()

    def test_next(netns_mysql, netns_mysqlx):
        with netns_mysql.cursor() as cursor:
            cursor.execute("CREATE TABLE t (a INT)")
"""


def test_a_session_of_x_devapi_is_ended(suite: Suite) -> None:
    result = suite(X_SESSION, "-rP")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["connection * of 'other'@'192.0.2.2' is new"])


BUSY = """
    import threading
    import time
    import pytest

    @pytest.mark.netns("red")
    @pytest.mark.parametrize("driver", ["mysql.connector", "pymysql", "mysqlx"])
    def test_a_thread_runs_a_statement(driver, netns_connect, netns_mysqld, netns_mysqlx):
        connection = netns_connect(driver=driver)
        run = {"mysql.connector": "cmd_query", "pymysql": "query", "mysqlx": "sql"}[driver]

        def wait():
            try:
                done = getattr(connection, run)("SELECT SLEEP(600)")
                if driver == "mysqlx":
                    done.execute()
            except Exception:
                pass

        threading.Thread(target=wait, daemon=True).start()
        while not netns_mysqld.execute("SELECT 1 FROM performance_schema.processlist WHERE INFO = 'SELECT SLEEP(600)'"):
            time.sleep(0.01)
"""


def test_a_statement_that_a_thread_runs_ends_with_the_test(suite: Suite) -> None:
    # Its ten minutes are longer than this test may take. X DevAPI's driver leaves the socket of a lost session open.
    suite(BUSY, "-Wignore::pytest.PytestUnraisableExceptionWarning").assert_outcomes(passed=3)


MADE = """
    import pytest

    @pytest.fixture(scope="session")
    def locked(netns_mysqld):
        connection = netns_mysqld.connect()
        connection.cmd_query("FLUSH TABLES WITH READ LOCK")
        yield connection
        connection.close()

    def test_it(locked, netns_mysql):
        pass

    def test_next(locked, netns_mysqld):
        locked.cmd_query("UNLOCK TABLES")
"""


def test_a_lock_that_hinders_an_account_from_being_made_is_named(suite: Suite) -> None:
    result = suite(MADE)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "ClientError: the server makes no account 'global_user'@'127.0.0.1': it has waited 5 seconds for a lock",
            "  where: netns_account(...)",
            "  tried: connection * of 'root'@'localhost' holds SHARED on global, SHARED on commit; "
            "its last statement: FLUSH TABLES WITH READ LOCK",
        ]
    )


WIDER = """
    import pytest

    @pytest.fixture(scope="session")
    def pool(netns_mysqld):
        netns_mysqld.execute("CREATE USER pool@'127.0.0.1'")
        netns_mysqld.execute("GRANT ALL ON *.* TO pool@'127.0.0.1'")
        connection = netns_mysqld.connect("global", user="pool", password="")
        yield connection
        connection.close()

    def run(connection, *statements):
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
                if cursor.description:
                    cursor.fetchall()

    def test_it(pool, netns_mysql):
        run(netns_mysql, "CREATE TABLE t (a INT)")
        run(pool, *{statements!r})

    def test_next(pool, netns_mysql, netns_mysqld):
        run(netns_mysql, "CREATE TABLE t (a INT)")
        assert pool.is_connected()
"""
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
def test_a_wider_fixtures_lock_is_named(suite: Suite, lock: str, server: str) -> None:
    statements, of_mysql, of_mariadb = LOCKS[lock]
    text = WIDER.replace("{statements!r}", repr(statements))
    result = suite(text, "-rP", f"--netns-mysqld={'auto' if server == 'mysql' else server}")
    result.assert_outcomes(passed=2)
    told = of_mysql if server == "mysql" else of_mariadb
    result.stdout.fnmatch_lines(
        [
            "*left on mysqld: the server is replaced*",
            f"schema global_schema, accounts of the test: not dropped, because a connection from before the test "
            f"has a lock: connection * of 'pool'@'127.0.0.1' holds {told}",
        ]
    )


OTHER_HOST = """
    import pytest

    @pytest.fixture(scope="module")
    def pool(netns_mysqld):
        netns_mysqld.execute("CREATE USER app@'198.51.100.%%'")
        connection = netns_mysqld.connect("blue", user="app", password="")
        yield connection

    def user(connection):
        with connection.cursor() as cursor:
            cursor.execute("SELECT CURRENT_USER()")
            return cursor.fetchone()[0]

    POOL = []

    def test_its_account_has_the_same_user(pool, netns_mysqld, netns_account, netns_connect):
        netns_connect("red", account=netns_account("app", host="192.0.2.2"))
        netns_account("app", host="%%")
        POOL.append(netns_mysqld.connect("blue", user="app", password=""))
        POOL.append(netns_mysqld.connect("global", user="app", password=""))
        assert user(POOL[0]) == "app@198.51.100.%%"
        assert user(POOL[1]) == "app@%%"

    def test_connections_of_the_wider_account_live_on(pool):
        assert user(pool) == "app@198.51.100.%%"
        assert user(POOL[0]) == "app@198.51.100.%%"
        assert not POOL[1].is_connected()
"""


@pytest.mark.parametrize("server", ["auto", "mariadb"])
def test_connections_are_matched_by_account(suite: Suite, server: str) -> None:
    suite(OTHER_HOST, f"--netns-mysqld={server}").assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("host", "picked"),
    [
        ("192.0.2.2", "192.0.2.2"),
        ("192.0.2.3", "192.0.2.0/24"),
        ("192.0.9.1", "192.0.0.0/255.255.0.0"),
        ("192.9.9.9", "192.%"),
        ("198.51.100.2", "%"),
        ("RED.db.test", "red.db.test"),
        ("localhost", "localhost"),
    ],
)
def test_the_account_is_the_one_that_the_server_picks(host: str, picked: str) -> None:
    hosts = ["", "%", "192.%", "192.0.0.0/255.255.0.0", "192.0.2.0/24", "192.0.2.2", "red.db.test", "localhost"]
    assert account_of("app", host, [("app", one) for one in hosts]) == ("app", picked)


def test_a_host_counts_before_a_user() -> None:
    assert account_of("app", "192.0.2.2", [("app", "%"), ("", "192.0.2.2")]) == ("", "192.0.2.2")
    assert account_of("app", "192.0.2.2", [("app", "%"), ("", "%")]) == ("app", "%")
    assert account_of("app", "192.0.2.2", [("app", "blue"), ("other", "%")]) is None


def test_wildcards_may_be_escaped() -> None:
    assert matches("a\\_b", "a_b")
    assert not matches("a\\_b", "axb")
    assert matches("a_b", "axb")


CLIENT = """
    from pytest_netns_mysql import factories

    client = factories.client(namespace="red")

    def test_first(client):
        with client.cursor() as cursor:
            cursor.execute("CREATE TABLE t (a INT)")

    def test_second(client):
        with client.cursor() as cursor:
            cursor.execute("CREATE TABLE t (a INT)")
"""
CLIENT_AND_STRAY = """
    from pytest_netns_mysql import factories

    client = factories.client(namespace="red")

    def test_it(client, netns_mysqld):
        netns_mysqld.execute("CREATE SCHEMA stray")
"""


def test_a_client_of_a_factory_leaves_nothing(suite: Suite) -> None:
    suite(CLIENT, "--netns-leftovers=fail").assert_outcomes(passed=2)


def test_what_a_test_with_such_a_client_leaves_fails_it(suite: Suite) -> None:
    result = suite(CLIENT_AND_STRAY, "--netns-leftovers=fail")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["  tried: mysqld: schema stray is new"])
    result.stdout.no_fnmatch_line("*red_schema*")


TWO_SERVERS = """
    import pytest
    from pytest_netns_mysql import factories

    first = factories.mysqld(bind_address="192.0.2.2/red", options={"port": 3307})
    second = factories.mysqld(bind_address="192.0.2.2/red", options={"port": 3308})

    PIDS = []

    @pytest.fixture
    def undone():
        yield
        PIDS.append("torn down")

    def test_it(undone, first, second):
        PIDS.extend([first.pid, second.pid])
        first.execute("CREATE SCHEMA stray")
        second.execute("CREATE SCHEMA stray")

    def test_next(first, second):
        assert "torn down" in PIDS
        assert first.pid != PIDS[0]
        assert second.pid == PIDS[1]
        assert not first.execute("SHOW SCHEMAS LIKE 'stray'")
        assert not second.execute("SHOW SCHEMAS LIKE 'stray'")
"""
BROKEN = """
    from pytest_netns_mysql.mysql.reset import cleanup

    put_back = cleanup.put_back

    def broken(server, *arguments, **options):
        if server.name == "first":
            raise LookupError("nobody expects this")
        return put_back(server, *arguments, **options)

    cleanup.put_back = broken
"""


def test_trouble_with_one_server_keeps_no_other_from_being_cleaned(suite: Suite) -> None:
    result = suite(TWO_SERVERS, "-rP", conftest=BROKEN)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        [
            "*left on first: the server is replaced*",
            "looking at the server failed with LookupError: nobody expects this",
            "*left on second: put back*",
            "schema stray is new",
        ]
    )


DIES = """
    import os
    import signal
    import time
    import pytest

    def test_it_dies(netns_mysqld):
        os.kill(netns_mysqld.pid, signal.{signal})
        while netns_mysqld.is_running:
            time.sleep(0.01)

    def test_it_is_stopped_by_the_test(netns_mysqld):
        netns_mysqld.kill()

    def test_it_is_shut_down(netns_mysqld):
        netns_mysqld.execute("SHUTDOWN")
        while netns_mysqld.is_running:
            time.sleep(0.01)

    def test_next(netns_mysqld):
        assert netns_mysqld.execute("SELECT 1") == [(1,)]
"""


def test_a_passing_test_whose_server_was_killed_says_so(suite: Suite) -> None:
    result = suite(DIES.replace("{signal}", "SIGKILL"))
    result.assert_outcomes(passed=4)
    told = [line for line in result.outlines if line.startswith("netns: mysqld")]
    assert told == [
        "netns: mysqld during test_inner.py::test_it_dies: the server does not run: "
        "it ended with exit code -9 (SIGKILL)"
    ]


@pytest.mark.parametrize("arguments", [(), ("-n1",)], ids=["one process", "a worker"])
def test_a_passing_test_whose_server_crashed_says_so(suite: Suite, arguments: tuple[str, ...]) -> None:
    result = suite(DIES.replace("{signal}", "SIGSEGV"), *arguments)
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(["netns: mysqld during test_inner.py::test_it_dies: the server does not run: *"])


def test_a_server_that_died_is_a_leftover(suite: Suite) -> None:
    result = suite(DIES.replace("{signal}", "SIGKILL"), "--netns-leftovers=fail")
    result.assert_outcomes(passed=4, errors=3)
    result.stdout.fnmatch_lines(["  tried: mysqld: the server does not run: it ended with exit code -9 (SIGKILL)"])
