"""Slow links: a rate by tbf, a delay and a loss by netem; see tc-tbf(8) and tc-netem(8).

pyroute2 encodes the messages. Importing it takes long, so this module is imported only if a topology shapes a link.
"""

from __future__ import annotations

import errno
import socket
from typing import Any

from pyroute2.netlink.rtnl.tcmsg import sched_netem, sched_tbf, tcmsg

from pytest_netns_mysql.errors import NetworkError
from pytest_netns_mysql.kernel.netlink.constants import NLMSGHDR, RTM_NEWQDISC, TC_H_ROOT
from pytest_netns_mysql.kernel.netlink.requests import RefusedError, Request, send
from pytest_netns_mysql.topology.plan import End, Shaping

_TBF, _BELOW_TBF, _NETEM = 0x10000, 0x10001, 0x20000  # the handles 1:, 1:1 and 2:
_LARGEST = 0xFFFFFFFF  # what a field of 32 bits can hold

_LARGEST_FRAME = 1600  # bytes, with headers
_JIFFY = 0.004  # seconds, of a kernel with HZ = 250: the bucket must hold what the rate lets through in a jiffy
_LATENCY = 0.4  # seconds that a packet may wait
_PACKETS = 1000  # packets that may wait for their delay to be over, the default of tc-netem(8)
_LONGEST_DELAY = 200_000_000  # microseconds, less than what a field of 32 bits can hold


def shape(end: End, shaping: Shaping, *, where: str) -> None:
    """Slow what leaves an interface of the calling thread's network namespace.

    Args:
        end: The end of a veth pair whose interface sends the packets.
        shaping: The rate, delay and loss.
        where: The topology, for an error message.

    Raises:
        NetworkError: The kernel lacks a queueing discipline, or refuses the values.
    """
    index = socket.if_nametoindex(end.interface)
    parent = TC_H_ROOT
    requests = []
    if shaping.rate is not None:
        requests.append(_request("tbf", index, _TBF, parent, _tbf(shaping.rate, end.mtu or 0)))
        parent = _BELOW_TBF
    if shaping.needs_netem:
        requests.append(_request("netem", index, _NETEM, parent, _netem(shaping.delay or 0, shaping.loss or 0)))
    try:
        send(requests)
    except RefusedError as error:
        raise _refusal(error, end, where) from error


def _request(kind: str, index: int, handle: int, parent: int, options: dict[str, Any]) -> Request:
    message = _Message()
    message.update({"family": socket.AF_UNSPEC, "index": index, "handle": handle, "parent": parent})
    message["attrs"] = [("TCA_KIND", kind), ("TCA_OPTIONS", options)]
    message.encode()
    return Request(kind, RTM_NEWQDISC, bytes(message.data[NLMSGHDR.size :]), needs=f"sch_{kind}")


def _tbf(rate: int, mtu: int) -> dict[str, Any]:
    """Return pyroute2's options of tbf.

    Args:
        rate: Bits a second.
        mtu: Bytes; 0 for the usual MTU.
    """
    in_bytes = max(rate // 8, 1)
    burst = min(max(2 * max(_LARGEST_FRAME, mtu), int(in_bytes * _JIFFY)), _LARGEST)
    limit = min(int(in_bytes * _LATENCY) + burst, _LARGEST)
    parameters = {"rate": min(in_bytes, _LARGEST), "burst": burst, "limit": limit}
    options: dict[str, Any] = sched_tbf.get_parameters(parameters)
    options["attrs"] += [("TCA_TBF_RATE64", in_bytes), ("TCA_TBF_BURST", burst)]
    return options


def _netem(delay: float, loss: float) -> dict[str, Any]:
    """Return pyroute2's options of netem.

    Args:
        delay: Seconds.
        loss: Per cent.
    """
    microseconds = min(round(delay * 1e6), _LONGEST_DELAY)
    options: dict[str, Any] = sched_netem.get_parameters({"delay": microseconds, "loss": loss, "limit": _PACKETS})
    options["attrs"] += [("TCA_NETEM_LATENCY64", round(delay * 1e9))]
    return options


class _TbfOptions(sched_tbf.options):  # type: ignore[misc]
    """The options of tbf, with those of 64 bits that pyroute2 does not know."""

    nla_map = (
        *sched_tbf.options.nla_map,
        ("TCA_TBF_RATE64", "uint64"),
        ("TCA_TBF_PRATE64", "uint64"),
        ("TCA_TBF_BURST", "uint32"),
    )


class _NetemOptions(sched_netem.options):  # type: ignore[misc]
    """The options of netem, with those of 64 bits that pyroute2 does not know."""

    nla_map = (
        *sched_netem.options.nla_map,
        ("TCA_NETEM_ECN", "uint32"),
        ("TCA_NETEM_RATE64", "uint64"),
        ("TCA_NETEM_PAD", "none"),
        ("TCA_NETEM_LATENCY64", "int64"),
    )


class _Message(tcmsg):  # type: ignore[misc]
    """A message about a queueing discipline."""

    @staticmethod
    def get_options(message: _Message, *_: object, **__: object) -> type[Any]:
        """Return the class of the options, which depends on the kind of queueing discipline."""
        return _TbfOptions if message.get_attr("TCA_KIND") == "tbf" else _NetemOptions


def _refusal(error: RefusedError, end: End, where: str) -> NetworkError:
    key = "rate" if error.what == "tbf" else "delay or loss"
    remedies = [f"leave {key} out"]
    is_missing = error.errno in (errno.ENOENT, errno.EOPNOTSUPP)
    if is_missing:
        remedies.insert(0, f"load it on the host, as root: modprobe {error.needs}")
    return NetworkError(
        f"this kernel has no {error.needs}, which {end.interface} of {end.namespace} needs for its {key}"
        if is_missing
        else f"the kernel refused {key} of {end.interface} in {end.namespace}",
        where=where,
        tried=[f"tc qdisc add dev {end.interface} {error.what}: {error}"],
        remedies=remedies,
    )
