"""What the explanation of an error may look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_netns_mysql.endpoint import GLOBAL

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.mysql.mysqld.instance import Instance


@dataclass(frozen=True)
class Context:
    """What the explanation of an error may look at: the test, its network and the servers.

    Attributes:
        network: The network in force, or None.
        servers: The servers in the network, ``netns_mysqld`` first.
        namespace: The namespace of the test.
        began: When the test began, in seconds since the epoch.
        put_away: The test after which a schema or a table went away, by server, schema and table. The table is '' for
            a whole schema. The server is '' for the schema of a test's own account. The schema is '' for a server that
            was ended, so that the next test gets a fresh one.
        leftovers: The value of the setting ``netns_leftovers``.
        changes_of_network: Returns what the test has changed in the network, as ``red: route default is gone``.
    """

    network: Network | None = None
    servers: Sequence[Instance] = ()
    namespace: str = GLOBAL
    began: float = 0.0
    put_away: Mapping[tuple[str, str, str], str] = field(default_factory=dict)
    leftovers: str = "reset"
    changes_of_network: Callable[[], Sequence[str]] = tuple

    def namespace_of(self, address: str) -> str:
        """Return the name of the namespace that has an address, or ''."""
        if self.network is None:
            return ""
        for name, namespace in self.network.items():
            if address in [str(interface.ip) for interface in namespace.addresses if not interface.is_loopback]:
                return name
        return GLOBAL if address == "127.0.0.1" else ""

    def with_namespace(self, address: str) -> str:
        """Return an address with its namespace in parentheses, such as ``192.0.2.2 (namespace red)``."""
        name = self.namespace_of(address)
        return f"{address} (namespace {name})" if name else address
