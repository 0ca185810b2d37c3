"""Ways to leave a server so that the test's own schema or account cannot be dropped at once."""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from collections.abc import Callable
from typing import Any

import mysql.connector
import pytest

Way = Callable[[Any, Any, Any], None]

HELD: list[Any] = []  # connections and programs that nobody ends
SEEN: dict[str, Any] = {}


def run(connection: Any, *statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
            if cursor.description:
                cursor.fetchall()


def other(server: Any, *statements: str) -> None:
    """Run statements as an account that the test made by SQL, in a connection that nobody closes."""
    server.execute("CREATE USER other@'127.0.0.1'")
    server.execute("GRANT ALL ON *.* TO other@'127.0.0.1'")
    HELD.append(server.connect("global", user="other", password=""))
    run(HELD[-1], *statements)


def read_only(server: Any, own: Any, argv: Any) -> None:
    server.execute("SET GLOBAL read_only = ON")


def super_read_only(server: Any, own: Any, argv: Any) -> None:
    server.execute("SET GLOBAL super_read_only = ON")


def persisted_read_only(server: Any, own: Any, argv: Any) -> None:
    server.execute("SET PERSIST super_read_only = ON")


def offline(server: Any, own: Any, argv: Any) -> None:
    server.execute("SET GLOBAL offline_mode = ON")


def transactions_read_only(server: Any, own: Any, argv: Any) -> None:
    server.execute("SET GLOBAL transaction_read_only = ON, autocommit = OFF, completion_type = 'CHAIN'")
    HELD.append(server.connect())


def tx_read_only(server: Any, own: Any, argv: Any) -> None:
    server.execute("SET GLOBAL tx_read_only = ON, autocommit = OFF")
    HELD.append(server.connect())


def locked_by_administrator(server: Any, own: Any, argv: Any) -> None:
    server.execute("LOCK TABLES global_schema.t READ")


def global_lock_by_administrator(server: Any, own: Any, argv: Any) -> None:
    server.execute("FLUSH TABLES WITH READ LOCK")


def backup_lock_by_administrator(server: Any, own: Any, argv: Any) -> None:
    server.execute("LOCK INSTANCE FOR BACKUP")


def backup_stage_by_administrator(server: Any, own: Any, argv: Any) -> None:
    server.execute("BACKUP STAGE START")
    server.execute("BACKUP STAGE BLOCK_COMMIT")


def transaction_of_administrator(server: Any, own: Any, argv: Any) -> None:
    server.execute("START TRANSACTION")
    server.execute("INSERT INTO global_schema.t VALUES (7)")


def xa_of_administrator(server: Any, own: Any, argv: Any) -> None:
    for statement in ("XA START 'admin'", "INSERT INTO global_schema.t VALUES (7)", "XA END 'admin'"):
        server.execute(statement)


def xa_prepared_by_administrator(server: Any, own: Any, argv: Any) -> None:
    xa_of_administrator(server, own, argv)
    server.execute("XA PREPARE 'admin'")


def administrator_is_killed(server: Any, own: Any, argv: Any) -> None:
    server.execute("LOCK TABLES global_schema.t READ")
    with pytest.raises(mysql.connector.Error):
        server.execute("KILL CONNECTION_ID()")


def locked_by_test(server: Any, own: Any, argv: Any) -> None:
    run(own, "LOCK TABLES t WRITE")


def handler(server: Any, own: Any, argv: Any) -> None:
    run(own, "HANDLER t OPEN", "HANDLER t READ FIRST")


def xa_prepared_by_test(server: Any, own: Any, argv: Any) -> None:
    run(own, "XA START 'own'", "INSERT INTO t VALUES (7)", "XA END 'own'", "XA PREPARE 'own'")


def xa_of_a_connection_that_is_gone(server: Any, own: Any, argv: Any) -> None:
    with server.connect() as gone:
        run(gone, "XA START 'gone'", "INSERT INTO global_schema.t VALUES (7)", "XA END 'gone'", "XA PREPARE 'gone'")


def transaction_of_another(server: Any, own: Any, argv: Any) -> None:
    other(server, "START TRANSACTION", "SELECT * FROM global_schema.t")


def rows_locked_by_another(server: Any, own: Any, argv: Any) -> None:
    other(server, "START TRANSACTION", "DELETE FROM global_schema.t", "DELETE FROM mysql.db WHERE User = 'global_user'")


def tables_locked_by_another(server: Any, own: Any, argv: Any) -> None:
    other(server, "LOCK TABLES global_schema.t WRITE, mysql.db WRITE")


def named_lock_of_another(server: Any, own: Any, argv: Any) -> None:
    other(server, "SELECT GET_LOCK('mine', 0)", "START TRANSACTION", "SELECT * FROM global_schema.t")


def global_lock_of_another(server: Any, own: Any, argv: Any) -> None:
    other(server, "FLUSH TABLES WITH READ LOCK")


def backup_lock_of_another(server: Any, own: Any, argv: Any) -> None:
    other(server, "LOCK INSTANCE FOR BACKUP")


def backup_stage_of_another(server: Any, own: Any, argv: Any) -> None:
    other(server, "BACKUP STAGE START")


def long_query_in_a_thread(server: Any, own: Any, argv: Any) -> None:
    connection = server.connect()
    HELD.append(connection)

    def wait() -> None:
        with contextlib.suppress(mysql.connector.Error):  # it is ended, at the latest with the test
            run(connection, "SELECT SLEEP(100) FROM global_schema.t")

    threading.Thread(target=wait, daemon=True).start()
    await_statement(server, "SELECT SLEEP(100)%")


def await_statement(server: Any, pattern: str) -> None:
    deadline = time.monotonic() + 30
    query = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE %s AND ID <> CONNECTION_ID()"
    while server.execute(query, pattern) == [(0,)]:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def waits_for_a_lock_in_a_thread(server: Any, own: Any, argv: Any) -> None:
    other(server, "LOCK TABLES global_schema.t READ")
    connection = server.connect()
    HELD.append(connection)

    def wait() -> None:
        with contextlib.suppress(mysql.connector.Error):  # it is ended, at the latest with the test
            run(connection, "ALTER TABLE global_schema.t ADD COLUMN b INT")

    threading.Thread(target=wait, daemon=True).start()
    await_statement(server, "ALTER TABLE%")


def client_program(server: Any, own: Any, argv: Any) -> None:
    command = argv("mysql", "-e", "SELECT SLEEP(100) FROM t")
    HELD.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    await_statement(server, "SELECT SLEEP(100)%")


def event(server: Any, own: Any, argv: Any) -> None:
    server.execute("SET GLOBAL event_scheduler = ON")
    server.execute(
        "CREATE EVENT global_schema.e ON SCHEDULE EVERY 1 SECOND STARTS '2001-01-01' "
        "DO SELECT SLEEP(100) INTO @a FROM t"
    )
    await_statement(server, "SELECT SLEEP(100)%")


def foreign_key_of_another_schema(server: Any, own: Any, argv: Any) -> None:
    server.execute("CREATE SCHEMA zzz")
    server.execute("CREATE TABLE zzz.child (a INT, FOREIGN KEY (a) REFERENCES global_schema.t (a))")


def foreign_keys_between_strays(server: Any, own: Any, argv: Any) -> None:
    for name in ("aaa", "zzz"):
        server.execute(f"CREATE SCHEMA {name}")
    server.execute("CREATE TABLE aaa.parent (a INT PRIMARY KEY)")
    server.execute("CREATE TABLE zzz.child (a INT, FOREIGN KEY (a) REFERENCES aaa.parent (a))")


def schema_read_only(server: Any, own: Any, argv: Any) -> None:
    server.execute("ALTER SCHEMA global_schema READ ONLY = 1")


def mandatory_role(server: Any, own: Any, argv: Any) -> None:
    server.execute("SET GLOBAL mandatory_roles = 'global_user@127.0.0.1'")


def stray_file(server: Any, own: Any, argv: Any) -> None:
    with server.network["global"]:
        (server.datadir / "global_schema" / "stray.txt").write_text("mine")


def definer(server: Any, own: Any, argv: Any) -> None:
    server.execute("CREATE SCHEMA defined")
    server.execute("CREATE DEFINER = global_user@'127.0.0.1' VIEW defined.v AS SELECT 1")


def dropped_by_test(server: Any, own: Any, argv: Any) -> None:
    server.execute("DROP SCHEMA global_schema")
    server.execute("DROP USER global_user@'127.0.0.1'")


def renamed(server: Any, own: Any, argv: Any) -> None:
    server.execute("RENAME USER global_user@'127.0.0.1' TO another@'127.0.0.1'")


def root_is_locked(server: Any, own: Any, argv: Any) -> None:
    server.execute("ALTER USER root@localhost ACCOUNT LOCK")
    transaction_of_another(server, own, argv)


def no_connection_is_left(server: Any, own: Any, argv: Any) -> None:
    server.execute("SET GLOBAL max_connections = 10")
    with contextlib.suppress(mysql.connector.Error):
        HELD.extend(server.connect() for _ in range(20))


def user_is_renamed_in_the_tables(server: Any, own: Any, argv: Any) -> None:
    server.execute("DELETE FROM mysql.db WHERE User = 'global_user'")
