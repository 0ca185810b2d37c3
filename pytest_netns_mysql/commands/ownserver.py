"""A server that a command starts for itself, and that ends with the command."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_netns_mysql import settings as table
from pytest_netns_mysql.errors import SettingError

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.mysql.dialects.options import OptionValue
    from pytest_netns_mysql.mysql.mysqld.kind import Kind
    from pytest_netns_mysql.mysql.mysqld.spec import ServerSpec
    from pytest_netns_mysql.mysql.server import MySQLServer
    from pytest_netns_mysql.topology.topology import Topology

Progress = Callable[[str], None]


def startable_kind(
    settings: table.Settings,
    progress: Progress,
    topology: Topology,
    *,
    what_stays: str,
    where: str,
    remedies: Sequence[str],
) -> Kind:
    """Return the kind of server that the settings name; fetch the server if it is missing.

    Args:
        settings: The settings of the server.
        progress: Shows a line of text to the user.
        topology: The topology, whose image may ask for MariaDB.
        what_stays: What would stay on a server that others run, for the error.
        where: The command, for the error.
        remedies: What to do, for the error.

    Raises:
        SettingError: Others run the server.
        ServerNotFoundError: There is no such server.
    """
    from pytest_netns_mysql.run.serverkinds import ServerKinds, server_for

    kinds = ServerKinds(settings, progress)
    kind = kinds.find(server_for(topology, kinds.names[0]))
    if kind.listens is not None:
        raise SettingError(
            f"{kind.name} is run by others, and {what_stays} would stay on the server", where=where, remedies=remedies
        )
    return kind


def start_server(
    kind: Kind,
    network: Network,
    settings: table.Settings,
    progress: Progress,
    *,
    options: Mapping[str, OptionValue] | None = None,
    loads: bool = True,
) -> MySQLServer:
    """Return a running server on the endpoints of a network's topology.

    Args:
        kind: The kind of server.
        network: The network.
        settings: The settings of the server.
        progress: Shows a line of text to the user.
        options: Options of mysqld that hold where the topology does not set them.
        loads: Whether to load what the topology names.

    Raises:
        ServerStartError: mysqld does not start.
    """
    from pytest_netns_mysql.mysql.mysqld.resolved import resolve
    from pytest_netns_mysql.mysql.mysqld.spec import ServerSpec
    from pytest_netns_mysql.mysql.server import MySQLServer

    spec: ServerSpec = ServerSpec._of_topology(network.topology)._with_options(options or {})
    if not loads:
        spec = replace(spec, load=())
    resolved = resolve(spec, kind, cache=settings.cache, progress=progress, start_timeout=settings.start_timeout)
    server = MySQLServer(resolved, network)
    server._start()
    return server
