"""What an account of a test leaves in its own schema and of itself; the next test finds both as new."""

import contextlib

import mysql.connector
import pytest

SEEN = {}
ROWS = {
    "account": "SELECT * FROM mysql.user WHERE User = 'red_user'",
    "privileges": "SELECT * FROM mysql.db WHERE User = 'red_user'",
    "default roles": "SELECT * FROM mysql.default_roles",
    "password history": "SELECT * FROM mysql.password_history",
    "routine privileges": "SELECT * FROM mysql.procs_priv WHERE User = 'red_user'",
    "accounts": "SELECT User, Host FROM mysql.user ORDER BY 1, 2",
    "schema": "SHOW CREATE SCHEMA red_schema",
    "schemas": "SHOW SCHEMAS",
    "tables": "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'red_schema'",
    "routines": "SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'red_schema'",
    "events": "SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'red_schema'",
    "triggers": "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'red_schema'",
    "prepared transactions": "XA RECOVER",
    "connections": "SELECT COUNT(*) FROM performance_schema.processlist WHERE USER = 'red_user'",
    "locks": "SELECT IS_FREE_LOCK('mine')",
}
CHANGES_BY_ITSELF = "password_last_changed"  # the time when the account was made


def seen_by_root(server):
    """Return the rows that a session of root sees, of which the plugin knows nothing."""
    with server.network["global"]:
        connection = mysql.connector.connect(unix_socket=str(server.socket), user="root", use_pure=True)
    with contextlib.closing(connection), connection.cursor() as cursor:
        seen = {}
        for name, query in ROWS.items():
            cursor.execute(query)
            names = [column[0] for column in cursor.description or ()]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
            seen[name] = [{column: row[column] for column in row if column != CHANGES_BY_ITSELF} for row in rows]
        return seen


def run(connection, *statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
            if cursor.description:
                cursor.fetchall()


def table(connection, connect, root):
    run(connection, "CREATE TABLE t (a INT AUTO_INCREMENT PRIMARY KEY)", "INSERT INTO t VALUES (5)", "COMMIT")


def everything(connection, connect, root):
    run(connection, "CREATE TABLE t (a INT UNIQUE)", "CREATE TABLE u (a INT, FOREIGN KEY (a) REFERENCES t (a))")
    run(connection, "CREATE VIEW v AS SELECT * FROM t", "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET @a = 1")
    run(connection, "CREATE PROCEDURE p() SELECT 1", "CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1")
    run(connection, "ANALYZE TABLE t UPDATE HISTOGRAM ON a")


def event(connection, connect, root):
    run(connection, "CREATE TABLE t (a INT)")
    run(connection, "CREATE EVENT e ON SCHEDULE EVERY 1 SECOND DO INSERT INTO t VALUES (1)")
    run(connection, "CREATE EVENT f ON SCHEDULE AT CURRENT_TIMESTAMP DO CREATE TABLE u (a INT)")


def statements_that_are_prepared(connection, connect, root):
    run(connection, "PREPARE it FROM 'CREATE TABLE t (a INT)'", "EXECUTE it")
    with connection.cursor(prepared=True) as cursor:
        cursor.execute("INSERT INTO t VALUES (%s)", (1,))


def temporary_tables(connection, connect, root):
    run(connection, "CREATE TEMPORARY TABLE t (a INT)", "CREATE TABLE u (a INT)", "INSERT INTO t VALUES (1)")


def open_transaction(connection, connect, root):
    run(connection, "CREATE TABLE t (a INT)", "INSERT INTO t VALUES (1)")


def prepared_transaction(connection, connect, root):
    run(
        connection, "CREATE TABLE t (a INT)", "XA START 'x'", "INSERT INTO t VALUES (1)", "XA END 'x'", "XA PREPARE 'x'"
    )


def locks(connection, connect, root):
    run(connection, "CREATE TABLE t (a INT)", "SELECT GET_LOCK('mine', 1)", "LOCK TABLES t WRITE")


def second_connection(connection, connect, root):
    run(connect(), "CREATE TABLE t (a INT)", "LOCK TABLES t READ")


def reset_connection(connection, connect, root):
    run(connection, "CREATE TABLE t (a INT)")
    connection.cmd_reset_connection()


def no_schema(connection, connect, root):
    run(connection, "DROP SCHEMA red_schema")


def another_schema(connection, connect, root):
    run(connection, "DROP SCHEMA red_schema", "CREATE SCHEMA red_schema CHARACTER SET latin1")


def altered_schema(connection, connect, root):
    run(connection, "ALTER SCHEMA red_schema CHARACTER SET latin1")


def read_only_schema(connection, connect, root):
    run(connection, "CREATE TABLE t (a INT)", "ALTER SCHEMA red_schema READ ONLY = 1")


def password(connection, connect, root):
    run(connection, "SET PASSWORD = 'secret'")


def password_and_back(connection, connect, root):
    run(connection, "SET PASSWORD = 'secret'", "ALTER USER USER() IDENTIFIED BY ''")


def nothing(connection, connect, root):
    pass


def by_root(*statements):
    """Return a change by root to the account or schema of the test."""

    def change(connection, connect, root):
        root(*statements)

    change.__name__ = statements[0].partition(" red_")[0].lower().replace(" ", "_")
    return change


ACCOUNT = "red_user@'192.0.2.2'"
BY_ROOT = [
    by_root(f"ALTER USER {ACCOUNT} ACCOUNT LOCK"),
    by_root(f"SET PASSWORD FOR {ACCOUNT} = 'secret'"),
    by_root(f"GRANT SELECT ON *.* TO {ACCOUNT}"),
    by_root(f"REVOKE ALL ON `red\\_schema`.* FROM {ACCOUNT}"),
    by_root(f"DROP USER {ACCOUNT}"),
    by_root(f"RENAME USER {ACCOUNT} TO green_user@'192.0.2.2'"),
    by_root("CREATE USER red_user@localhost", "GRANT ALL ON *.* TO red_user@localhost"),
    by_root("UPDATE mysql.user SET max_questions = 1000 WHERE User = 'red_user'", "FLUSH PRIVILEGES"),
]
WAYS = [
    *(table, everything, event, statements_that_are_prepared, temporary_tables, open_transaction),
    *(prepared_transaction, locks, second_connection, reset_connection, no_schema, another_schema, altered_schema),
    *(read_only_schema, password, password_and_back, nothing),
]


@pytest.mark.netns("red")
def test_first(netns_mysql, netns_mysqld):
    SEEN.update(seen_by_root(netns_mysqld))


@pytest.mark.netns("red")
@pytest.mark.parametrize("step", ["leave", "look"])
@pytest.mark.parametrize("way", [*WAYS, *BY_ROOT], ids=lambda one: one.__name__)
def test_the_next_test_finds_all_as_new(netns_mysql, netns_mysqld, netns_connect, way, step):
    if step == "look":
        assert seen_by_root(netns_mysqld) == SEEN
    else:
        way(netns_mysql, netns_connect, lambda *statements: [netns_mysqld.execute(one) for one in statements])


@pytest.mark.netns("red")
@pytest.mark.parametrize("way", WAYS, ids=lambda one: one.__name__)
def test_tests_that_only_leave(netns_mysql, netns_connect, way):
    """Each finds what a fresh account and schema have: what the test before left would make it fail."""
    run(netns_mysql, "CREATE TABLE fresh (a INT)", "DROP TABLE fresh", "SELECT GET_LOCK('mine', 0)")
    with netns_mysql.cursor() as cursor:
        cursor.execute("SHOW TABLES")
        assert cursor.fetchall() == []
        cursor.execute("SELECT @@character_set_database, GET_LOCK('mine', 0)")
        assert cursor.fetchone() == ("utf8mb4", 1)
    way(netns_mysql, netns_connect, None)


@pytest.mark.netns("blue")
def test_in_blue(netns_mysql):
    with netns_mysql.cursor() as cursor:
        cursor.execute("SHOW SCHEMAS")
        assert cursor.fetchall() == [("blue_schema",), ("information_schema",), ("performance_schema",)]


@pytest.mark.netns("red")
def test_without_an_account(netns_mysqld):
    assert "red_user" not in {user for (user,) in netns_mysqld.execute("SELECT User FROM mysql.user")}
    assert "red_schema" not in {name for (name,) in netns_mysqld.execute("SHOW SCHEMAS")}
