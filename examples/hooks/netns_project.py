"""The hooks of a project. A conftest.py may have them, or a plugin, as here: ``-p netns_project`` loads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pytest_netns_mysql import Link, MySQLServer, ServerSpec, TestReport, Topology
from pytest_netns_mysql.topology import Namespace


def pytest_netns_topology(topology: Topology) -> Topology:
    """Add the office, which all tests may come from, to each topology."""
    office = Namespace((Link(address=("203.0.113.2/24",)),))
    return replace(topology, namespaces={**topology.namespaces, "office": office})


def pytest_netns_server_spec(fixture: str, spec: ServerSpec) -> ServerSpec | None:
    """Limit connections as in production, but not on the servers that single tests start."""
    return None if fixture == "netns_start_mysqld" else spec.changed({"max_connections": 17})


def pytest_netns_report_sections(report: TestReport, servers: Sequence[MySQLServer]) -> list[tuple[str, str]]:
    """Show the status of threads when a test has failed."""
    text = []
    for server in servers:
        with server.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SHOW GLOBAL STATUS LIKE 'Threads_connected'")
            text += [f"{server.name}: {name} {value}" for name, value in cursor.fetchall()]
    return [(f"threads after {report.nodeid}", "\n".join(text))]
