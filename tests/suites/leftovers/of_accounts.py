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
    server.execute("GRANT SELECT (a) ON given.t TO stray@'%%'")
    server.execute("GRANT BACKUP_ADMIN ON *.* TO stray@'%%'")
    connect("red", user="stray", password="x")


def roles(server, connect):
    server.execute("CREATE ROLE reader, writer")
    server.execute("GRANT reader TO writer")
    server.execute("GRANT writer TO root@localhost")
    server.execute("SET DEFAULT ROLE writer TO root@localhost")


def root_is_another(server, connect):
    server.execute("ALTER USER root@localhost PASSWORD EXPIRE INTERVAL 9 DAY ATTRIBUTE '{\"a\": 1}'")
    server.execute("REVOKE FILE ON *.* FROM root@localhost")


def proxies_and_history(server, connect):
    server.execute("CREATE USER one@localhost IDENTIFIED BY 'a', two@localhost PASSWORD HISTORY 5")
    server.execute("ALTER USER one@localhost IDENTIFIED BY 'b'")
    server.execute("GRANT PROXY ON one@localhost TO two@localhost")


POLLUTIONS = [accounts, roles, root_is_another, proxies_and_history]


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
