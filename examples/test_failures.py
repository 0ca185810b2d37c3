"""A server that does not start, on purpose: assert what your deployment's mistakes look like."""

import pytest

from pytest_netns_mysql import ClientError, EndpointError, MySQLServer, ServerStartError, StartFactory


def test_the_plugin_refuses_a_mistake_at_once(netns_start_mysqld: StartFactory) -> None:
    """It says which address is wrong, and what is meant; mysqld is not started."""
    with pytest.raises(EndpointError, match="there is no namespace green"):
        netns_start_mysqld(bind_address="192.0.2.2/green", options={"port": 3310})


@pytest.mark.netns_mysqld(flavor="mysql")
def test_what_mysqld_itself_says(netns_start_mysqld: StartFactory) -> None:
    """The check switched off, mysqld gets the value as it is written."""
    with pytest.raises(ServerStartError) as failure:
        netns_start_mysqld(bind_address="192.0.2.2/green", options={"port": 3310}, check_endpoints=False)
    assert failure.value.codes[0] == "MY-013406"
    assert failure.value.messages[0] == "Unknown network namespace 'green'"
    assert "[ERROR] [MY-010119] [Server] Aborting" in failure.value.log


@pytest.mark.netns_mysqld(flavor="mysql")
def test_a_server_without_the_capability(netns_start_mysqld: StartFactory) -> None:
    with pytest.raises(ServerStartError) as failure:
        netns_start_mysqld(bind_address="192.0.2.2/red", options={"port": 3310}, drop_capabilities=["CAP_SYS_ADMIN"])
    assert failure.value.messages[0] == "setns() failed with error 'Operation not permitted'"


@pytest.mark.netns_mysqld(local=True)  # one in a container has no address but in namespaces
def test_a_server_without_the_capability_that_needs_none(netns_start_mysqld: StartFactory) -> None:
    """The capability is for namespaces: without an addr/ns the same server starts."""
    server = netns_start_mysqld(bind_address="127.0.0.1", options={"port": 3310}, drop_capabilities=["CAP_SYS_ADMIN"])
    assert server.execute("SELECT @@port") == [(3310,)]


@pytest.mark.netns_mysqld(flavor="mysql")
def test_a_server_is_put_right_again(netns_start_mysqld: StartFactory) -> None:
    """A restart that failed is forgotten by the next one."""
    server: MySQLServer = netns_start_mysqld(bind_address="192.0.2.2/red", options={"port": 3310})
    with pytest.raises(ServerStartError, match="did not come up"):
        server.restart(bind_address="*/red", check_endpoints=False)
    server.restart()
    assert str(server.endpoint("red")) == "192.0.2.2/red"


def test_a_server_that_listens_nowhere(netns_start_mysqld: StartFactory) -> None:
    """Mysqld takes skip_networking with addr/ns in silence; the plugin does not."""
    with pytest.raises(EndpointError, match="skip_networking is on"):
        netns_start_mysqld(bind_address="192.0.2.2/red", options={"skip_networking": True})
    server = netns_start_mysqld(options={"skip_networking": True})
    assert server.endpoints == ()
    with pytest.raises((EndpointError, ClientError)):
        server.connect("red", user="nobody")
