"""Test what MySQL does with the address a connection comes from.

The names below are imported when they are first used: a pytest run without a netns test pays for none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_netns_mysql.exports import lazy

if TYPE_CHECKING:
    __all__: list[str]
    from pytest_netns_mysql.endpoint import Endpoint as Endpoint
    from pytest_netns_mysql.errors import (
        BlockError as BlockError,
    )
    from pytest_netns_mysql.errors import (
        CacheError as CacheError,
    )
    from pytest_netns_mysql.errors import (
        CertificateError as CertificateError,
    )
    from pytest_netns_mysql.errors import (
        ClientError as ClientError,
    )
    from pytest_netns_mysql.errors import (
        ContainerError as ContainerError,
    )
    from pytest_netns_mysql.errors import (
        EndpointError as EndpointError,
    )
    from pytest_netns_mysql.errors import (
        FetchError as FetchError,
    )
    from pytest_netns_mysql.errors import (
        GroupError as GroupError,
    )
    from pytest_netns_mysql.errors import (
        LeftoverError as LeftoverError,
    )
    from pytest_netns_mysql.errors import (
        LoadError as LoadError,
    )
    from pytest_netns_mysql.errors import (
        MarkerError as MarkerError,
    )
    from pytest_netns_mysql.errors import (
        NetnsError as NetnsError,
    )
    from pytest_netns_mysql.errors import (
        NetnsWarning as NetnsWarning,
    )
    from pytest_netns_mysql.errors import (
        NetworkError as NetworkError,
    )
    from pytest_netns_mysql.errors import (
        OneWayError as OneWayError,
    )
    from pytest_netns_mysql.errors import (
        OriginError as OriginError,
    )
    from pytest_netns_mysql.errors import (
        ProxyError as ProxyError,
    )
    from pytest_netns_mysql.errors import (
        ReplicationError as ReplicationError,
    )
    from pytest_netns_mysql.errors import (
        SandboxError as SandboxError,
    )
    from pytest_netns_mysql.errors import (
        ServerGoneError as ServerGoneError,
    )
    from pytest_netns_mysql.errors import (
        ServerNotFoundError as ServerNotFoundError,
    )
    from pytest_netns_mysql.errors import (
        ServerStartError as ServerStartError,
    )
    from pytest_netns_mysql.errors import (
        ServerVersionError as ServerVersionError,
    )
    from pytest_netns_mysql.errors import (
        SettingError as SettingError,
    )
    from pytest_netns_mysql.errors import (
        SnapshotError as SnapshotError,
    )
    from pytest_netns_mysql.errors import (
        ThreadsError as ThreadsError,
    )
    from pytest_netns_mysql.errors import (
        TopologyError as TopologyError,
    )
    from pytest_netns_mysql.errors import (
        UnknownNamespaceError as UnknownNamespaceError,
    )
    from pytest_netns_mysql.kernel.namespaces.namespace import Namespace as Namespace
    from pytest_netns_mysql.kernel.network import Network as Network
    from pytest_netns_mysql.mysql.clients.account import Account as Account
    from pytest_netns_mysql.mysql.clients.tls import Authority as Authority
    from pytest_netns_mysql.mysql.clients.tls import Certificate as Certificate
    from pytest_netns_mysql.mysql.drivers.connector import NamespaceConnection as NamespaceConnection
    from pytest_netns_mysql.mysql.drivers.connector import NamespacePool as NamespacePool
    from pytest_netns_mysql.mysql.drivers.x import NamespaceXClient as NamespaceXClient
    from pytest_netns_mysql.mysql.proxies.proxy import Proxy as Proxy
    from pytest_netns_mysql.mysql.replication.channel import Channel as Channel
    from pytest_netns_mysql.mysql.replication.group import Group as Group
    from pytest_netns_mysql.mysql.replication.group import Member as Member
    from pytest_netns_mysql.mysql.replication.replica import Replica as Replica
    from pytest_netns_mysql.mysql.replication.status import ReplicaStatus as ReplicaStatus
    from pytest_netns_mysql.mysql.reset.snapshot import Snapshot as Snapshot
    from pytest_netns_mysql.mysql.server import MySQLServer as MySQLServer
    from pytest_netns_mysql.protocols import AccountFactory as AccountFactory
    from pytest_netns_mysql.protocols import ArgvFactory as ArgvFactory
    from pytest_netns_mysql.protocols import ConnectFactory as ConnectFactory
    from pytest_netns_mysql.protocols import StartFactory as StartFactory
    from pytest_netns_mysql.topology.file.load import from_mapping as from_mapping
    from pytest_netns_mysql.topology.file.load import load as load
    from pytest_netns_mysql.topology.file.mapping import dump as dump
    from pytest_netns_mysql.topology.model import Bridge as Bridge
    from pytest_netns_mysql.topology.model import Link as Link
    from pytest_netns_mysql.topology.model import Mysqld as Mysqld
    from pytest_netns_mysql.topology.model import Topology as Topology

__getattr__, __dir__ = lazy(globals())
