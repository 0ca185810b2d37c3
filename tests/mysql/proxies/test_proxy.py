"""A proxy in a namespace: its endpoint, the origin that the server sees, its end, and the errors of a failed start."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_netns_mysql import (
    AccountFactory,
    ConnectFactory,
    MySQLServer,
    Network,
    Proxy,
    ProxyError,
    UnknownNamespaceError,
    factories,
)

pytestmark = [pytest.mark.live, pytest.mark.netns(topology="red-blue")]

# The smallest proxy that there is: each connection gets two threads, one for each direction.
FORWARD = """
import contextlib, socket, sys, threading
address, port, server, server_port = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])

def copy(source, target):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)

with socket.create_server((address, port)) as listener:
    print("listening on", address, port, flush=True)
    while True:
        client, _ = listener.accept()
        behind = socket.create_connection((server, server_port))
        for pair in ((client, behind), (behind, client)):
            threading.Thread(target=copy, args=pair, daemon=True).start()
"""
PLACES = ("{address}", "{port}", "{server_address}", "{server_port}")

forwarder = factories.proxy([sys.executable, "-c", FORWARD, *PLACES], namespace="blue", port=7002)


def by_file(proxy: Proxy) -> list[str]:
    """Write the program into the proxy's folder, as one writes a configuration."""
    (proxy.folder / "forward.py").write_text(FORWARD)
    server = proxy.server_endpoint
    where = [proxy.endpoint.address, str(proxy.endpoint.port), server.address, str(server.port)]
    return [sys.executable, "forward.py", *where]  # the folder is where it runs


in_red = factories.proxy(by_file, namespace="red", port=7000, scope="function")
own_server = factories.mysqld(bind_address="198.51.100.2/blue", options={"port": 3307})
before_own = factories.proxy([sys.executable, "-c", FORWARD, *PLACES], mysqld=own_server, namespace="red", port=7001)


def user(connection: object) -> str:
    with connection.cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute("SELECT USER()")
        return str(cursor.fetchone()[0])


def test_the_server_sees_the_proxy(
    netns_account: AccountFactory, netns_connect: ConnectFactory, forwarder: Proxy
) -> None:
    assert (str(forwarder.endpoint), forwarder.endpoint.port) == ("198.51.100.2/blue", 7002)
    assert (str(forwarder.server_endpoint), forwarder.server_endpoint.port) == ("198.51.100.2/blue", 3306)
    app = netns_account("app", host=forwarder.origin)
    assert user(netns_connect("red", account=app, endpoint=forwarder.endpoint)) == "app@198.51.100.2"
    assert forwarder.log == "listening on 198.51.100.2 7002\n"


def test_a_function_makes_the_command_line(
    netns_account: AccountFactory, netns_connect: ConnectFactory, netns: Network, in_red: Proxy
) -> None:
    app = netns_account("app", host="192.0.2.2")
    assert user(netns_connect("blue", account=app, endpoint=in_red.endpoint)) == "app@192.0.2.2"
    with netns["global"]:
        assert sorted(path.name for path in in_red.folder.iterdir()) == ["forward.py", "log"]
    assert in_red.command[:2] == [sys.executable, "forward.py"]


def test_a_server_of_ones_own_in_another_namespace(
    netns_account: AccountFactory, netns_connect: ConnectFactory, own_server: MySQLServer, before_own: Proxy
) -> None:
    assert before_own.server is own_server
    app = netns_account("app", host=before_own.origin, server=own_server)
    connection = netns_connect("blue", account=app, endpoint=before_own.endpoint, server=own_server)
    assert user(connection) == "app@192.0.2.2"


Run = Callable[..., Proxy]


@pytest.fixture
def run(netns_mysqld: MySQLServer) -> Run:
    """Return what makes a proxy, not yet started, in blue."""

    def make(*argv: str, namespace: str = "blue", port: int = 7100, timeout: float = 20.0) -> Proxy:
        return Proxy("odd", argv, netns_mysqld, namespace=namespace, port=port, timeout=timeout)

    return make


def test_it_ends_with_its_block_and_leaves_no_folder(netns: Network, run: Run) -> None:
    with run(sys.executable, "-c", FORWARD, *PLACES) as proxy:
        assert (
            Path(f"/proc/{proxy.pid}/cmdline").read_text().endswith("198.51.100.2\x007100\x00198.51.100.2\x003306\x00")
        )
        pid, folder = proxy.pid, proxy.folder
    assert proxy.pid is None
    with netns["global"]:
        assert not Path(f"/proc/{pid}").exists()
        assert not folder.exists()


def test_the_error_of_a_proxy_that_ends_shows_its_output(run: Run) -> None:
    with pytest.raises(ProxyError) as caught, run(sys.executable, "-c", "print('no backend'); raise SystemExit(3)"):
        pass
    assert str(caught.value) == (
        "the proxy did not start: it ended with exit code 3\n"
        "  where: proxy odd at 198.51.100.2/blue, in front of server mysqld\n"
        f"  tried: command: {sys.executable} -c 'print('\"'\"'no backend'\"'\"'); raise SystemExit(3)'\n"
        "  tried: no backend\n"
        "  do: read what the proxy printed, above\n"
        "  do: make the proxy stay in the foreground, if it goes to the background"
    )


@pytest.mark.parametrize(
    ("timeout", "program", "obstacle"),
    [
        (0.5, "import time; time.sleep(60)", "connecting to the proxy fails with Connection refused"),
        (
            3.0,
            "import socket, time\ns = socket.create_server(('198.51.100.2', 7100))\nwhile True: s.accept()[0].close()",
            "the proxy closes the connection",
        ),
        (
            3.0,
            "import socket, time\ns = socket.create_server(('198.51.100.2', 7100))\ntime.sleep(60)",
            "the proxy sends nothing",
        ),
    ],
    ids=["deaf", "closing", "silent"],
)
def test_the_error_of_a_proxy_without_a_way_to_the_server_names_the_obstacle(
    run: Run, timeout: float, program: str, obstacle: str
) -> None:
    proxy = run(sys.executable, "-c", program, timeout=timeout)
    with pytest.raises(ProxyError) as caught, proxy:
        pass
    assert caught.value.what == f"no server greeted through the proxy within {timeout:g} seconds: {obstacle}"
    assert caught.value.remedies == (
        "make the proxy listen on 198.51.100.2, port 7100: {address}, {port}",
        "raise netns_start_timeout (seconds)",
    )
    assert proxy.pid is None


def test_a_missing_program_is_refused_with_path(run: Run) -> None:
    with pytest.raises(ProxyError, match="there is no program no-such-proxy\n") as caught, run("no-such-proxy"):
        pass
    assert caught.value.tried[0].startswith("PATH=")
    assert caught.value.remedies[0] == "install the program, or write its path"


def test_a_taken_port_is_refused(run: Run) -> None:
    with pytest.raises(ProxyError) as caught, run("true", port=3306):
        pass
    assert str(caught.value) == (
        "the port 3306 is taken at 198.51.100.2/blue\n"
        "  where: proxy odd at 198.51.100.2/blue, in front of server mysqld\n"
        "  do: give the proxy another port: port=3307"
    )


def test_an_unknown_namespace_is_refused(run: Run) -> None:
    with pytest.raises(UnknownNamespaceError, match="there is no namespace 'green'"):
        run("true", namespace="green")


def test_it_outlives_no_thread_that_started_it_but_the_main_one(run: Run) -> None:
    """PR_SET_PDEATHSIG(2const) follows the thread: this is what ends a proxy when pytest is killed."""
    proxy = run(sys.executable, "-c", FORWARD, *PLACES)
    thread = threading.Thread(target=proxy.__enter__)
    thread.start()
    thread.join()
    assert proxy._process is not None
    assert proxy._process.wait(5) == -9
    proxy.__exit__(None, None, None)
