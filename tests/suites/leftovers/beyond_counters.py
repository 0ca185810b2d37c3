"""Changes that a counter of statements could miss, each in a test that also uses an account of its own."""

import contextlib

import mysql.connector
import pytest
from looks import looked_at

SEEN = {}
BOSS = {"user": "boss", "password": ""}


@pytest.fixture(scope="module", autouse=True)
def boss(netns_mysqld):
    """An account with all privileges, and what else was there before."""
    netns_mysqld.execute("CREATE USER boss@'%%'")
    netns_mysqld.execute("GRANT ALL ON *.* TO boss@'%%' WITH GRANT OPTION")
    netns_mysqld.execute("CREATE SCHEMA shared")
    netns_mysqld.execute("CREATE TABLE shared.t (a INT)")
    netns_mysqld.execute(
        "CREATE PROCEDURE shared.pollute() SQL SECURITY DEFINER "
        "BEGIN CREATE USER stray@localhost; SET GLOBAL max_connections = 7; END"
    )
    netns_mysqld.execute(
        "CREATE TRIGGER shared.it BEFORE INSERT ON shared.t FOR EACH ROW "
        "INSERT INTO mysql.servers VALUES ('stray', 'h', '', '', '', 1, '', 'mysql', '')"
    )
    netns_mysqld.execute("CREATE USER lent_user@'%%'")
    netns_mysqld.execute("GRANT EXECUTE ON PROCEDURE shared.pollute TO lent_user@'%%'")
    netns_mysqld.execute("GRANT INSERT ON shared.t TO lent_user@'%%'")


@pytest.fixture(autouse=True)
def own(netns_mysql):
    """What most tests use: an account of their own, which writes to a schema of its own."""
    run(netns_mysql, "CREATE TABLE own (a INT)", "INSERT INTO own VALUES (1)")


def run(connection, *statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
            if cursor.description:
                cursor.fetchall()
    connection.commit()


POLLUTION = ["CREATE SCHEMA stray", "SET GLOBAL max_connections = 7", "SET PERSIST long_query_time = 7"]


@contextlib.contextmanager
def root(server):
    """A session of root, of which the plugin knows nothing."""
    with server.network["global"]:
        connection = mysql.connector.connect(unix_socket=str(server.socket), user="root", use_pure=True)
    yield connection
    connection.close()


def another_socket(server, connect):
    with root(server) as connection:
        run(connection, *POLLUTION)


def one_statement(server, connect):
    run(connect("red", **BOSS), "CREATE SCHEMA stray")


def prepared_in_sql(server, connect):
    with root(server) as connection:
        run(connection, "PREPARE it FROM 'CREATE USER stray@localhost'", "EXECUTE it")


def prepared_by_the_driver(server, connect):
    with connect("red", **BOSS).cursor(prepared=True) as cursor:
        cursor.execute("INSERT INTO mysql.servers VALUES (?, 'h', '', '', '', 1, '', 'mysql', '')", ("stray",))
        cursor.execute("COMMIT")


def procedure(server, connect):
    run(connect("red", **BOSS), "CALL shared.pollute()")


def procedure_of_another_account_of_the_user(server, connect):
    run(connect("red", user="lent_user"), "CALL shared.pollute()")


def trigger(server, connect):
    run(connect("red", user="lent_user"), "INSERT INTO shared.t VALUES (1)")


def procedure_in_the_schema_of_the_test(server, connect):
    with root(server) as connection:
        run(connection, "CREATE PROCEDURE red_schema.p() SQL SECURITY DEFINER CREATE USER stray@localhost")
    run(connect("red"), "CALL p()")


def view_in_the_schema_of_the_test(server, connect):
    with root(server) as connection:
        run(connection, "CREATE VIEW red_schema.v AS SELECT * FROM mysql.servers")
    run(connect("red"), "INSERT INTO v VALUES ('stray', 'h', '', '', '', 1, '', 'mysql', '')")


def event(server, connect):
    with root(server) as connection:
        run(connection, "CREATE EVENT red_schema.e ON SCHEDULE AT CURRENT_TIMESTAMP DO CREATE SCHEMA stray")
        run(connection, "DO SLEEP(0.3)")


def x_protocol(server, connect):
    connect("red", driver="mysqlx", endpoint=server.endpoint("red", "mysqlx"), **BOSS).sql(POLLUTION[0]).execute()


def change_of_the_user(server, connect):
    connection = connect("red", **BOSS)
    run(connection, *POLLUTION)
    connection.cmd_change_user("red_user", "", "red_schema")


def change_of_the_user_to_boss(server, connect):
    connection = connect("red")
    connection.cmd_change_user("boss", "")
    run(connection, *POLLUTION)
    connection.cmd_change_user("red_user", "", "red_schema")


def reset_of_the_connection(server, connect):
    connection = connect("red", **BOSS)
    run(connection, *POLLUTION)
    connection.cmd_reset_connection()


def flush_status(server, connect):
    run(connect("red", **BOSS), *POLLUTION, "FLUSH STATUS")


def flush_status_first(server, connect):
    run(connect("red", **BOSS), "FLUSH STATUS", *POLLUTION)


TABLES = "accounts", "global_status", "status_by_account", "status_by_host", "status_by_thread", "status_by_user"


def truncated_tables(server, connect):
    with root(server) as connection:
        run(connection, *POLLUTION, *(f"TRUNCATE performance_schema.{table}" for table in TABLES))


def truncated_tables_first(server, connect):
    with root(server) as connection:
        run(connection, *(f"TRUNCATE performance_schema.{table}" for table in TABLES), *POLLUTION)


def summaries_are_off(server, connect):
    with root(server) as connection:
        run(connection, "UPDATE performance_schema.setup_consumers SET ENABLED = 'NO'", *POLLUTION)


def account_is_given_more(server, connect):
    with root(server) as connection:
        run(connection, "GRANT ALL ON *.* TO red_user@'192.0.2.2'")
    run(connect("red"), *POLLUTION)
    with root(server) as connection:
        run(connection, "REVOKE ALL ON *.* FROM red_user@'192.0.2.2'")


def mandatory_role(server, connect):
    with root(server) as connection:
        run(connection, "CREATE ROLE stray", "GRANT SELECT, CREATE ON *.* TO stray")
        run(connection, "SET GLOBAL mandatory_roles = 'stray', activate_all_roles_on_login = 1")
    run(connect("red"), POLLUTION[0])


def restart(server, connect):
    server.restart(max_connections=7)


def restart_with_the_same_options(server, connect):
    with root(server) as connection:
        run(connection, "CREATE SCHEMA stray")
    server.restart()


def killed_session_of_the_plugin(server, connect):
    with root(server) as connection:
        run(connection, *POLLUTION)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'root' AND ID <> CONNECTION_ID()"
            )
            numbers = [number for (number,) in cursor.fetchall()]
        run(connection, *(f"KILL {number}" for number in numbers))


def file(server, connect):
    with server.network["global"]:
        (server.datadir / "stray.txt").write_text("mine")


POLLUTIONS = [
    another_socket,
    one_statement,
    prepared_in_sql,
    prepared_by_the_driver,
    procedure,
    procedure_of_another_account_of_the_user,
    trigger,
    procedure_in_the_schema_of_the_test,
    view_in_the_schema_of_the_test,
    event,
    x_protocol,
    change_of_the_user,
    change_of_the_user_to_boss,
    reset_of_the_connection,
    flush_status,
    flush_status_first,
    truncated_tables,
    truncated_tables_first,
    summaries_are_off,
    account_is_given_more,
    mandatory_role,
    restart_with_the_same_options,
    killed_session_of_the_plugin,
    file,
    restart,
]


@pytest.mark.netns("red")
def test_first(netns_mysqld):
    SEEN.update(looked_at(netns_mysqld), pid=netns_mysqld.pid)


@pytest.mark.netns("red")
@pytest.mark.parametrize("step", ["nothing", "pollute", "nothing again", "look"])
@pytest.mark.parametrize("pollution", POLLUTIONS, ids=lambda one: one.__name__)
def test_it(pollution, step, netns_mysqld, netns_connect):
    if step == "pollute":
        SEEN["pid"] = netns_mysqld.pid
        pollution(netns_mysqld, netns_connect)
    elif step == "look":
        seen = looked_at(netns_mysqld)
        assert {name: set(seen[name]) ^ set(SEEN[name]) for name in seen if seen[name] != SEEN[name]} == {}


@pytest.mark.netns("red")
def test_of_x_devapi(netns_mysqlx):
    """X Plugin listens because a test asks for its sessions."""
    netns_mysqlx.sql("SELECT 1").execute()
