"""What an early start has made: the session takes it over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox
    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.mysql.server import MySQLServer
    from pytest_netns_mysql.reuse.protocol import Taken


@dataclass(frozen=True)
class EarlyStart:
    """A sandbox with a network and a server that boots.

    Attributes:
        sandbox: The sandbox.
        network: The network in it.
        mysqld: The server, as the setting netns_mysqld names it.
        server: The server, which need not answer yet.
        taken: The server's supervisor, for a standing server; None for a server of this process.
        brought_up: The address of a standing server that this run has brought up, or None.
    """

    sandbox: Sandbox
    network: Network
    mysqld: str
    server: MySQLServer
    taken: Taken | None = None
    brought_up: str | None = None
