"""Test what MySQL does with the address a connection comes from.

The names below are imported when they are first used: a pytest run without a netns test pays for none.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_netns_mysql.endpoint import Endpoint
    from pytest_netns_mysql.errors import (
        BlockError,
        CacheError,
        CertificateError,
        ClientError,
        ContainerError,
        EndpointError,
        FetchError,
        GroupError,
        LeftoverError,
        LoadError,
        MarkerError,
        NetnsError,
        NetnsWarning,
        NetworkError,
        OneWayError,
        OriginError,
        ProxyError,
        ReplicationError,
        SandboxError,
        ServerGoneError,
        ServerNotFoundError,
        ServerStartError,
        ServerVersionError,
        SettingError,
        SnapshotError,
        ThreadsError,
        TopologyError,
        UnknownNamespaceError,
    )
    from pytest_netns_mysql.kernel.namespace import Namespace
    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.mysql.accounts import Account
    from pytest_netns_mysql.mysql.channel import Channel
    from pytest_netns_mysql.mysql.client import NamespaceConnection, NamespacePool
    from pytest_netns_mysql.mysql.group import Group, Member
    from pytest_netns_mysql.mysql.proxy import Proxy
    from pytest_netns_mysql.mysql.replicastatus import ReplicaStatus
    from pytest_netns_mysql.mysql.replication import Replica
    from pytest_netns_mysql.mysql.server import MySQLServer
    from pytest_netns_mysql.mysql.snapshot import Snapshot
    from pytest_netns_mysql.mysql.tls import Authority, Certificate
    from pytest_netns_mysql.mysql.xclient import NamespaceXClient
    from pytest_netns_mysql.protocols import AccountFactory, ArgvFactory, ConnectFactory, StartFactory
    from pytest_netns_mysql.topology.load import from_mapping, load
    from pytest_netns_mysql.topology.mapping import dump
    from pytest_netns_mysql.topology.model import Bridge, Link, Mysqld, Topology

_HOMES = {
    "Account": "mysql.accounts",
    "AccountFactory": "protocols",
    "ArgvFactory": "protocols",
    "Authority": "mysql.tls",
    "BlockError": "errors",
    "Bridge": "topology.model",
    "CacheError": "errors",
    "Certificate": "mysql.tls",
    "CertificateError": "errors",
    "Channel": "mysql.channel",
    "ClientError": "errors",
    "ContainerError": "errors",
    "ConnectFactory": "protocols",
    "Endpoint": "endpoint",
    "EndpointError": "errors",
    "FetchError": "errors",
    "Group": "mysql.group",
    "GroupError": "errors",
    "LeftoverError": "errors",
    "LoadError": "errors",
    "Link": "topology.model",
    "MarkerError": "errors",
    "Member": "mysql.group",
    "MySQLServer": "mysql.server",
    "Mysqld": "topology.model",
    "Namespace": "kernel.namespace",
    "NamespaceConnection": "mysql.client",
    "NamespacePool": "mysql.client",
    "NamespaceXClient": "mysql.xclient",
    "NetnsError": "errors",
    "NetnsWarning": "errors",
    "Network": "kernel.network",
    "NetworkError": "errors",
    "OneWayError": "errors",
    "OriginError": "errors",
    "Proxy": "mysql.proxy",
    "ProxyError": "errors",
    "Replica": "mysql.replication",
    "ReplicaStatus": "mysql.replicastatus",
    "ReplicationError": "errors",
    "SandboxError": "errors",
    "ServerGoneError": "errors",
    "ServerNotFoundError": "errors",
    "ServerStartError": "errors",
    "ServerVersionError": "errors",
    "SettingError": "errors",
    "Snapshot": "mysql.snapshot",
    "SnapshotError": "errors",
    "StartFactory": "protocols",
    "ThreadsError": "errors",
    "Topology": "topology.model",
    "TopologyError": "errors",
    "UnknownNamespaceError": "errors",
    "dump": "topology.mapping",
    "from_mapping": "topology.load",
    "load": "topology.load",
}

__all__ = [
    "Account",
    "AccountFactory",
    "ArgvFactory",
    "Authority",
    "BlockError",
    "Bridge",
    "CacheError",
    "Certificate",
    "CertificateError",
    "Channel",
    "ClientError",
    "ConnectFactory",
    "ContainerError",
    "Endpoint",
    "EndpointError",
    "FetchError",
    "Group",
    "GroupError",
    "LeftoverError",
    "Link",
    "LoadError",
    "MarkerError",
    "Member",
    "MySQLServer",
    "Mysqld",
    "Namespace",
    "NamespaceConnection",
    "NamespacePool",
    "NamespaceXClient",
    "NetnsError",
    "NetnsWarning",
    "Network",
    "NetworkError",
    "OneWayError",
    "OriginError",
    "Proxy",
    "ProxyError",
    "Replica",
    "ReplicaStatus",
    "ReplicationError",
    "SandboxError",
    "ServerGoneError",
    "ServerNotFoundError",
    "ServerStartError",
    "ServerVersionError",
    "SettingError",
    "Snapshot",
    "SnapshotError",
    "StartFactory",
    "ThreadsError",
    "Topology",
    "TopologyError",
    "UnknownNamespaceError",
    "dump",
    "from_mapping",
    "load",
]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
