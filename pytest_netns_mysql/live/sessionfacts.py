"""The facts that a session shows on its board: where it is, its network, its servers, the accounts of its test."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.endpointkinds import ENDPOINT_KINDS
from pytest_netns_mysql.errors import NetnsError

if TYPE_CHECKING:
    from pytest_netns_mysql.endpoint import Endpoint
    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.mysql.clients.account import Account
    from pytest_netns_mysql.mysql.clients.accounts import Accounts
    from pytest_netns_mysql.mysql.mysqld.instance import Instance


@dataclass(frozen=True)
class Origin:
    """What a process is, and since when.

    Attributes:
        kind: ``pytest``, ``run`` or ``up``.
        command: Its command line, for people.
        worker: The name of the xdist worker, or ''.
        since: When the session began, in seconds since the epoch.
        known_as: The pid that people know the session by; 0 for that of the process.
        namespace: The namespace that the process stands in, where no test is run; or ''.
        has_become_another: True if the process becomes another program in the sandbox, without its descriptors.
    """

    kind: str
    command: Sequence[str]
    worker: str = ""
    since: float = 0.0
    known_as: int = 0
    namespace: str = ""
    has_become_another: bool = False


def facts_of(origin: Origin, network: Network, servers: Iterable[Instance]) -> dict[str, Any]:
    """Return the facts about a session, which JSON can express.

    Args:
        origin: What the process is.
        network: The network in force.
        servers: The running servers; those of other networks are left out.
    """
    inner = network._sandbox.inner
    names = list(network)
    links = ("ns/mnt", "root") if origin.has_become_another else (f"fd/{inner.mount}", f"fd/{inner.root}")
    return {
        "pid": os.getpid(),
        "known_as": origin.known_as or os.getpid(),
        "kind": origin.kind,
        "worker": origin.worker,
        "namespace": origin.namespace,
        "since": origin.since,
        "command": list(origin.command),
        "mount": links[0],
        "root": links[1],
        "mount_id": inner.mount_id[1],
        "topology": network.topology.name,
        "namespaces": {name: str(network._file(name)) for name in names},
        "servers": [_server(server, names) for server in servers if server.network is network],
    }


def accounts_of(accounts: Iterable[Accounts], namespace: str) -> list[dict[str, Any]]:
    """Return the accounts of a test, the one of its own namespace first."""
    found = [_account(each.server.name, account) for each in accounts for account in each.created]
    own = f"{namespace}_user"
    return sorted(found, key=lambda each: each["user"] != own) if len(found) > 1 else found


def _account(server: str, account: Account) -> dict[str, Any]:
    return {
        "server": server,
        "user": account.user,
        "host": account.host,
        "password": account.password,
        "schema": account.schema,
    }


def _server(server: Instance, namespaces: Iterable[str]) -> dict[str, Any]:
    from pytest_netns_mysql.mysql.mysqld.kind import label, title
    from pytest_netns_mysql.mysql.versions import format_version

    kind = server._spec.kind
    client = kind.program("mysql") or kind.program("mariadb")
    return {
        "name": server.name,
        "product": title(kind),
        "version": format_version(server.version),
        "label": label(kind),
        "cache": str(server._spec.cache),
        "endpoints": [
            {"kind": each.name, "address": place.address, "port": place.port, "namespace": place.namespace}
            for each in ENDPOINT_KINDS
            for place in server._endpoints_of(each.parameter)
        ],
        "nearest": {name: _nearest(server, name) for name in namespaces},
        "folder": str(server.folder),
        "administrator": server._administration,
        "programs": None if client is None else str(client.parent),
        "client_options": dict(server._dialect.client_programs),
    }


def _nearest(server: Instance, namespace: str) -> list[Any] | None:
    """Return address and port of the endpoint that a client in a namespace connects to; None if it reaches none."""
    try:
        place: Endpoint = server.endpoint_for(namespace)
    except NetnsError:
        return None
    return [place.address, place.port]
