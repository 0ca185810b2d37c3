"""All objects of one kind that the kernel has in a network namespace, as netlink(7) dumps them."""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Iterator

HEADER = struct.Struct("=IHHII")
ATTRIBUTE = struct.Struct("=HH")

NLMSG_ERROR, NLMSG_DONE = 2, 3
_ERROR = struct.Struct("=i")
_UNKNOWN = (errno.EOPNOTSUPP, errno.EPROTONOSUPPORT, errno.EAFNOSUPPORT, errno.EINVAL, errno.ENOENT)
_REQUEST_DUMP = 0x1 | 0x300
_INTERRUPTED = 0x10  # NLM_F_DUMP_INTR: something changed meanwhile
_TYPE = 0x3FFF  # without the flags "nested" and "network byte order"
_BUFFER = 1 << 17  # bytes
_ATTEMPTS = 5
_SOL_NETLINK, _ADD_MEMBERSHIP = 270, 1
_NETFILTER = 12

LINK, ADDRESS, NEXTHOP, ROUTE, RULE = "link", "address", "nexthop", "route", "rule"
NEIGHBOUR, QDISC = "neighbour", "qdisc"
NEIGHBOUR_HEADER = struct.Struct("=BxxxiHBB")  # family, index, state, flags, type
NUD_PERMANENT, NTF_PROXY = 0x80, 0x8
NUD_VALID = NUD_PERMANENT | 0x40 | 0x10 | 0x8 | 0x4 | 0x2  # it has a link address
ROUTE_HEADER = struct.Struct("=BBBBBBBBI")  # family, to, from, tos, table, protocol, scope, type, flags
RTA_DST, RTPROT_KERNEL, _ANYCAST = 1, 2, 4
IFA_F_NODAD = 0x02
LINK_LOCAL = b"\xfe\x80"
_LINKS = bytes(16) + struct.pack("=HHI", 8, 29, 8)  # IFLA_EXT_MASK: without statistics
_REQUESTS: tuple[tuple[str, int, bytes], ...] = (
    (LINK, 18, _LINKS),
    (ADDRESS, 22, bytes(8)),
    (NEXTHOP, 106, bytes(8)),
    (ROUTE, 26, bytes(12)),
    (RULE, 34, bytes(12)),
    (NEIGHBOUR, 30, bytes(12)),
    (NEIGHBOUR, 30, NEIGHBOUR_HEADER.pack(0, 0, 0, NTF_PROXY, 0)),
    (QDISC, 38, bytes(20)),
)

Raw = list[tuple[str, list[bytes]]]
"""Messages by the kind of what they tell of, see rtnetlink(7)."""


def open_socket(protocol: int = socket.NETLINK_ROUTE) -> socket.socket:
    """Return a netlink socket in the calling thread's network namespace, whichever thread uses it later."""
    return socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol)


def open_netfilter() -> socket.socket | None:
    """Return a netlink socket for nftables in the calling thread's network namespace; None in a kernel without it."""
    try:
        return open_socket(_NETFILTER)
    except OSError as error:
        if error.errno != errno.EPROTONOSUPPORT:
            raise
        return None


def _raise_unless_unknown(content: bytes) -> None:
    (code,) = _ERROR.unpack_from(content)
    if code and -code not in _UNKNOWN:
        raise OSError(-code, os.strerror(-code))


def dump(sock: socket.socket, kind: int, body: bytes) -> list[bytes]:
    """Return the body of each message that answers a request for all objects; a kernel without them has none.

    It is read again where something changed meanwhile, see "Reliability" in netlink(7).
    """
    for _ in range(_ATTEMPTS):
        sock.sendto(HEADER.pack(HEADER.size + len(body), kind, _REQUEST_DUMP, 0, 0) + body, (0, 0))
        found: list[bytes] = []
        is_done = is_interrupted = False
        while not is_done:
            for answer, flags, _, content in messages(sock.recv(_BUFFER)):
                is_interrupted |= bool(flags & _INTERRUPTED)
                if answer == NLMSG_ERROR:
                    _raise_unless_unknown(content)
                if answer in (NLMSG_DONE, NLMSG_ERROR):
                    is_done = True
                else:
                    found.append(content)
        if not is_interrupted:
            break
    return found


def read() -> Raw:
    """Return what the kernel has in the calling thread's network namespace, by kind, not yet understood."""
    with open_socket() as sock:
        return [(kind, dump(sock, number, body)) for kind, number, body in _REQUESTS]


def messages(data: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """Yield type, flags, port and body of each message of a datagram; the kernel's own acts have port 0."""
    start = 0
    while start + HEADER.size <= len(data):
        length, kind, flags, _, port = HEADER.unpack_from(data, start)
        yield kind, flags, port, data[start + HEADER.size : start + length]
        start += max((length + 3) & ~3, HEADER.size)


def attributes(data: bytes, start: int = 0) -> Iterator[tuple[int, bytes]]:
    """Yield the type and the value of each attribute behind a header of ``start`` bytes."""
    while start + ATTRIBUTE.size <= len(data):
        length, kind = ATTRIBUTE.unpack_from(data, start)
        yield kind & _TYPE, data[start + ATTRIBUTE.size : start + length]
        start += max((length + 3) & ~3, ATTRIBUTE.size)


def is_lasting_neighbour(body: bytes) -> bool:
    """Return True for an entry of a neighbour that the kernel neither makes nor changes by itself."""
    _, _, state, flags, _ = NEIGHBOUR_HEADER.unpack_from(body)
    return bool(state & NUD_PERMANENT or flags & NTF_PROXY)


def is_link_local_route(body: bytes) -> bool:
    """Return True for a route of IPv6 that the kernel makes for an interface: to its neighbours, multicast, anycast."""
    _, _, _, _, _, protocol, _, kind, _ = ROUTE_HEADER.unpack_from(body)
    if protocol != RTPROT_KERNEL:
        return False
    if kind == _ANYCAST:
        return True
    start = dict(attributes(body, ROUTE_HEADER.size)).get(RTA_DST, b"\0\0")
    return start[0] == 0xFF or start[:2] == LINK_LOCAL


def join(sock: socket.socket, groups: tuple[int, ...]) -> None:
    """Subscribe a socket to multicast groups; those that this kernel has not got are left out."""
    sock.bind((0, 0))
    for group in groups:
        try:
            sock.setsockopt(_SOL_NETLINK, _ADD_MEMBERSHIP, group)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOENT):
                raise
