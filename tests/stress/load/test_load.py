"""Many connections, namespaces, servers and workers: they work, and none disturbs another."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.stress import check, scaled
from tests.support.suites import InnerRun, Suite

pytestmark = [pytest.mark.as_user, pytest.mark.slow]

AREA = "Load"
NAMESPACES, CONNECTIONS, SERVERS, WORKERS = scaled(40, 256), scaled(64, 1000), scaled(3, 10), scaled(4, 16)
CLAIMS = {
    "test_a_connection_from_each_namespace": (
        NAMESPACES,
        "namespaces on one server: a client of each has the right origin",
    ),
    "test_connections_at_once": (
        CONNECTIONS,
        "connections of 16 threads from 8 namespaces have the right origin",
    ),
    "test_threads_share_the_administrator": (
        160,
        "statements by 16 threads at once, which make accounts, too, have their own answers",
    ),
    "test_servers_in_one_session": (SERVERS, "servers run side by side in one session"),
}


def topology(namespaces: int) -> str:
    """Return a topology in which each namespace has a subnet, and the server an address in each."""
    lines = [f'n{number} = "10.0.{number}.2/24"' for number in range(namespaces)]
    return "\n".join(["[mysqld]", f"options = {{ max_connections = {CONNECTIONS + 20} }}", "[namespaces]", *lines])


def failed(result: InnerRun, name: str = "") -> list[str]:
    """Return the lines about the tests that did not pass."""
    return [line for line in result.outlines if line.startswith(("FAILED ", "ERROR ")) and name in line]


def test_connections_namespaces_and_servers(
    suite: Suite, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("NAMESPACES", NAMESPACES), ("CONNECTIONS", CONNECTIONS), ("SERVERS", SERVERS)):
        monkeypatch.setenv(name, str(value))
    (pytester.path / "netns-topology.toml").write_text(topology(NAMESPACES))
    result = suite("load/many", "--netns-start-timeout=300")
    tests = len(CLAIMS) + 1
    complete = result.parseoutcomes().get("passed", 0) + len(failed(result)) == tests
    for test, (count, claim) in CLAIMS.items():
        check(AREA, claim, count, failed(result, test) if complete else [result.summary()])
    result.assert_outcomes(passed=tests)


def test_workers(suite: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKERS", str(WORKERS))
    monkeypatch.setenv("PIDS", str(tmp_path))
    result = suite("load/workers", "-n", str(WORKERS), "--netns-start-timeout=300")
    workers, pids = zip(*(file.name.split("-") for file in tmp_path.iterdir()), strict=True)
    faults = failed(result)
    if len(set(workers)) != WORKERS or len(set(pids)) != WORKERS:
        faults.append(f"workers and their servers: {sorted(zip(workers, pids, strict=True))}")
    check(AREA, "workers of xdist each have a server of their own", WORKERS, faults)
    result.assert_outcomes(passed=4 * WORKERS)
