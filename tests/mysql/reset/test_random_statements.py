"""Random statements in a test; then the next test finds the server as a server that no test has used."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import mysql.connector
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pytest_netns_mysql import MySQLServer
from pytest_netns_mysql.mysql.clients.accounts import Accounts
from pytest_netns_mysql.mysql.clients.clients import Clients
from pytest_netns_mysql.mysql.reset.cleanup import ServerCleanup
from pytest_netns_mysql.mysql.reset.endoftest import clean_up
from pytest_netns_mysql.mysql.reset.readstate import read_state
from pytest_netns_mysql.mysql.reset.serverstate import State
from pytest_netns_mysql.mysql.waiting import becomes_true
from tests.support.stress import scaled

pytestmark = [pytest.mark.live, pytest.mark.netns("red")]
_ENDING = 10.0  # seconds
# The sessions of a test wait for each other's locks, in one thread.
_PATIENCE = "SET SESSION lock_wait_timeout = 1, innodb_lock_wait_timeout = 1"

OWN = [
    "CREATE TABLE t (a INT AUTO_INCREMENT PRIMARY KEY, b INT)",
    "INSERT INTO t (b) VALUES (1), (2)",
    "CREATE TEMPORARY TABLE u (a INT)",
    "CREATE VIEW v AS SELECT * FROM t",
    "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET @a = 1",
    "CREATE PROCEDURE p() INSERT INTO t (b) VALUES (3)",
    "CALL p()",
    "CREATE EVENT e ON SCHEDULE EVERY 1 SECOND DO INSERT INTO t (b) VALUES (4)",
    "CREATE EVENT f ON SCHEDULE AT CURRENT_TIMESTAMP DO DROP TABLE t",
    "PREPARE it FROM 'DROP TABLE t'",
    "EXECUTE it",
    "LOCK TABLES t WRITE",
    "START TRANSACTION",
    "COMMIT",
    "XA START 'x'",
    "XA END 'x'",
    "XA PREPARE 'x'",
    "SELECT GET_LOCK('mine', 0)",
    "SET PASSWORD = 'secret'",
    "SET PASSWORD = ''",
    "SET SESSION sql_mode = ''",
    "ALTER SCHEMA red_schema CHARACTER SET latin1",
    "ALTER SCHEMA red_schema READ ONLY = 1",
    "DROP SCHEMA red_schema",
    "CREATE SCHEMA red_schema",
    "CREATE SCHEMA stray",
    "SET GLOBAL max_connections = 7",
]
OF_ROOT = [
    "CREATE SCHEMA stray",
    "CREATE TABLE stray.t (a INT)",
    "CREATE TABLE red_schema.t (a INT)",
    "CREATE PROCEDURE red_schema.p() CREATE USER stray@localhost",
    "CREATE EVENT red_schema.e ON SCHEDULE AT CURRENT_TIMESTAMP DO CREATE USER stray@localhost",
    "CREATE VIEW red_schema.v AS SELECT * FROM mysql.servers",
    "CREATE USER stray@localhost",
    "CREATE USER red_user@'%'",
    "GRANT ALL ON *.* TO red_user@'192.0.2.2'",
    "GRANT ALL ON stray.* TO red_user@'%'",
    "REVOKE ALL PRIVILEGES, GRANT OPTION FROM red_user@'192.0.2.2'",
    "ALTER USER red_user@'192.0.2.2' ACCOUNT LOCK",
    "RENAME USER red_user@'192.0.2.2' TO red_user@'192.0.2.3'",
    "DROP USER red_user@'192.0.2.2'",
    "SET GLOBAL max_connections = 7",
    "SET GLOBAL long_query_time = 7",
    "SET GLOBAL read_only = ON",
    "SET PERSIST long_query_time = 7",
    "INSERT INTO mysql.servers (Server_name, Host, Db, Username, Password, Port, Socket, Wrapper, Owner) "
    "VALUES ('stray', 'h', '', '', '', 1, '', 'mysql', '')",
    "FLUSH STATUS",
    "FLUSH PRIVILEGES",
    "TRUNCATE TABLE performance_schema.status_by_account",
    "TRUNCATE TABLE performance_schema.accounts",
    "SELECT 1",
]
ACTORS = {"own": OWN, "another": OWN, "root": OF_ROOT, "boss": OF_ROOT, "administrator": OF_ROOT}
STEPS = st.lists(
    st.sampled_from(list(ACTORS)).flatmap(lambda actor: st.tuples(st.just(actor), st.sampled_from(ACTORS[actor]))),
    max_size=8,
)
Steps = list[tuple[str, str]]
QUERIES = {
    "privileges": "SELECT * FROM information_schema.USER_PRIVILEGES ORDER BY 1, 3",
    "schema privileges": "SELECT * FROM mysql.db ORDER BY Host, Db, User",
    "procedure privileges": "SELECT Host, Db, User, Routine_name FROM mysql.procs_priv ORDER BY 1, 2, 3, 4",
    "schemas": "SELECT * FROM information_schema.SCHEMATA ORDER BY 2",
    "tables": "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES "
    "WHERE TABLE_SCHEMA NOT IN ('information_schema', 'performance_schema') ORDER BY 1, 2",
    "routines": "SELECT ROUTINE_SCHEMA, ROUTINE_NAME FROM information_schema.ROUTINES ORDER BY 1, 2",
    "triggers": "SELECT TRIGGER_SCHEMA, TRIGGER_NAME FROM information_schema.TRIGGERS ORDER BY 1, 2",
    "events": "SELECT EVENT_SCHEMA, EVENT_NAME FROM information_schema.EVENTS ORDER BY 1, 2",
    "servers": "SELECT * FROM mysql.servers",
    "prepared transactions": "XA RECOVER",
    "variables": "SHOW GLOBAL VARIABLES",
    "connections": "SELECT USER, HOST FROM information_schema.PROCESSLIST "
    "WHERE ID <> CONNECTION_ID() AND USER NOT IN ('event_scheduler', 'system user', 'root')",
}
OF_MYSQL = {
    "accounts": "SELECT * FROM mysql.user ORDER BY User, Host",
    "persisted variables": "SELECT * FROM performance_schema.persisted_variables",
    "locks": "SELECT OBJECT_NAME FROM performance_schema.metadata_locks WHERE OBJECT_TYPE = 'USER LEVEL LOCK'",
}
OF_MARIADB = {
    "accounts": "SELECT Host, User, JSON_REMOVE(Priv, '$.password_last_changed') FROM mysql.global_priv ORDER BY 2, 1"
}
OF_THE_ACCOUNT = (
    "SELECT USER(), CURRENT_USER(), DATABASE(), @@character_set_database, @@collation_database, @@sql_mode",
    "SHOW GRANTS",
    "SHOW SCHEMAS",
    "SHOW TABLES",
    "SELECT IS_FREE_LOCK('mine')",
)
_TIMES = ("password_last_changed",)


def rows_of(connection: Any, query: str) -> list[Any]:
    with contextlib.closing(connection.cursor()) as cursor:
        cursor.execute(query)
        times = [number for number, column in enumerate(cursor.description) if column[0] in _TIMES]
        return [[value for number, value in enumerate(row) if number not in times] for row in cursor.fetchall()]


def run(connection: Any, statement: str) -> None:
    with contextlib.closing(connection.cursor(buffered=True)) as cursor:
        cursor.execute(statement)


@contextlib.contextmanager
def session_of_root(server: MySQLServer) -> Iterator[Any]:
    """Yield a session of root, of which the plugin knows nothing."""
    with server.network["global"]:
        connection = mysql.connector.connect(
            unix_socket=str(server.socket), user="root", use_pure=True, autocommit=True, **server._dialect.connection
        )
    with contextlib.closing(connection):
        yield connection


def look(server: MySQLServer, accounts: Accounts) -> dict[str, list[Any]]:
    """Return what a test finds that asks for the account of its namespace."""
    with Clients(server, accounts, "red") as clients:
        own = clients.connect()
        seen = {query: rows_of(own, query) for query in OF_THE_ACCOUNT}
        queries = QUERIES | (OF_MYSQL if server._dialect.questions else OF_MARIADB)
        with session_of_root(server) as root:
            seen |= {name: rows_of(root, query) for name, query in queries.items() if name != "connections"}
    seen["variables"] = [row for row in seen["variables"] if row[0] not in server._dialect.volatile_variables]
    with session_of_root(server) as root:
        # The server lists a connection that was closed for a moment.
        becomes_true(lambda: not rows_of(root, QUERIES["connections"]), timeout=_ENDING, pause=0.001)
        seen["connections"] = rows_of(root, QUERIES["connections"])
    return seen


class Rounds:
    """Tests on one server, each followed by the cleanup of the plugin."""

    def __init__(self, server: MySQLServer) -> None:
        self._server = server
        self._before: State = read_state(server)
        self.kept = 0

    def play(self, steps: Steps) -> None:
        """Play a test, which asks for the account of its namespace, and ignore the errors of its statements."""
        accounts = Accounts(self._server)
        with contextlib.ExitStack() as stack:
            clients = stack.enter_context(Clients(self._server, accounts, "red"))
            sessions = {"own": clients.connect()}
            run(sessions["own"], _PATIENCE)
            for actor, statement in steps:
                with contextlib.suppress(mysql.connector.Error):
                    if actor == "administrator":
                        self._server.execute(_PATIENCE)
                        self._server.execute(statement)
                        continue
                    if actor not in sessions:
                        sessions[actor] = self._connection(actor, clients, stack)
                        run(sessions[actor], _PATIENCE)
                    run(sessions[actor], statement)
        self.end(accounts)

    def _connection(self, actor: str, clients: Clients, stack: contextlib.ExitStack) -> Any:
        if actor == "root":
            return stack.enter_context(session_of_root(self._server))
        return clients.connect(user="boss", autocommit=True) if actor == "boss" else clients.connect()

    def end(self, accounts: Accounts) -> None:
        """End a test as the plugin does."""
        cleanup = ServerCleanup(self._server, self._before, own_accounts=accounts.names)
        clean_up([cleanup], [accounts], may_keep=True)
        assert cleanup.result.stays == ()
        assert cleanup.result.before is not None
        self._before = cleanup.result.before
        self.kept += self._server._administrator.spare is not None

    def look(self) -> dict[str, list[Any]]:
        """Return what the next test finds."""
        accounts = Accounts(self._server)
        try:
            return look(self._server, accounts)
        finally:
            self.end(accounts)


@pytest.mark.scaled
def test_the_next_test_finds_the_server_as_a_fresh_one(netns_mysqld: MySQLServer) -> None:
    server = netns_mysqld
    server.execute("CREATE USER boss@'%'")
    server.execute("GRANT ALL ON *.* TO boss@'%' WITH GRANT OPTION")
    server._administrator.reset()
    rounds = Rounds(server)
    fresh = rounds.look()

    @settings(max_examples=scaled(40, 1000), suppress_health_check=list(HealthCheck))
    @given(STEPS)
    @example([])
    @example([("own", "SET PASSWORD = 'secret'")])
    @example([("own", OWN[0]), ("own", OWN[1])])
    def play(steps: Steps) -> None:
        rounds.play(steps)
        rounds.play([])
        seen = rounds.look()
        assert {name: seen[name] for name in fresh if seen[name] != fresh[name]} == {}

    play()
    assert rounds.kept or not server._dialect.questions
