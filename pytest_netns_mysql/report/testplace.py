"""Where a test ran, for its report."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pytest_netns_mysql.mysql.mysqld.kind import title
from pytest_netns_mysql.mysql.versions import format_version
from pytest_netns_mysql.report.reportdata import Place

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.mysql.mysqld.instance import Instance


def place(name: str, network: Network | None, servers: Iterable[Instance]) -> Place:
    """Return where a test ran.

    Args:
        name: The test's namespace.
        network: The network, or None if none was built.
        servers: The servers in the network.
    """
    if network is None:
        return Place(name, (), "", "")
    has_namespace = name in network.topology.addresses
    return Place(
        name,
        tuple(map(str, network[name].addresses)) if has_namespace else (),
        network.topology.name,
        network.topology.source,
        tuple(map(_described, servers)),
    )


def _described(server: Instance) -> str:
    kind = server._spec.kind
    return f"{server.name}: {title(kind)} {format_version(kind.version)} at {server._describe()}"
