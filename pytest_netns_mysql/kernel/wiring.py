"""Ask the kernel for everything between the namespaces of a plan: one batch for each of them."""

from __future__ import annotations

import errno
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TypeVar

from pytest_netns_mysql.errors import NetworkError
from pytest_netns_mysql.kernel.forwarding import forward
from pytest_netns_mysql.kernel.namespaces.namespace import Namespace
from pytest_netns_mysql.kernel.netlink.nat import translate
from pytest_netns_mysql.kernel.netlink.netlink import RefusedError
from pytest_netns_mysql.kernel.netlink.rtnetlink import Batch
from pytest_netns_mysql.kernel.netlink.shaping import shape
from pytest_netns_mysql.topology.plan import End, Plan, PlannedBridge

_T = TypeVar("_T")
_MISSING = (errno.EOPNOTSUPP, errno.EAFNOSUPPORT, errno.EACCES)
_CURES = {
    "veth": "load it on the host, as root: modprobe veth",
    "bridge": "load it on the host, as root: modprobe bridge",
    "ipv6": "let the kernel have IPv6: neither ipv6.disable=1 when it boots, nor net.ipv6.conf.all.disable_ipv6 = 1",
}
_LIMITS = {
    errno.ENOSPC: "raise the limit: sysctl -w user.max_net_namespaces=15000",
    errno.EMFILE: "raise the limit: each namespace takes an open file, ulimit -n says how many there may be",
}


def wire(plan: Plan, namespaces: Mapping[str, Namespace], where: str) -> None:
    """Make the links, addresses, routes and rules of a plan; raise NetworkError where the kernel refuses one.

    A link is made in the namespace of its outer end, which is ``global`` for most.
    """
    bridges = _by_namespace((bridge.namespace, bridge) for bridge in plan.bridges)
    for name, own_bridges in bridges.items():
        batch = Batch()
        for bridge in own_bridges:
            batch.add_bridge(bridge)
        _send(batch, namespaces[name], where)
    for name, veths in _by_namespace((veth.outer.namespace, veth) for veth in plan.veths).items():
        batch = Batch()
        with namespaces[name]:
            for veth in veths:
                batch.add_veth(veth.outer, veth.inner, namespace=namespaces[veth.inner.namespace].descriptor)
            _send(batch, namespaces[name], where)
    _configure(plan, namespaces, where)
    for name in plan.forwarding:
        with namespaces[name]:
            _forward(name, plan, where)
    _translate(plan, namespaces, where)
    for end in plan.ends:
        if end.shaping is not None:
            with namespaces[end.namespace]:
                shape(end, end.shaping, where=where)


def _by_namespace(pairs: Iterable[tuple[str, _T]]) -> dict[str, list[_T]]:
    found: dict[str, list[_T]] = defaultdict(list)
    for name, value in pairs:
        found[name].append(value)
    return found


def _configure(plan: Plan, namespaces: Mapping[str, Namespace], where: str) -> None:
    """Bring up the interfaces of each namespace with their addresses, then give it its routes, which need them."""
    interfaces: list[PlannedBridge | End] = [*plan.bridges, *plan.ends]
    by_namespace = _by_namespace((one.namespace, one) for one in interfaces)
    routes = _by_namespace((route.namespace, route) for route in plan.routes)
    for name in dict.fromkeys((*by_namespace, *routes)):
        batch = Batch()
        with namespaces[name]:
            for one in by_namespace[name]:
                batch.bring_up(one)
                for address in one.addresses:
                    batch.add_address(one.interface, address)
            for route in routes[name]:
                batch.add_route(route)
            _send(batch, namespaces[name], where)


def _forward(name: str, plan: Plan, where: str) -> None:
    """Let a namespace forward; the calling thread stands in it."""
    everywhere: list[PlannedBridge | End] = [*plan.bridges, *plan.ends]
    interfaces = [one.interface for one in everywhere if one.namespace == name]
    for version in sorted({address.version for address in plan.addresses[name] if not address.is_loopback}):
        try:
            could_be_had = forward(version, interfaces)
        except OSError as error:
            raise refused(f"forwarding of IPv{version} in {name}", error, where) from error
        if not could_be_had:
            raise NetworkError(
                f"IPv{version} cannot be forwarded in {name}: the kernel's settings are read-only here",
                where=where,
                tried=["/proc/sys", "a procfs of our own"],
                remedies=[
                    "in Docker: --security-opt systempaths=unconfined",
                    "run as root, with CAP_SYS_ADMIN",
                    f"write forwarding = false for {name}, or leave its addresses of IPv{version} out",
                ],
            )


def _translate(plan: Plan, namespaces: Mapping[str, Namespace], where: str) -> None:
    translating = [*(rule.namespace for rule in plan.masquerades), *(rule.namespace for rule in plan.port_forwards)]
    for name in dict.fromkeys(translating):
        translate_in(name, plan, namespaces, where)


def translate_in(name: str, plan: Plan, namespaces: Mapping[str, Namespace], where: str) -> None:
    """Give a namespace its address translation; raise NetworkError where the kernel refuses it."""
    everywhere: list[PlannedBridge | End] = [*plan.bridges, *plan.ends]
    here = [one for one in everywhere if one.namespace == name]
    with namespaces[name]:
        try:
            translate(
                [rule for rule in plan.masquerades if rule.namespace == name],
                [rule for rule in plan.port_forwards if rule.namespace == name],
                {one.interface: one.addresses for one in here},
            )
        except Exception as error:  # pyroute2 has errors of its own beside OSError
            raise refused(
                f"address translation in {name}",
                error,
                where,
                "load what it needs on the host, as root: modprobe nf_tables nft_chain_nat nft_masq nft_nat",
            ) from error


def _send(batch: Batch, namespace: Namespace, where: str) -> None:
    with namespace:
        send_batch(batch, namespace.name, where)


def send_batch(batch: Batch, name: str, where: str) -> None:
    """Send a batch in the namespace that the calling thread stands in; raise NetworkError, which tells its ``name``."""
    try:
        batch.send()
    except RefusedError as error:
        cure = [_CURES[error.needs]] if error.errno in _MISSING and error.needs else []
        raise refused(f"{error.what}, in {name}", error, where, *cure) from error


def refused(what: str, error: Exception, where: str, *remedies: str) -> NetworkError:
    """Return the error that names the part of a topology that the kernel refused."""
    limit = _LIMITS.get(error.errno or 0) if isinstance(error, OSError) else None
    known = [*([] if limit is None else [limit]), *remedies]
    return NetworkError(
        f"the kernel refused {what}",
        where=where,
        tried=[str(error)],
        remedies=known or ["run `netns-mysql doctor`: it probes namespaces, veth and routes one by one"],
    )
