"""What test_load.py runs: many namespaces, connections and servers at once."""

from __future__ import annotations

import os
import resource
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pytest_netns_mysql import MySQLServer, Network, factories

CONNECTIONS = int(os.environ["CONNECTIONS"])
SERVERS = int(os.environ["SERVERS"])
THREADS = 16
DRIVERS = ("mysql.connector", "pymysql")
FIRST_PORT = 4001
others = [factories.mysqld(bind_address="127.0.0.1", options={"port": FIRST_PORT + n}) for n in range(SERVERS - 1)]
for number, fixture in enumerate(others):
    globals()[f"server_{number}"] = fixture


def origin(connection: Any) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT USER()")
        return str(cursor.fetchone()[0]).partition("@")[2]


def test_a_connection_from_each_namespace(netns: Network, netns_connect: Any) -> None:
    found = {name: origin(netns_connect(name)) for name in netns if name != "global"}
    assert found == {name: netns[name].address for name in found}
    assert len(found) == int(os.environ["NAMESPACES"])


@pytest.mark.netns("n7")
def test_connections_at_once(netns: Network, netns_mysqld: MySQLServer, netns_connect: Any) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4 * CONNECTIONS)), hard))
    names = [f"n{number}" for number in range(8)]
    begin = threading.Barrier(THREADS, timeout=60)

    def connect(thread: int) -> list[tuple[str, Any]]:
        begin.wait()
        mine = range(thread, CONNECTIONS, THREADS)
        return [(names[n % 8], netns_connect(names[n % 8], driver=DRIVERS[n // 8 % 2])) for n in mine]

    with ThreadPoolExecutor(THREADS) as pool:
        opened = [pair for pairs in pool.map(connect, range(THREADS)) for pair in pairs]
    wrong = [(name, seen) for name, connection in opened if (seen := origin(connection)) != netns[name].address]
    assert wrong == []
    rows = netns_mysqld.execute("SELECT user, COUNT(*) FROM information_schema.processlist GROUP BY user")
    counted = {user: number for user, number in rows if user in ("root", *(f"{name}_user" for name in names))}
    assert counted == Counter(f"{names[n % 8]}_user" for n in range(CONNECTIONS)) + Counter(root=2)


def test_threads_share_the_administrator(netns_mysqld: MySQLServer, netns_account: Any) -> None:
    each = 10

    def ask(thread: int) -> list[int]:
        netns_account(f"app{thread}", host="%", schema=f"app{thread % 4}", grants=["SELECT ON mysql.user"])
        return [netns_mysqld.execute("SELECT %s + 1", thread * each + n)[0][0] - 1 for n in range(each)]

    with ThreadPoolExecutor(THREADS) as pool:
        answers = [number for part in pool.map(ask, range(THREADS)) for number in part]
    assert answers == list(range(THREADS * each))


def test_nothing_was_left(netns_mysqld: MySQLServer) -> None:
    rows = netns_mysqld.execute("SELECT user FROM mysql.user WHERE user LIKE 'app%' OR user LIKE 'n%\\_user'")
    assert rows == []
    assert netns_mysqld.execute("SHOW SCHEMAS LIKE 'app%'") == []


def test_servers_in_one_session(request: pytest.FixtureRequest, netns_mysqld: MySQLServer, netns_connect: Any) -> None:
    servers = [netns_mysqld, *(request.getfixturevalue(f"server_{number}") for number in range(SERVERS - 1))]
    ports = [netns_connect("global", server=server).server_port for server in servers]
    assert ports == [3306, *range(FIRST_PORT, FIRST_PORT + SERVERS - 1)]
    assert len({server.pid for server in servers}) == SERVERS
