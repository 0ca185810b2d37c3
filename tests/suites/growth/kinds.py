"""What test_growth.py runs: marked tests of many kinds. Each kind is measured when it is warm, and at its end."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_netns_mysql import Endpoint, MySQLServer, NamespaceConnection, Network

EACH = int(os.environ["EACH"])
WARM = 4
RESULTS = Path(os.environ["RESULTS"])
repeated = pytest.mark.parametrize("number", range(EACH))


def status(pid: int | str, key: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(key)).split()[1])


def files_of(pid: int | str) -> Counter[str]:
    """Return how many files of each kind a process has open."""
    found: Counter[str] = Counter()
    for file in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            found[os.readlink(file).partition(":")[0].partition(" ")[0]] += 1
    return found


def children() -> int:
    return len(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


def mounts() -> Iterator[str]:
    """Yield the places of this sandbox's own mounts: those of the host appear here, too, whoever mounts them."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        place = line.split()[4]
        if place.startswith(("/run/netns", "/run/pytest-netns-mysql", "/etc/")):
            yield place


def figures(server: MySQLServer) -> dict[str, Any]:
    gc.collect()
    return {
        "files": files_of("self"),
        "threads": status("self", "Threads"),
        "children": children(),
        "mounts": sorted(mounts()),
        "files of the server's folder": sorted(file.name for file in server.folder.iterdir()),
        "files of mysqld": sum(files_of(server.pid or 0).values()),
        "threads of mysqld": status(server.pid or 0, "Threads"),
        "KiB": status("self", "VmRSS"),
        "KiB of mysqld": status(server.pid or 0, "VmRSS"),
        "objects": len(gc.get_objects()),
    }


@pytest.fixture(autouse=True)
def _measure(request: pytest.FixtureRequest, netns: Network, netns_mysqld: MySQLServer) -> None:
    number = request.node.callspec.params["number"]
    if number in (WARM, EACH - 1) and "blue" not in request.node.callspec.params.values():
        with netns["global"], RESULTS.open("a") as file:
            file.write(json.dumps([request.node.originalname, number, figures(netns_mysqld)]) + "\n")


@pytest.mark.netns("red")
@repeated
def test_fresh_account(number: int, netns_mysql: NamespaceConnection) -> None:
    with netns_mysql.cursor() as cursor:
        cursor.execute("CREATE TABLE t (i INT)")
        cursor.execute("INSERT INTO t VALUES (1)")


@pytest.mark.netns("red")
@repeated
def test_connections(number: int, netns_connect: Any) -> None:
    for driver in ("mysql.connector", "pymysql"):
        netns_connect("blue", driver=driver)
        netns_connect(driver=driver).close()


@repeated
def test_engine(number: int, netns_engine: Any) -> None:
    sqlalchemy = pytest.importorskip("sqlalchemy")
    engine = netns_engine("red", driver="pymysql")
    with engine.connect() as connection:
        assert connection.execute(sqlalchemy.text("SELECT 1")).scalar() == 1


@repeated
def test_accounts(number: int, netns_account: Any, netns_connect: Any, netns_argv: Any) -> None:
    account = netns_account("app", host="192.0.2.%", grants=["SELECT ON mysql.*"], password="secret")
    netns_connect("red", account=account)
    assert netns_argv("mysql", "-e", "SELECT 1", namespace="red", account=account)


@pytest.mark.netns("red")
@repeated
def test_leftovers(number: int, netns: Network, netns_mysqld: MySQLServer) -> None:
    netns_mysqld.execute("SET GLOBAL max_connections = 77")
    netns_mysqld.execute("CREATE SCHEMA stray")
    netns["red"].run(["ip", "address", "add", "192.0.2.99/24", "dev", "lo"], check=True)


@repeated
def test_faults(number: int, netns: Network) -> None:
    with netns.partition("red"), netns.link("blue").down(), netns.without_names():
        pass
    netns.partition("red", port=3306, action="drop")


@repeated
def test_capture(number: int, netns: Network, netns_connect: Any, netns_mysqld: MySQLServer) -> None:
    with netns.capture("red") as packets:
        netns_connect("red").close()
    assert len(packets) > 0


@repeated
def test_async_blocks(number: int, netns: Network, netns_connect_async: Any) -> None:
    async def ask(name: str) -> None:
        async with netns[name]:
            connection = await netns_connect_async(name)
            await asyncio.to_thread(os.getpid)
            await connection.close()

    async def both() -> None:
        await asyncio.gather(ask("red"), ask("blue"))
        task = asyncio.create_task(ask("red"))
        await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    asyncio.run(both())


@pytest.mark.netns("red")
@repeated
def test_threads(number: int, netns: Network) -> None:
    def enter() -> None:
        with netns["blue"], netns["red"]:
            pass

    def stay() -> None:
        netns["blue"].__enter__()

    started = [threading.Thread(target=target) for target in (enter, stay, enter)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    with netns["blue"].executor(2) as pool:
        assert list(pool.map(abs, (1, -2))) == [1, 2]
    netns["red"].executor(1).submit(abs, 1).result()


@pytest.mark.netns("red")
@repeated
def test_programs(number: int, netns: Network, netns_mysqld: MySQLServer) -> None:
    netns["blue"].run(["true"], check=True)
    subprocess.run(["true"], check=True)
    program = netns["red"].popen(["sleep", "60"], drop_capabilities=["CAP_NET_RAW"])
    program.kill()
    program.wait()
    assert isinstance(netns_mysqld.endpoint("red"), Endpoint)
    str(netns_mysqld.explain_login("nobody", namespace="red"))
