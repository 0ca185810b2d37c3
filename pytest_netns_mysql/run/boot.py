"""The early start of the default server: a server that boots while pytest collects, or a standing server."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_netns_mysql.run.early import EarlyStart

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox
    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.mysql.mysqld.resolved import ResolvedSpec
    from pytest_netns_mysql.reuse.protocol import Taken
    from pytest_netns_mysql.run.session import NetnsSession
    from pytest_netns_mysql.topology.topology import Topology


def boot(session: NetnsSession, topology: Topology, *, mysqlx: bool, worker: bool) -> EarlyStart | None:
    """Start the server of a topology; return while the server boots.

    The calling thread, the main one, stays where it is. Where an exception is raised, nothing is left behind.

    Args:
        session: The session, of which nothing is changed.
        topology: The topology.
        mysqlx: Whether X Plugin is to listen.
        worker: Whether this process is a worker of xdist.

    Returns:
        What was started, or None where nothing can be started yet: a server or a template must be fetched or made
        first, or this process could not move into the sandbox later.

    Raises:
        NetnsError: The server or the sandbox cannot be made.
        OSError: The kernel refuses a step.
        RuntimeError: No thread can be started.
    """
    mysqld = session.kinds.names[0]
    spec = _spec_of(session, topology, mysqld, mysqlx=mysqlx)
    if spec is None:
        return None
    taken = _take(session, topology, mysqld, spec, worker=worker)
    return _start(session, topology, mysqld, spec, worker=worker) if taken is None else taken


def take(session: NetnsSession, topology: Topology, *, mysqlx: bool, worker: bool) -> EarlyStart | None:
    """Take a standing server of a topology, or return None; with netns_reuse = always, start one if none is up.

    The arguments and the errors are those of ``boot``.
    """
    mysqld = session.kinds.names[0]
    spec = _spec_of(session, topology, mysqld, mysqlx=mysqlx)
    return None if spec is None else _take(session, topology, mysqld, spec, worker=worker)


def _spec_of(session: NetnsSession, topology: Topology, mysqld: str, *, mysqlx: bool) -> ResolvedSpec | None:
    """Return the server's configuration, or None if the server or its data directory must be made first."""
    if session.kinds.known(session.server_over(topology, mysqld)) is None:
        return None
    spec = session.spec_of(topology, mysqld, mysqlx=mysqlx)
    return spec if _is_made(spec) else None


def _start(
    session: NetnsSession, topology: Topology, mysqld: str, spec: ResolvedSpec, *, worker: bool
) -> EarlyStart | None:
    from pytest_netns_mysql.kernel.namespaces import privileges
    from pytest_netns_mysql.kernel.namespaces.newthread import run_in_new_thread
    from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox
    from pytest_netns_mysql.kernel.namespaces.usernamespace import enter_user_namespace, prepare_worker
    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.mysql.server import MySQLServer

    if privileges.needs_user_namespace(session.settings.mode):
        enter_user_namespace()
        session.networks.is_in_user_namespace = True
    if privileges.CAP_SYS_CHROOT not in privileges.effective_capabilities():
        return None
    if worker:
        prepare_worker()
    with contextlib.ExitStack() as undo:

        def prepare() -> EarlyStart:
            # This thread may be moved, and ends in the sandbox; the main one is moved when a test comes that wants it.
            sandbox = Sandbox.create_in_thread(session.settings.mode)
            undo.callback(sandbox.close)
            network = Network(sandbox, topology)
            undo.callback(network._close)
            server = MySQLServer(spec, network)
            undo.callback(server._end, wait=True)
            server._prepare()
            return EarlyStart(sandbox, network, mysqld, server)

        early = run_in_new_thread(prepare)
        # mysqld ends with the thread that starts it, so the one that lasts starts it.
        early.server._boot()
        undo.pop_all()
    return early


def _is_made(spec: ResolvedSpec) -> bool:
    """Return True if the data directory that the server begins with is in the cache."""
    from pytest_netns_mysql.mysql.mysqld import template

    base = template.made(spec.kind, spec.initial_options(), cache=spec.cache)
    if base is None or not spec.load:
        return base is not None
    from pytest_netns_mysql.mysql.seed import seed

    return seed.is_made(spec, base)


def _take(
    session: NetnsSession, topology: Topology, mysqld: str, spec: ResolvedSpec, *, worker: bool
) -> EarlyStart | None:
    """Take a standing server, if that is allowed and one is free or may be started."""
    from pytest_netns_mysql.reuse import offers

    can_be = spec.kind.can_stay_up and not topology.plan.external
    if not can_be or not offers.is_allowed(session.settings.reuse):
        return None
    known = offers.addresses()
    if not known and (session.settings.reuse != "always" or worker):
        return None
    from pytest_netns_mysql.kernel.namespaces.privileges import (
        CAP_SYS_CHROOT,
        effective_capabilities,
        needs_user_namespace,
    )
    from pytest_netns_mysql.reuse import protocol
    from pytest_netns_mysql.reuse.address import address_of

    rootless = needs_user_namespace(session.settings.mode)
    if session.networks.is_in_user_namespace or not (rootless or CAP_SYS_CHROOT in effective_capabilities()):
        return None  # this process could not enter the server's namespaces, see setns(2)
    address = address_of(spec, topology, rootless=rootless)
    brought_up = None
    if address not in known:
        if session.settings.reuse != "always" or worker:
            return None
        from pytest_netns_mysql.reuse import bringup

        if not bringup.is_possible(topology, spec):
            return None
        brought_up = bringup.bring_up(topology, spec, mode=session.settings.mode)
    taken = protocol.take(address, progress=session.progress)
    return None if taken is None else replace(_adopted(session, taken, topology, mysqld, spec), brought_up=brought_up)


def _adopted(session: NetnsSession, taken: Taken, topology: Topology, mysqld: str, spec: ResolvedSpec) -> EarlyStart:
    from pytest_netns_mysql.kernel.namespaces.newthread import run_in_new_thread
    from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox
    from pytest_netns_mysql.kernel.namespaces.usernamespace import join_user_namespace
    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.mysql.mysqld.handle import AdoptedProcess
    from pytest_netns_mysql.mysql.server import MySQLServer
    from pytest_netns_mysql.reuse import visitor

    visitor.mark()
    network, mount, root, process, *users = taken.descriptors
    with contextlib.ExitStack() as undo:
        undo.callback(taken.close)

        def find() -> tuple[Sandbox, Network]:
            sandbox = Sandbox.from_descriptors(network, mount, root)
            undo.callback(sandbox.close)
            return sandbox, Network(sandbox, topology, is_built=True)

        if users:
            join_user_namespace(users[0])
            session.networks.is_in_user_namespace = True
        sandbox, found = run_in_new_thread(find)
        undo.callback(found._close)
        server = MySQLServer(spec, found)
        server._adopt(taken.offer.command, AdoptedProcess(taken.offer.mysqld, process))
        undo.pop_all()
    return EarlyStart(sandbox, found, mysqld, server, taken)
