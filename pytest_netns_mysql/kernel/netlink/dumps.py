"""Everything that the kernel has in a network namespace, as netlink(7) dumps it, and the sockets to ask and listen."""

from __future__ import annotations

import errno
import os
import socket

from pytest_netns_mysql.kernel.netlink.constants import (
    IFLA_EXT_MASK,
    NDMSG,
    NETLINK_ADD_MEMBERSHIP,
    NETLINK_NETFILTER,
    NLM_F_DUMP,
    NLM_F_DUMP_INTR,
    NLM_F_REQUEST,
    NLMSG_DONE,
    NLMSG_ERROR,
    NLMSGERR,
    NTF_PROXY,
    NUD_PERMANENT,
    RTA_DST,
    RTEXT_FILTER_SKIP_STATS,
    RTM_GETADDR,
    RTM_GETLINK,
    RTM_GETNEIGH,
    RTM_GETNEXTHOP,
    RTM_GETQDISC,
    RTM_GETROUTE,
    RTM_GETRULE,
    RTMSG,
    RTN_ANYCAST,
    RTPROT_KERNEL,
    SOL_NETLINK,
)
from pytest_netns_mysql.kernel.netlink.encoding import attributes, message, messages, number

LINK, ADDRESS, NEXTHOP, ROUTE, RULE = "link", "address", "nexthop", "route", "rule"
NEIGHBOUR, QDISC = "neighbour", "qdisc"

LINK_LOCAL = b"\xfe\x80"
"""The first bytes of every link-local IPv6 address, see RFC 4291."""

Messages = list[tuple[str, list[bytes]]]
"""The bodies of messages by the kind of object that they describe, see rtnetlink(7)."""

_REQUESTS: tuple[tuple[str, int, bytes], ...] = (
    (LINK, RTM_GETLINK, bytes(16) + number(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS)),
    (ADDRESS, RTM_GETADDR, bytes(8)),
    (NEXTHOP, RTM_GETNEXTHOP, bytes(8)),
    (ROUTE, RTM_GETROUTE, bytes(12)),
    (RULE, RTM_GETRULE, bytes(12)),
    (NEIGHBOUR, RTM_GETNEIGH, bytes(12)),
    (NEIGHBOUR, RTM_GETNEIGH, NDMSG.pack(0, 0, 0, NTF_PROXY, 0)),
    (QDISC, RTM_GETQDISC, bytes(20)),
)
# What a kernel answers that does not have a kind of object.
_UNSUPPORTED = (errno.EOPNOTSUPP, errno.EPROTONOSUPPORT, errno.EAFNOSUPPORT, errno.EINVAL, errno.ENOENT)
_BUFFER = 1 << 17  # bytes
_ATTEMPTS = 5


def open_socket(protocol: int = socket.NETLINK_ROUTE) -> socket.socket:
    """Return a netlink socket of the calling thread's network namespace, whichever thread uses the socket later."""
    return socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol)


def open_netfilter() -> socket.socket | None:
    """Return a netlink socket for nftables, or None if the kernel has no nftables."""
    try:
        return open_socket(NETLINK_NETFILTER)
    except OSError as error:
        if error.errno != errno.EPROTONOSUPPORT:
            raise
        return None


def join(sock: socket.socket, groups: tuple[int, ...]) -> None:
    """Subscribe a socket to multicast groups, except to those that this kernel does not have."""
    sock.bind((0, 0))
    for group in groups:
        try:
            sock.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOENT):
                raise


def read() -> Messages:
    """Return what the kernel has in the calling thread's network namespace, by kind, not decoded."""
    with open_socket() as sock:
        return [(kind, dump(sock, request, body)) for kind, request, body in _REQUESTS]


def dump(sock: socket.socket, kind: int, body: bytes) -> list[bytes]:
    """Return the bodies of the messages that answer a request for all objects of a kind.

    The kernel says when something changed while it answered; then it is asked again, a few times. See "Reliability"
    in netlink(7). A kernel that does not have this kind of object returns none.

    Args:
        sock: A netlink socket.
        kind: The type of the request, such as RTM_GETLINK.
        body: The header of the message's family, and attributes.

    Raises:
        OSError: The kernel refuses the request.
    """
    for _ in range(_ATTEMPTS):
        sock.sendto(message(kind, NLM_F_REQUEST | NLM_F_DUMP, body), (0, 0))
        found, is_interrupted = _answer(sock)
        if not is_interrupted:
            break
    return found


def _answer(sock: socket.socket) -> tuple[list[bytes], bool]:
    """Return the bodies of a whole answer, and whether something changed meanwhile."""
    found: list[bytes] = []
    is_interrupted = False
    while True:
        for kind, flags, _, content in messages(sock.recv(_BUFFER)):
            is_interrupted |= bool(flags & NLM_F_DUMP_INTR)
            if kind in (NLMSG_DONE, NLMSG_ERROR):
                _raise_unless_unsupported(content)
                return found, is_interrupted
            found.append(content)


def _raise_unless_unsupported(content: bytes) -> None:
    """Raise the error at the end of an answer: what came before such an end is not all that there is."""
    code = NLMSGERR.unpack_from(content)[0] if len(content) >= NLMSGERR.size else 0
    if code < 0 and -code not in _UNSUPPORTED:
        raise OSError(-code, os.strerror(-code))


def is_lasting_neighbour(body: bytes) -> bool:
    """Return True for a permanent or proxy neighbour entry, which the kernel neither makes nor changes by itself."""
    _, _, state, flags, _ = NDMSG.unpack_from(body)
    return bool(state & NUD_PERMANENT or flags & NTF_PROXY)


def is_link_local_route(body: bytes) -> bool:
    """Return True for an IPv6 route that the kernel makes for every interface: link-local, multicast or anycast."""
    _, _, _, _, _, protocol, _, kind, _ = RTMSG.unpack_from(body)
    if protocol != RTPROT_KERNEL:
        return False
    if kind == RTN_ANYCAST:
        return True
    start = dict(attributes(body, RTMSG.size)).get(RTA_DST, b"\0\0")
    return start[:1] == b"\xff" or start[:2] == LINK_LOCAL
