import pytest
from looks import looked_at

SEEN = {}


def test_first(netns_mysqld):
    SEEN.update(looked_at(netns_mysqld), pid=netns_mysqld.pid)


def replication(server, connect):
    server.execute("CHANGE MASTER 'c' TO MASTER_HOST='192.0.2.2', MASTER_USER='nobody'")
    server.execute("START SLAVE 'c' SQL_THREAD")


def the_default_channel(server, connect):
    server.execute("CHANGE MASTER TO MASTER_HOST='192.0.2.2', MASTER_USER='nobody'")


def files(server, connect):
    with server.network["global"]:
        (server.datadir / "stray.txt").write_text("mine")


def plugin(server, connect):
    server.execute("INSTALL SONAME 'sql_errlog'")


def stopped(server, connect):
    server.kill()


def shut_down(server, connect):
    server.execute("SHUTDOWN")


FRESH_SERVER = [plugin, stopped, shut_down]
POLLUTIONS = [replication, the_default_channel, files, plugin, stopped, shut_down]


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
    assert (netns_mysqld.pid == SEEN["pid"]) == (pollution not in FRESH_SERVER)
