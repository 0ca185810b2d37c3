"""The manual, "MySQL Configuration": values that a server does not start with.

The plugin refuses such a value at once, with EndpointError. What mysqld itself says is shown by starting one by
hand, on the data of a server that was stopped.
"""

import os
import subprocess
from collections.abc import Sequence

import pytest

from pytest_netns_mysql import EndpointError, MySQLServer, factories

pytestmark = [
    pytest.mark.netns(topology="red-blue"),  # the manual's network, whatever --netns-topology chooses
    pytest.mark.netns_mysqld(flavor="mysql"),
]

server = factories.mysqld(options={"port": 3309}, scope="module")

by_hand = pytest.mark.netns_mysqld(local=True)

WITHOUT_CAPABILITIES = ["setpriv", "--inh-caps=-all", "--ambient-caps=-all"]
if os.geteuid() == 0:
    WITHOUT_CAPABILITIES.append("--bounding-set=-all")


def start_by_hand(server: MySQLServer, *options: str, before: Sequence[str] = ()) -> str:
    """Start mysqld with other options, on top of the server's own; return what it logged before it gave up."""
    server.stop()
    length = len(server.error_log)
    result = subprocess.run([*before, *server.command, *options], timeout=30)
    log = server.error_log[length:]
    print(
        " ".join([*before, "mysqld ...", *options]),
        *(line for line in log.splitlines() if "[ERROR]" in line),
        sep="\n  ",
    )
    assert result.returncode == 1
    return log


@by_hand
def test_the_server_needs_the_privilege(server: MySQLServer) -> None:
    """Without CAP_SYS_ADMIN a server cannot bind to an address of a named namespace, and ends."""
    log = start_by_hand(server, before=WITHOUT_CAPABILITIES)
    assert "[ERROR] [MY-013408] [Server] setns() failed with error 'Operation not permitted'" in log


@by_hand
def test_a_namespace_that_does_not_exist(server: MySQLServer, netns_mysqld: MySQLServer) -> None:
    """To name a namespace that nobody has made is an error, and the server does not start."""
    log = start_by_hand(server, "--bind-address=127.0.0.1,192.0.2.2/green")
    assert "[ERROR] [MY-013406] [Server] Unknown network namespace 'green'" in log
    with pytest.raises(EndpointError, match="there is no namespace green"):
        netns_mysqld.restart(bind_address="127.0.0.1,192.0.2.2/green")


@by_hand
def test_a_wildcard_with_a_namespace(server: MySQLServer, netns_mysqld: MySQLServer) -> None:
    """A wildcard address stands for every address, and takes no namespace."""
    log = start_by_hand(server, "--bind-address=*/red")
    assert "[ERROR] [MY-013407] [Server] Network namespace not allowed for wildcard interface address" in log
    with pytest.raises(EndpointError, match="a wildcard cannot have a namespace"):
        netns_mysqld.restart(bind_address="*/red")


@by_hand
def test_the_address_of_the_manuals_own_example(server: MySQLServer, netns_mysqld: MySQLServer) -> None:
    """The manual writes admin_address = 102.0.2.2/red, an address that red lacks; the log does not name it."""
    log = start_by_hand(server, "--admin-address=102.0.2.2/red")
    assert "[ERROR] [MY-010262]" in log
    assert "Bind on TCP/IP port: Cannot assign requested address" in log
    assert "102.0.2.2" not in log
    with pytest.raises(EndpointError, match=r"namespace red has no address 102\.0\.2\.2") as error:
        netns_mysqld.restart(admin_address="102.0.2.2/red")
    print(error.value)
    assert "write 192.0.2.2/red" in error.value.remedies


def test_the_suffix_follows_the_address_at_once(netns_mysqld: MySQLServer) -> None:
    """The namespace stands directly behind the address, with a slash and nothing else between them."""
    before = netns_mysqld.execute("SELECT @@bind_address")
    for value in ("192.0.2.2 /red", "192.0.2.2/ red", "192.0.2.2/", "/red"):
        with pytest.raises(EndpointError) as error:
            netns_mysqld.restart(bind_address=value)
        print(f"{value!r}: {error.value.what}")
    assert netns_mysqld.execute("SELECT @@bind_address") == before
