"""mysqld's own errors for wrong values: the plugin's checks are switched off."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_netns_mysql import MySQLServer, Network, ServerStartError, StartFactory

pytestmark = pytest.mark.live

PORT = {"port": 3320, "mysqlx_port": 33120, "admin_port": 33220}
ABORTING = "MY-010119"
INVALID = "MY-013203"
NO_FILE = "MY-013136"
BIND = ("MY-010262", "MY-010257")


@pytest.mark.parametrize(
    ("bind_address", "codes", "message"),
    [
        ("192.0.2.2/green", ("MY-013406",), "Unknown network namespace 'green'"),
        ("*/red", ("MY-013407", INVALID), "Network namespace not allowed for wildcard interface address"),
        ("0.0.0.0/red", ("MY-013407", INVALID), "Network namespace not allowed for wildcard interface address"),
        ("::/red", ("MY-013407", INVALID), "Network namespace not allowed for wildcard interface address"),
        ("127.0.0.1/", (INVALID,), "Invalid value for command line option bind-addresses: '127.0.0.1/'"),
        ("/red", (INVALID,), "Invalid value for command line option bind-addresses: '/red'"),
        ("192.0.2.2/red,", (INVALID,), "Invalid value for command line option bind-addresses: '192.0.2.2/red,'"),
        ("192.0.2.2/red,*", (INVALID,), "Invalid value for command line option bind-addresses: '192.0.2.2/red,*'"),
        ("192.0.2.2/red/blue", (NO_FILE,), "Can't open file: '/run/netns/red/blue' (OS errno: 20 - Not a directory)"),
        ("127.0.0.1, 192.0.2.2/red", ("MY-010255", "MY-010256"), "Can't start server: cannot resolve hostname!"),
        ("192.0.2.2 /red", ("MY-010255", "MY-010256"), "Can't start server: cannot resolve hostname!"),
        ("192.0.2.9/red", BIND, "Can't start server: Bind on TCP/IP port: Cannot assign requested address"),
    ],
)
def test_bind_address(
    netns_start_mysqld: StartFactory, bind_address: str, codes: tuple[str, ...], message: str
) -> None:
    with pytest.raises(ServerStartError, match="did not come up: it ended with exit code 1") as failure:
        netns_start_mysqld(bind_address=bind_address, options=PORT, check_endpoints=False)
    assert set(codes) <= set(failure.value.codes)
    assert message in failure.value.messages
    assert failure.value.codes[-1] == ABORTING
    assert all(f"[{code}]" in failure.value.log for code in codes)


@pytest.mark.parametrize(
    ("admin_address", "codes", "message"),
    [
        ("*/red", ("MY-013407", "MY-013291"), "Network namespace not allowed for wildcard interface address"),
        ("192.0.2.2/red,198.51.100.2/blue", ("MY-013406",), "Unknown network namespace 'red,198.51.100.2/blue'"),
        ("102.0.2.2/red", ("MY-010262",), "Can't start server: Bind on TCP/IP port: Cannot assign requested address"),
    ],
)
def test_admin_address(
    netns_start_mysqld: StartFactory, admin_address: str, codes: tuple[str, ...], message: str
) -> None:
    with pytest.raises(ServerStartError) as failure:
        netns_start_mysqld(bind_address="127.0.0.1", admin_address=admin_address, options=PORT, check_endpoints=False)
    assert set(codes) <= set(failure.value.codes)
    assert message in failure.value.messages


def test_a_port_in_use_is_an_error_of_mysqld(netns_mysqld: MySQLServer, netns_start_mysqld: StartFactory) -> None:
    with pytest.raises(ServerStartError) as failure:
        netns_start_mysqld(bind_address="192.0.2.2/red", check_endpoints=False)
    assert set(BIND) <= set(failure.value.codes)
    assert "Can't start server: Bind on TCP/IP port: Address already in use" in failure.value.messages
    assert netns_mysqld.pid is not None


def test_no_capability(netns_start_mysqld: StartFactory) -> None:
    with pytest.raises(ServerStartError) as failure:
        netns_start_mysqld(bind_address="192.0.2.2/red", options=PORT, drop_capabilities="CAP_SYS_ADMIN")
    assert failure.value.codes == ("MY-013408", ABORTING)
    assert failure.value.messages == ("setns() failed with error 'Operation not permitted'", "Aborting")


X_FAILURES = [
    ("192.0.2.2/green", {"MY-011300", "MY-013406"}),
    ("*/red", {"MY-013596"}),
    ("192.0.2.9/red", {"MY-011300", "MY-013597"}),
    ("192.0.2.2/red,198.51.100.9/blue", {"MY-011300", "MY-013597"}),
]


@pytest.mark.parametrize(("mysqlx_bind_address", "codes"), X_FAILURES)
def test_errors_of_x_plugin_are_those_of_mysqld(
    netns_start_mysqld: StartFactory, mysqlx_bind_address: str, codes: set[str]
) -> None:
    with pytest.raises(ServerStartError) as failure:
        netns_start_mysqld(
            bind_address="127.0.0.1", mysqlx_bind_address=mysqlx_bind_address, options=PORT, check_endpoints=False
        )
    what, *_, first, second = str(failure.value).splitlines()
    assert what == "mysqld runs, but X Plugin does not listen on every address of mysqlx_bind_address"
    assert (first, second) == (
        "  do: fix what the lines above name",
        "  do: or start the server without X Plugin: require_mysqlx=False",
    )
    found = {code for code in failure.value.log.split() if code.startswith("[MY-")}
    assert codes <= {code.strip("[]") for code in found}
    assert all("Plugin mysqlx reported" in message for message in failure.value.messages)


def test_without_require_mysqlx_the_server_runs_without_x_plugin(netns_start_mysqld: StartFactory) -> None:
    server = netns_start_mysqld(
        bind_address="127.0.0.1",
        mysqlx_bind_address="192.0.2.9/red",
        options=PORT,
        check_endpoints=False,
        require_mysqlx=False,
    )
    assert server.execute("SHOW STATUS LIKE 'Mysqlx_address'") == [("Mysqlx_address", "UNDEFINED")]


@pytest.mark.parametrize("nowhere", [True, False])
def test_values_that_mysqld_accepts_without_an_error(
    netns: Network, netns_start_mysqld: StartFactory, nowhere: bool
) -> None:
    """A server that listens nowhere, and a path in place of a name."""
    bind_address = f"192.0.2.2/../{Path('/run/netns').resolve().name}/red" if not nowhere else "192.0.2.2/red"
    options = {**PORT, "skip_networking": nowhere}
    server = netns_start_mysqld(bind_address=bind_address, options=options, check_endpoints=False)
    assert server.execute("SELECT @@skip_networking, @@bind_address") == [(int(nowhere), bind_address)]
    listening = netns["red"].run(["ss", "-ltn"], check=True, capture_output=True, text=True).stdout
    assert ("192.0.2.2:3320" in listening) is not nowhere
