"""Slow links: a rate by tbf, a delay and a loss by netem; see tc-tbf(8), tc-netem(8)."""

from __future__ import annotations

import errno
import socket

from pytest_netns_mysql.errors import NetworkError
from pytest_netns_mysql.topology.plan import End, Shaping

_LARGEST_FRAME = 1600  # bytes, beside headers
_TICK = 0.004  # seconds, of a kernel with HZ = 250: a bucket must hold what a rate lets through in one
_LATENCY = "400ms"


def shape(end: End, shaping: Shaping, *, where: str) -> None:
    """Slow what leaves an interface of the calling thread's network namespace.

    Raises NetworkError where the kernel has not got what is needed.
    """
    from pyroute2 import IPRoute
    from pyroute2.netlink.exceptions import NetlinkError

    index = socket.if_nametoindex(end.interface)
    kind = ""
    with IPRoute() as route:
        try:
            handle, parent = 0x10000, 0xFFFFFFFF  # 1:, below the root
            if shaping.rate is not None:
                kind = "tbf"
                size = max(2 * max(_LARGEST_FRAME, end.mtu or 0), int(shaping.rate / 8 * _TICK))
                rate = f"{shaping.rate}bit"
                route.tc("add", kind, index, handle, parent=parent, rate=rate, burst=size, latency=_LATENCY)
                handle, parent = 0x20000, 0x10001
            if shaping.needs_netem:
                kind = "netem"
                options = {
                    "delay": None if shaping.delay is None else int(shaping.delay * 1e6),
                    "loss": shaping.loss,
                }
                given = {name: value for name, value in options.items() if value is not None}
                route.tc("add", kind, index, handle, parent=parent, **given)
        except (NetlinkError, OSError) as error:
            raise _refused(kind, end, error, where) from error


def _refused(kind: str, end: End, error: Exception, where: str) -> NetworkError:
    key = "rate" if kind == "tbf" else "delay or loss"
    code = getattr(error, "code", None) or getattr(error, "errno", None)
    remedies = [f"leave {key} out"]
    if code in (errno.ENOENT, errno.EOPNOTSUPP):
        remedies.insert(0, f"load it on the host, as root: modprobe sch_{kind}")
    return NetworkError(
        f"this kernel has no sch_{kind}, which {end.interface} of {end.namespace} needs for its {key}"
        if code in (errno.ENOENT, errno.EOPNOTSUPP)
        else f"the kernel refused {key} of {end.interface} in {end.namespace}",
        where=where,
        tried=[f"tc qdisc add dev {end.interface} {kind}: {error}"],
        remedies=remedies,
    )
