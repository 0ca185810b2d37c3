"""The hooks that a project's plugins and conftests implement to change what this plugin makes.

pytest calls an implementation with the arguments that it names, so it may leave out any of them. The first two hooks
change the whole run: implement them in a plugin, or in a conftest.py that pytest reads before it collects, such as the
one beside the ini file or in the folder of ``testpaths``. A conftest.py that is read later is an error. Implementations
are called one after another, each with what the one before it returned; a wrapper gets that from its ``yield``. They
may be called several times for the same topology or server, in each worker of pytest-xdist too, and return the same
each time. A plugin that is used without this one, too, marks them by ``@pytest.hookimpl(optionalhook=True)``.

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

    The hook is called for each topology that the settings and markers name, before a test is collected for it. A
    topology that a fixture ``netns_topology`` of the project returns is not changed.

    Args:
        config: The configuration of the run.
        topology: The topology. ``dataclasses.replace(topology, ...)`` returns a changed copy.

    Raises:
        HookError: Something else is returned. An error of a topology that breaks a rule names the hook, too.
    """


@pytest.hookspec(firstresult=True)
def pytest_netns_server_spec(
    config: pytest.Config, fixture: str, spec: ServerSpec, topology: Topology
) -> ServerSpec | None:
    """Return another configuration for a server, or None to leave the server as it is.

    The hook is called for ``netns_mysqld``, for the servers of factories, and for those of ``netns_start_mysqld``: when
    a test that asks for the server is collected, and before the server starts.

    Args:
        config: The configuration of the run.
        fixture: The fixture that makes the server, such as ``netns_mysqld``, ``netns_start_mysqld``, or the name of a
            factory's fixture. The members of a group have the group's.
        spec: The configuration: endpoints, ``options``, ``load``, and ``mysqld``, the program or image.
            ``spec.changed({"max_connections": 7})`` returns a copy with other options, and
            ``dataclasses.replace(spec, mysqld="docker://mysql:8.4")`` one with other fields. Paths in ``load`` start at
            the folder of the hook's file. ``name`` and ``factory`` must stay.
        topology: The topology that the server listens in.

    Raises:
        HookError: Something else is returned. An error of a configuration that breaks a rule names the hook, too.
    """


@pytest.hookspec
def pytest_netns_report_sections(
    item: pytest.Item, report: TestReport, network: Network | None, servers: Sequence[MySQLServer]
) -> Sequence[tuple[str, str]] | None:
    """Return sections for the report of a failed netns test, each a title and a text, or None for no section.

    The sections follow the report on the terminal, and are in the HTML page, JSON and Markdown. A conftest.py is asked
    for the tests below its folder. An error in the hook is shown in place of its sections.

    Args:
        item: The test.
        report: What this plugin knows of the failure, without sections.
        network: The network that the test ran in, or None if none was built.
        servers: The servers in that network. Some may not run any more.
    """
