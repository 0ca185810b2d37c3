"""Test what MySQL does with the address a connection comes from.

The public names are listed below, once. A name is imported when it is first used, so that a pytest run without a netns
test imports nothing.
"""

# isort would give each name an import statement of its own:
# ruff: isort: skip_file

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pytest_netns_mysql.exports import lazy

if TYPE_CHECKING:
    __all__: list[str]
    __version__: str
    from pytest_netns_mysql.endpoint import Endpoint as Endpoint
    from pytest_netns_mysql.errors import (
        BlockError as BlockError,
        CacheError as CacheError,
        CertificateError as CertificateError,
        ClientError as ClientError,
        ContainerError as ContainerError,
        EndpointError as EndpointError,
        FetchError as FetchError,
        GroupError as GroupError,
        HookError as HookError,
        LeftoverError as LeftoverError,
        LoadError as LoadError,
        MarkerError as MarkerError,
        NetnsDeprecationWarning as NetnsDeprecationWarning,
        NetnsError as NetnsError,
        NetnsWarning as NetnsWarning,
        NetworkError as NetworkError,
        OneWayError as OneWayError,
        OriginError as OriginError,
        ProxyError as ProxyError,
        ReplicationError as ReplicationError,
        SandboxError as SandboxError,
        ServerGoneError as ServerGoneError,
        ServerNotFoundError as ServerNotFoundError,
        ServerStartError as ServerStartError,
        ServerVersionError as ServerVersionError,
        SettingError as SettingError,
        SnapshotError as SnapshotError,
        ThreadsError as ThreadsError,
        TopologyError as TopologyError,
        UnknownNamespaceError as UnknownNamespaceError,
    )
    from pytest_netns_mysql.kernel.faults.fault import NetworkFault as NetworkFault
    from pytest_netns_mysql.kernel.capture.packet import Packet as Packet
    from pytest_netns_mysql.kernel.capture.packets import Packets as Packets
    from pytest_netns_mysql.kernel.namespaces.namespace import Namespace as Namespace
    from pytest_netns_mysql.kernel.network import Network as Network
    from pytest_netns_mysql.mysql.access.explanation import (
        Candidate as Candidate,
        HiddenAccount as HiddenAccount,
        LoginExplanation as LoginExplanation,
        Origin as Origin,
    )
    from pytest_netns_mysql.mysql.access.accessmatrix import AccessMatrix as AccessMatrix
    from pytest_netns_mysql.mysql.clients.account import Account as Account
    from pytest_netns_mysql.mysql.clients.tls import Authority as Authority, Certificate as Certificate
    from pytest_netns_mysql.mysql.drivers.connector import (
        NamespaceConnection as NamespaceConnection,
        NamespacePool as NamespacePool,
    )
    from pytest_netns_mysql.mysql.drivers.x import NamespaceXClient as NamespaceXClient
    from pytest_netns_mysql.mysql.mysqld.spec import ServerSpec as ServerSpec
    from pytest_netns_mysql.mysql.proxies.proxy import Proxy as Proxy
    from pytest_netns_mysql.mysql.replication.channel import Channel as Channel
    from pytest_netns_mysql.mysql.replication.group import Group as Group, Member as Member
    from pytest_netns_mysql.mysql.replication.replica import Replica as Replica
    from pytest_netns_mysql.mysql.replication.status import ReplicaStatus as ReplicaStatus
    from pytest_netns_mysql.mysql.reset.snapshot import Snapshot as Snapshot
    from pytest_netns_mysql.mysql.server import MySQLServer as MySQLServer
    from pytest_netns_mysql.protocols import (
        AccountFactory as AccountFactory,
        ArgvFactory as ArgvFactory,
        AsyncConnectFactory as AsyncConnectFactory,
        AsyncEngineFactory as AsyncEngineFactory,
        ConnectFactory as ConnectFactory,
        EngineFactory as EngineFactory,
        StartFactory as StartFactory,
    )
    from pytest_netns_mysql.report.reportdata import TestReport as TestReport
    from pytest_netns_mysql.topology.file.load import from_mapping as from_mapping, load as load
    from pytest_netns_mysql.topology.file.mapping import dump as dump
    from pytest_netns_mysql.topology.model import Bridge as Bridge, Link as Link, Mysqld as Mysqld
    from pytest_netns_mysql.topology.topology import Topology as Topology

__getattr__: Callable[[str], object]
__dir__: Callable[[], list[str]]
__getattr__, __dir__ = lazy(globals())
