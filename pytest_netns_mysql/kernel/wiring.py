"""Everything between the namespaces of a topology: links, addresses, routes, address translation, slow links."""

from __future__ import annotations

import errno
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TypeVar

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.errors import NetworkError
from pytest_netns_mysql.kernel.forwarding import do_not_forward, forward
from pytest_netns_mysql.kernel.namespaces.namespace import Namespace
from pytest_netns_mysql.kernel.netlink.nat import translate
from pytest_netns_mysql.kernel.netlink.requests import RefusedError
from pytest_netns_mysql.kernel.netlink.rtnetlink import Batch
from pytest_netns_mysql.topology.plan import End, Plan, PlannedBridge

_T = TypeVar("_T")
_UNSUPPORTED = (errno.EOPNOTSUPP, errno.EAFNOSUPPORT, errno.EACCES)
_REMEDIES = {
    "veth": "load it on the host, as root: modprobe veth",
    "bridge": "load it on the host, as root: modprobe bridge",
    "ipv6": "enable IPv6: boot the kernel without ipv6.disable=1, and set net.ipv6.conf.all.disable_ipv6 = 0",
}
_LIMITS = {
    errno.ENOSPC: "raise the limit: sysctl -w user.max_net_namespaces=15000",
    errno.EMFILE: "raise the limit of open files, see ulimit -n: each namespace takes an open file",
}


def wire(plan: Plan, namespaces: Mapping[str, Namespace], where: str) -> None:
    """Make the links, addresses, routes and rules of a plan.

    The requests of a namespace are sent together. A link is made in the namespace of its outer end, which is
    ``global`` for most.

    Args:
        plan: What to make.
        namespaces: The existing namespaces, by name.
        where: The topology, for an error message.

    Raises:
        NetworkError: The kernel refuses a part.
    """
    for name, bridges in _by_namespace((bridge.namespace, bridge) for bridge in plan.bridges).items():
        batch = Batch()
        for bridge in bridges:
            batch.add_bridge(bridge)
        with namespaces[name]:
            send_batch(batch, name, where)
    for name, veths in _by_namespace((veth.outer.namespace, veth) for veth in plan.veths).items():
        batch = Batch()
        for veth in veths:
            batch.add_veth(veth.outer, veth.inner, namespace=namespaces[veth.inner.namespace]._descriptor)
        with namespaces[name]:
            send_batch(batch, name, where)
    _configure(plan, namespaces, where)
    for name in plan.forwarding:
        with namespaces[name]:
            _forward(name, plan, where)
    if GLOBAL not in plan.forwarding:
        with namespaces[GLOBAL]:
            do_not_forward(_interfaces_of(GLOBAL, plan))
    translating = [*(rule.namespace for rule in plan.masquerades), *(rule.namespace for rule in plan.port_forwards)]
    for name in dict.fromkeys(translating):
        translate_in(name, plan, namespaces, where)
    _shape(plan, namespaces, where)


def _by_namespace(pairs: Iterable[tuple[str, _T]]) -> dict[str, list[_T]]:
    found: dict[str, list[_T]] = defaultdict(list)
    for name, value in pairs:
        found[name].append(value)
    return found


def _interfaces(plan: Plan) -> list[PlannedBridge | End]:
    return [*plan.ends, *plan.bridges]


def _interfaces_of(name: str, plan: Plan) -> list[str]:
    return [interface.interface for interface in _interfaces(plan) if interface.namespace == name]


def _configure(plan: Plan, namespaces: Mapping[str, Namespace], where: str) -> None:
    """Bring up the interfaces of all namespaces, then add addresses, and the routes, which need both.

    Bridges come after their ports. A route that is added while the other end of its link is down would be shown as
    ``linkdown`` for a moment.
    """
    interfaces = _by_namespace((interface.namespace, interface) for interface in _interfaces(plan))
    routes = _by_namespace((route.namespace, route) for route in plan.routes)
    for name, found in interfaces.items():
        batch = Batch()
        with namespaces[name]:
            for interface in found:
                batch.bring_up(interface)
            send_batch(batch, name, where)
    for name in dict.fromkeys((*interfaces, *routes)):
        batch = Batch()
        with namespaces[name]:
            for interface in interfaces[name]:
                for address in interface.addresses:
                    batch.add_address(interface.interface, address)
            for route in routes[name]:
                batch.add_route(route)
            send_batch(batch, name, where)


def _forward(name: str, plan: Plan, where: str) -> None:
    """Switch forwarding on in the namespace that the calling thread is in."""
    interfaces = _interfaces_of(name, plan)
    for version in sorted({address.version for address in plan.addresses[name] if not address.is_loopback}):
        try:
            is_forwarding = forward(version, interfaces)
        except OSError as error:
            raise refused(f"forwarding of IPv{version} in {name}", error, where) from error
        if not is_forwarding:
            raise NetworkError(
                f"IPv{version} cannot be forwarded in {name}: /proc/sys is read-only",
                where=where,
                tried=["writing to /proc/sys", "mounting another procfs"],
                remedies=[
                    "in Docker: --security-opt systempaths=unconfined",
                    "run as root, with CAP_SYS_ADMIN",
                    f"write forwarding = false for {name}, or leave its addresses of IPv{version} out",
                ],
            )


def translate_in(name: str, plan: Plan, namespaces: Mapping[str, Namespace], where: str) -> None:
    """Add the rules of address translation to a namespace.

    Args:
        name: The namespace.
        plan: The plan that has the rules.
        namespaces: The existing namespaces, by name.
        where: The topology, for an error message.

    Raises:
        NetworkError: The kernel refuses a rule.
    """
    masquerades = [rule for rule in plan.masquerades if rule.namespace == name]
    port_forwards = [rule for rule in plan.port_forwards if rule.namespace == name]
    interfaces = {
        interface.interface: interface.addresses for interface in _interfaces(plan) if interface.namespace == name
    }
    from_loopback = {
        interface
        for rule in port_forwards
        for interface, addresses in interfaces.items()
        if rule.address.is_loopback and any(rule.to in address.network for address in addresses)
    }
    with namespaces[name]:
        if from_loopback:
            batch = Batch()
            for interface in sorted(from_loopback):
                batch.route_localnet(interface)
            send_batch(batch, name, where)
        try:
            translate(masquerades, port_forwards, interfaces, forwards=name in plan.forwarding)
        except OSError as error:
            raise refused(
                f"address translation in {name}",
                error,
                where,
                "load the modules on the host, as root: modprobe -a nf_tables nft_chain_nat nft_masq nft_nat",
            ) from error


def _shape(plan: Plan, namespaces: Mapping[str, Namespace], where: str) -> None:
    shaped = [(end, end.shaping) for end in plan.ends if end.shaping is not None]
    if not shaped:
        return
    from pytest_netns_mysql.kernel.netlink.shaping import shape

    for end, shaping in shaped:
        with namespaces[end.namespace]:
            shape(end, shaping, where=where)


def send_batch(batch: Batch, name: str, where: str) -> None:
    """Send a batch in the namespace that the calling thread is in.

    Args:
        batch: The requests.
        name: The namespace, for an error message.
        where: The topology, for an error message.

    Raises:
        NetworkError: The kernel refuses a request.
    """
    try:
        batch.send()
    except RefusedError as error:
        remedies = [_REMEDIES[error.needs]] if error.errno in _UNSUPPORTED and error.needs else []
        raise refused(f"{error.what}, in {name}", error, where, *remedies) from error


def refused(what: str, error: OSError, where: str, *remedies: str) -> NetworkError:
    """Return the error for a part of a topology that the kernel refused.

    Args:
        what: The part, in words.
        error: The kernel's refusal.
        where: The topology.
        remedies: What to do about it.
    """
    limit = _LIMITS.get(error.errno or 0)
    known = [*([] if limit is None else [limit]), *remedies]
    return NetworkError(
        f"the kernel refused {what}",
        where=where,
        tried=[str(error)],
        remedies=known or ["run `netns-mysql doctor`: it probes namespaces, veth and routes one by one"],
    )
