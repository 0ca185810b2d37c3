"""Slow links: a rate by tbf, a delay and a loss by netem; see tc-tbf(8), tc-netem(8)."""

from __future__ import annotations

import errno
import socket
import struct

from pytest_netns_mysql.errors import NetworkError
from pytest_netns_mysql.kernel.netlink.netlink import RefusedError, Request, attribute, number, send, text
from pytest_netns_mysql.topology.plan import End, Shaping

_RTM_NEWQDISC = 36
_TCA_KIND, _TCA_OPTIONS = 1, 2
_TBF_PARMS, _TBF_RATE64, _TBF_BURST = 1, 4, 6
_NETEM_LATENCY64 = 10
_LINKLAYER_ETHERNET = 1
_ROOT = 0xFFFFFFFF
_TBF, _BELOW_TBF, _NETEM = 0x10000, 0x10001, 0x20000  # 1:, 1:1, 2:
_LARGEST = 0xFFFFFFFF
_TICK_SHIFT = 6  # a tick of the traffic control is 64 nanoseconds, see PSCHED_SHIFT

_LARGEST_FRAME = 1600  # bytes, beside headers
_JIFFY = 0.004  # seconds, of a kernel with HZ = 250: a bucket must hold what a rate lets through in one
_LATENCY = 0.4  # seconds that a packet may wait
_PACKETS = 1000  # that wait for their delay to be over, tc's own value


def shape(end: End, shaping: Shaping, *, where: str) -> None:
    """Slow what leaves an interface of the calling thread's network namespace.

    Raises NetworkError where the kernel has not got what is needed.
    """
    index = socket.if_nametoindex(end.interface)
    parent = _ROOT
    requests = []
    if shaping.rate is not None:
        requests.append(_qdisc("tbf", index, _TBF, parent, _tbf(shaping.rate, end.mtu or 0)))
        parent = _BELOW_TBF
    if shaping.needs_netem:
        requests.append(_qdisc("netem", index, _NETEM, parent, _netem(shaping.delay or 0, shaping.loss or 0)))
    try:
        send(requests)
    except RefusedError as error:
        raise _refused(error, end, where) from error


def _qdisc(kind: str, index: int, handle: int, parent: int, options: bytes) -> Request:
    header = struct.pack("=BxxxiIII", socket.AF_UNSPEC, index, handle, parent, 0)
    return Request(kind, _RTM_NEWQDISC, header + text(_TCA_KIND, kind) + options, needs=f"sch_{kind}")


def _tbf(rate: int, mtu: int) -> bytes:
    """Return the options of tbf; it takes bytes, and rates beyond 32 bits beside the old structure."""
    in_bytes = max(rate // 8, 1)
    burst = min(max(2 * max(_LARGEST_FRAME, mtu), int(in_bytes * _JIFFY)), _LARGEST)
    limit = min(int(in_bytes * _LATENCY) + burst, _LARGEST)
    speed = struct.pack("=BBHhHI", 0, _LINKLAYER_ETHERNET, 0, 0, 0, min(in_bytes, _LARGEST))
    parameters = speed + bytes(len(speed)) + struct.pack("=III", limit, 0, 0)
    return attribute(
        _TCA_OPTIONS,
        attribute(_TBF_PARMS, parameters),
        number(_TBF_BURST, burst),
        attribute(_TBF_RATE64, struct.pack("=Q", in_bytes)),
    )


def _netem(delay: float, loss: float) -> bytes:
    """Return the options of netem: seconds and per cent; its loss is a part of the largest 32-bit number."""
    nanoseconds = round(delay * 1e9)
    ticks = min(nanoseconds >> _TICK_SHIFT, _LARGEST)
    options = struct.pack("=6I", ticks, _PACKETS, round(loss / 100 * _LARGEST), 0, 0, 0)
    # What 32 bits of ticks cannot hold comes behind them; the structure has no header of its own.
    return attribute(_TCA_OPTIONS, options, attribute(_NETEM_LATENCY64, struct.pack("=q", nanoseconds)))


def _refused(error: RefusedError, end: End, where: str) -> NetworkError:
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
