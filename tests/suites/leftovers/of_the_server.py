import pytest
from looks import looked_at

SEEN = {}


def test_first(netns_mysqld):
    SEEN.update(looked_at(netns_mysqld), pid=netns_mysqld.pid)


def replication(server, connect):
    server.execute("CHANGE REPLICATION SOURCE TO SOURCE_HOST='192.0.2.2', NETWORK_NAMESPACE='red' FOR CHANNEL 'c'")
    server.execute("CHANGE REPLICATION FILTER REPLICATE_DO_DB = (a) FOR CHANNEL 'c'")
    server.execute("CHANGE REPLICATION FILTER REPLICATE_IGNORE_DB = (b)")
    server.execute("START REPLICA SQL_THREAD FOR CHANNEL 'c'")


def files(server, connect):
    with server.network["global"]:
        (server.datadir / "stray.txt").write_text("mine")


def component(server, connect):
    server.execute("INSTALL COMPONENT 'file://component_validate_password'")


def stopped(server, connect):
    server.kill()


def shut_down(server, connect):
    server.execute("SHUTDOWN")


def key_files(server, connect):
    with server.network["global"]:
        (server.datadir / "ca.pem").write_text("none")


FRESH_SERVER = [component, stopped, shut_down, key_files]
POLLUTIONS = [replication, files, component, stopped, shut_down, key_files]


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
