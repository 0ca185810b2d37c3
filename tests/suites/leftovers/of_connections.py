import pytest
from looks import looked_at

HELD = []  # connections that nobody closes
SEEN = {}


def test_first(netns_mysqld):
    SEEN.update(looked_at(netns_mysqld), pid=netns_mysqld.pid)


def open_connections(server, connect):
    HELD.extend(server.connect() for _ in range(5))
    with HELD[-1].cursor() as cursor:
        cursor.execute("CREATE SCHEMA locked")
        cursor.execute("CREATE TABLE locked.t (a INT)")
        cursor.execute("INSERT INTO locked.t VALUES (1)")
        cursor.execute("SELECT GET_LOCK('mine', 0)")
        cursor.fetchall()


def locks(server, connect):
    for statement in ("LOCK INSTANCE FOR BACKUP", "FLUSH TABLES WITH READ LOCK"):
        HELD.append(server.connect())
        with HELD[-1].cursor() as cursor:
            cursor.execute(statement)


def of_the_administrator(server, connect):
    server.execute("SET SESSION sql_mode = 'ANSI'")
    server.execute("CREATE SCHEMA own")
    server.execute("USE own")
    server.execute("CREATE TEMPORARY TABLE own.t (a INT)")
    server.execute("LOCK TABLES mysql.user READ")


def transactions(server, connect):
    server.execute("CREATE SCHEMA xa")
    server.execute("CREATE TABLE xa.t (a INT PRIMARY KEY)")
    with server.connect() as connection, connection.cursor() as cursor:
        for statement in (
            "XA START 'a\\'b','c',7",
            "INSERT INTO xa.t VALUES (1)",
            "XA END 'a\\'b','c',7",
            "XA PREPARE 'a\\'b','c',7",
        ):
            cursor.execute(statement)


POLLUTIONS = [open_connections, locks, of_the_administrator, transactions]


@pytest.mark.netns("red")
@pytest.mark.parametrize("step", ["pollute", "look"])
@pytest.mark.parametrize("pollution", POLLUTIONS, ids=lambda one: one.__name__)
def test_it(pollution, step, netns_mysqld, netns_connect):
    if step == "pollute":
        SEEN["pid"] = netns_mysqld.pid
        pollution(netns_mysqld, netns_connect)
        return
    seen = looked_at(netns_mysqld)
    assert {name: set(seen[name]) ^ set(SEEN[name]) for name in seen if seen[name] != SEEN[name]} == {}
    assert netns_mysqld.pid == SEEN["pid"]
