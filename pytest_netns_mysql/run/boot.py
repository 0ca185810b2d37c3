"""Start the default server before anybody asks for it, or take one that stays up: what `start` decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_netns_mysql.run.session import NetnsSession

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.spec import ServerPlan
    from pytest_netns_mysql.topology.topology import Topology


def boot(session: NetnsSession, topology: Topology, *, mysqlx: bool, worker: bool) -> bool:
    """Start the server of a topology, and return while it boots; the calling thread, the main one, stays where it is.

    Returns False, with nothing done, where a server or a template would have to be brought first, or where this process
    could not move into the sandbox later. Raises NetnsError, OSError, RuntimeError; nothing is left behind then.
    """
    from pytest_netns_mysql.kernel.namespaces import syscalls
    from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox
    from pytest_netns_mysql.kernel.namespaces.thread import by_thread
    from pytest_netns_mysql.kernel.namespaces.usernamespace import enter_user_namespace, needs_user_namespace
    from pytest_netns_mysql.kernel.namespaces.workers import settle_worker
    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.mysql.server import MySQLServer

    choice = session.kinds.choices[0]
    if session.kinds.known(choice) is None:
        return False
    plan = session.default_plan(topology, choice, mysqlx=mysqlx)
    if not _is_made(plan):
        return False
    if _take(session, topology, plan, worker=worker):
        return True
    if needs_user_namespace(session.settings.mode):
        enter_user_namespace()
    if syscalls.CAP_SYS_CHROOT not in syscalls.effective_capabilities():
        return False
    if worker:
        settle_worker()

    def prepare() -> MySQLServer:
        # This thread may be moved, and ends in the sandbox; the main one is moved when a test comes that wants it.
        session.sandbox = Sandbox.make(session.settings.mode)
        network = Network(session.sandbox, topology)
        session.networks[network] = choice
        session.early = MySQLServer(plan, network)
        session.servers.append(session.early)
        session.early.prepare()
        return session.early

    try:
        # mysqld ends with the thread that starts it, so the one that lasts starts it.
        by_thread(prepare).boot()
    except BaseException:
        session.close()
        raise
    return True


def _is_made(plan: ServerPlan) -> bool:
    from pytest_netns_mysql.mysql.mysqld import template

    base = template.made(plan.kind, plan.initial_options(), cache=plan.cache)
    if base is None or not plan.load:
        return base is not None
    from pytest_netns_mysql.mysql.seed import seed

    return seed.is_made(plan, base)


def _take(session: NetnsSession, topology: Topology, plan: ServerPlan, *, worker: bool) -> bool:
    """Take a server that stays up between runs, where that is allowed and one is free; tell whether it was done."""
    from pytest_netns_mysql.reuse import offers

    can_be = plan.kind.can_stay_up and not topology.plan.external
    if not can_be or not offers.is_allowed(session.settings.reuse):
        return False
    known = offers.addresses()
    if not known and (session.settings.reuse != "always" or worker):
        return False
    from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox
    from pytest_netns_mysql.kernel.namespaces.thread import by_thread
    from pytest_netns_mysql.kernel.namespaces.usernamespace import join_user_namespace, needs_user_namespace
    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.mysql.mysqld.handle import AdoptedProcess
    from pytest_netns_mysql.mysql.server import MySQLServer
    from pytest_netns_mysql.reuse import protocol

    rootless = needs_user_namespace(session.settings.mode)
    address = protocol.address_of(plan, topology, rootless=rootless)
    if address not in known:
        if session.settings.reuse != "always" or worker:
            return False
        protocol.bring_up(topology, plan, mode=session.settings.mode)
    taken = protocol.take(address, progress=session.progress)
    if taken is None:
        return False
    network, mount, root, mysqld, *users = taken.descriptors
    session.taken = taken

    def find() -> Network:
        session.sandbox = Sandbox.of(network, mount, root)
        return Network(session.sandbox, topology, is_built=True)

    try:
        if users:
            join_user_namespace(users[0])
        network_found = by_thread(find)
        session.networks[network_found] = session.kinds.choices[0]
        session.early = MySQLServer(plan, network_found)
        session.early.adopt(taken.offer.command, AdoptedProcess(taken.offer.mysqld, mysqld))
        session.servers.append(session.early)
    except BaseException:
        session.close()
        raise
    return True
