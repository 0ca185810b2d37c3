import pytest
from looks import looked_at

SEEN = {}


def test_first(netns_mysqld):
    SEEN.update(looked_at(netns_mysqld), pid=netns_mysqld.pid)


def accounts(server, connect):
    server.execute("CREATE USER stray@'%%' IDENTIFIED BY 'x'")
    server.execute("GRANT SELECT, INSERT ON *.* TO stray@'%%' WITH GRANT OPTION")
    server.execute("CREATE SCHEMA given")
    server.execute("CREATE TABLE given.t (a INT, b INT)")
    server.execute("CREATE PROCEDURE given.p() SELECT 1")
    server.execute("GRANT SELECT (a) ON given.t TO stray@'%%'")
    server.execute("GRANT EXECUTE ON PROCEDURE given.p TO stray@'%%'")
    server.execute("GRANT BINLOG MONITOR ON *.* TO stray@'%%'")
    connect("red", user="stray", password="x")


def roles(server, connect):
    server.execute("CREATE ROLE reader")
    server.execute("CREATE ROLE writer")
    server.execute("GRANT reader TO writer")
    server.execute("GRANT writer TO root@localhost")
    server.execute("SET DEFAULT ROLE writer FOR root@localhost")


def root_is_another(server, connect):
    server.execute("ALTER USER root@localhost IDENTIFIED BY 'x' PASSWORD EXPIRE INTERVAL 9 DAY")
    server.execute("REVOKE FILE ON *.* FROM root@localhost")


def proxies(server, connect):
    server.execute("CREATE USER one@localhost IDENTIFIED BY 'a', two@localhost ACCOUNT LOCK")
    server.execute("GRANT PROXY ON one@localhost TO two@localhost")


def an_account_for_every_host(server, connect):
    server.execute("CREATE USER ''@'%%'")
    server.execute("GRANT ALL ON *.* TO ''@'%%'")


POLLUTIONS = [accounts, roles, root_is_another, proxies, an_account_for_every_host]


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
