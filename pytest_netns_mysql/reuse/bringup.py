"""Start of a standing server, for `netns-mysql up` and for `netns_reuse = always`."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pytest_netns_mysql.errors import SandboxError
from pytest_netns_mysql.reuse import protocol
from pytest_netns_mysql.reuse.address import address_of
from pytest_netns_mysql.reuse.messages import READY, Order, Silent

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.resolved import ResolvedSpec
    from pytest_netns_mysql.topology.topology import Topology

_PREPARATION_TIMEOUT = 300.0  # seconds beside netns_start_timeout: the daemon may have to make a data directory
_MAX_LINES = 12  # of the daemon's output, in an error


def is_possible(topology: Topology, spec: ResolvedSpec) -> bool:
    """Return True if the topology alone describes a server: the daemon does not know what hooks and settings add.

    Args:
        topology: The topology of the network.
        spec: The configuration of the server.
    """
    from pytest_netns_mysql.mysql.mysqld.resolved import resolve
    from pytest_netns_mysql.mysql.mysqld.spec import ServerSpec

    known = ServerSpec._of_topology(topology, mysqlx=_with_mysqlx(topology, spec))
    resolved = resolve(known, spec.kind, cache=spec.cache, progress=spec.progress, start_timeout=spec.start_timeout)
    return replace(resolved, name=spec.name) == spec


def bring_up(topology: Topology, spec: ResolvedSpec, *, mode: str) -> str:
    """Start a standing server, which lives as long as this login session, see getsid(2).

    Where the leader of the session has ended already, the server lives until it is ended by `netns-mysql down`.

    Args:
        topology: The topology of the network.
        spec: The configuration of the server.
        mode: The value of netns_mode.

    Returns:
        The address of the offer, once the server is up.

    Raises:
        SandboxError: The server cannot be started, or an equal server is up already.
    """
    from pytest_netns_mysql.kernel.namespaces.privileges import needs_user_namespace

    rootless = needs_user_namespace(mode)
    address = address_of(spec, topology, rootless=rootless)
    raise_if_up(address)
    order = Order(
        address,
        topology,
        program=spec.kind.name,
        version_line=spec.kind.version_line,
        cache=str(spec.cache),
        mode=mode,
        is_rootless=rootless,
        folder=str(Path.cwd()),
        leader=_leader(),
        with_mysqlx=_with_mysqlx(topology, spec),
        start_timeout=spec.start_timeout,
    )
    timeout = _PREPARATION_TIMEOUT + spec.start_timeout
    try:
        # Returns when the daemon closes its output. The daemon itself goes on, and is no child of this process.
        result = subprocess.run(
            [sys.executable, "-m", "pytest_netns_mysql.reuse.daemon"],
            input=msgspec.json.encode(order),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            start_new_session=True,
            check=False,
            timeout=timeout,
        )
        output = result.stdout.decode("utf-8", "replace").splitlines()
    except subprocess.TimeoutExpired:
        output = [f"the server was not up after {timeout:g} seconds"]
    if output[-1:] != [READY]:
        raise SandboxError("could not start the standing server", where="netns-mysql up", tried=output[-_MAX_LINES:])
    return address


def _with_mysqlx(topology: Topology, spec: ResolvedSpec) -> bool:
    return spec.mysqlx_bind_address is not None and topology.mysqld.mysqlx_bind_address is None


def _leader() -> int:
    """Return the pid of the leader of this login session, or 0 if this process is the leader, or if it has ended."""
    leader = os.getsid(0)
    try:
        state = Path(f"/proc/{leader}/stat").read_bytes().rpartition(b") ")[2][:1]
    except OSError:
        return 0
    return 0 if leader == os.getpid() or state == b"Z" else leader


def raise_if_up(address: str) -> None:
    """Raise SandboxError if a standing server has this address, whether or not the server answers."""
    found = protocol.ask(address, "status")
    if found is None:
        return
    addition = f", but does not answer: {found.reason}" if isinstance(found, Silent) else ""
    raise SandboxError(
        f"could not start the standing server: an equal server is up already (pid {found.pid}){addition}",
        where="netns-mysql up",
        remedies=[f"netns-mysql down {found.pid}, to end that server"],
    )
