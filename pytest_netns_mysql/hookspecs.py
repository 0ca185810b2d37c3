"""Hooks for projects that change topologies, servers and reports.

Implement a hook in a plugin or in a conftest.py, like pytest's own hooks. An implementation names only those arguments
that it needs.

``pytest_netns_topology`` and ``pytest_netns_server_spec`` change the whole run, so pytest must know them before it
collects tests. Implement them in a plugin, or in a conftest.py that pytest reads before collection: beside the ini
file, or in a folder of ``testpaths``. In a conftest.py that pytest reads later, these two hooks are an error. pytest
may call both hooks several times for the same topology or server, and in each worker of pytest-xdist. Both must return
the same result each time.

If several plugins implement one of these two hooks, each implementation gets what the previous implementation returned.
A hook wrapper gets the result so far from its ``yield``.

If your plugin is also used without pytest-netns-mysql, mark its implementations with
``@pytest.hookimpl(optionalhook=True)``.

Every pytest run imports this module, so it has nothing but the specifications.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.mysql.mysqld.spec import ServerSpec
    from pytest_netns_mysql.mysql.server import MySQLServer
    from pytest_netns_mysql.report.reportdata import TestReport
    from pytest_netns_mysql.topology.topology import Topology


@pytest.hookspec(firstresult=True)
def pytest_netns_topology(config: pytest.Config, topology: Topology) -> Topology | None:
    """Return another topology for tests to run over, or None to leave the topology as it is.

    pytest calls the hook for each topology that settings and markers name, before it collects a test for that topology.
    The hook is not called for a topology that the project's own fixture ``netns_topology`` returns.

    Args:
        config: The configuration of the run.
        topology: The topology. ``dataclasses.replace(topology, ...)`` returns a changed copy.

    Raises:
        HookError: The hook returns something else. If the returned topology has a mistake, the error names the hook.
    """


@pytest.hookspec(firstresult=True)
def pytest_netns_server_spec(
    config: pytest.Config, fixture: str, spec: ServerSpec, topology: Topology
) -> ServerSpec | None:
    """Return another configuration for a server, or None to leave the server as it is.

    pytest calls the hook for ``netns_mysqld``, for the servers of factories, and for the servers of
    ``netns_start_mysqld``: when it collects a test that asks for the server, and before the server starts.

    Args:
        config: The configuration of the run.
        fixture: The name of the fixture that makes the server: ``netns_mysqld``, ``netns_start_mysqld``, or the name of
            a factory's fixture. For the members of a group, the name of the group's fixture.
        spec: The configuration: endpoints, ``options``, ``load``, and ``mysqld``, the program or image.
            ``spec.changed({"max_connections": 7})`` returns a copy with other options.
            ``dataclasses.replace(spec, mysqld="docker://mysql:8.4")`` returns a copy with other fields. Paths in
            ``load`` start at the folder of the hook's file. ``name`` and ``factory`` must not change.
        topology: The topology that the server listens in.

    Raises:
        HookError: The hook returns something else. If the returned configuration has a mistake, the error names the
            hook.
    """


@pytest.hookspec
def pytest_netns_report_sections(
    item: pytest.Item, report: TestReport, network: Network | None, servers: Sequence[MySQLServer]
) -> Sequence[tuple[str, str]] | None:
    """Return sections for the report of a failed netns test, or None for no section. A section is a title and a text.

    The sections follow the report on the terminal. They are also in the HTML page, the JSON file and the Markdown file.
    A hook in a conftest.py is called for the tests below its folder. If a hook fails, the report shows the error in
    place of the hook's sections.

    Args:
        item: The test.
        report: What the plugin knows about the failure, without sections.
        network: The network that the test ran in, or None if none was built.
        servers: The servers in that network. Some of them may have ended.
    """
