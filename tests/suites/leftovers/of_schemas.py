import pytest
from looks import looked_at

SEEN = {}


def test_first(netns_mysqld):
    SEEN.update(looked_at(netns_mysqld), pid=netns_mysqld.pid)


def schemas(server, connect):
    server.execute("CREATE SCHEMA `odd ``name``%%`")
    server.execute("CREATE TABLE `odd ``name``%%`.t (a INT)")
    server.execute("CREATE PROCEDURE `odd ``name``%%`.p() SELECT 1")
    server.execute("CREATE VIEW `odd ``name``%%`.v AS SELECT 1")


def events(server, connect):
    server.execute("CREATE EVENT sys.tick ON SCHEDULE EVERY 1 SECOND DO SET @a = 1")
    server.execute("CREATE SCHEMA ticking")
    server.execute("CREATE TABLE ticking.t (a INT)")
    server.execute("CREATE EVENT ticking.tick ON SCHEDULE EVERY 1 SECOND DO INSERT INTO ticking.t VALUES (1)")


def foreign_server(server, connect):
    server.execute("CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'h', DATABASE 'd')")
    server.execute("UPDATE mysql.server_cost SET cost_value = 9 WHERE cost_name = 'row_evaluate_cost'")


def tables_of_mysql(server, connect):
    server.execute("CREATE TABLE mysql.stray (a INT)")


POLLUTIONS = [schemas, events, foreign_server, tables_of_mysql]


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
