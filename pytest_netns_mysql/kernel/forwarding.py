"""Turn forwarding between interfaces on, also where /proc/sys is read-only."""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Iterable
from pathlib import Path

_RTM_SETLINK = 19
_NLM_F_REQUEST_ACK = 0x1 | 0x4
_IFLA_AF_SPEC = 26
_IFLA_INET_CONF = 1
_IPV4_DEVCONF_FORWARDING = 1
_NLMSG_ERROR = 2


def forward_everything(version: int) -> bool:
    """Forward IPv4 or IPv6 in the calling thread's network namespace; tell whether it is on now.

    False where the kernel's settings are read-only, as in many containers. See ip-sysctl in the kernel's
    documentation.
    """
    name = "ipv4/ip_forward" if version == 4 else "ipv6/conf/all/forwarding"
    setting = Path("/proc/sys/net", name)
    if setting.read_text().strip() == "1":
        return True
    try:
        setting.write_text("1")
    except OSError as error:
        if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            return False
        raise
    return True


def forward_by_link(indexes: Iterable[int]) -> None:
    """Forward IPv4 that comes in by each of these interfaces, through rtnetlink(7).

    pyroute2 decodes IFLA_INET_CONF but does not encode it, hence the message by hand.
    """
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as sock:
        for index in indexes:
            forwarding = _attribute(_IPV4_DEVCONF_FORWARDING, struct.pack("=I", 1))
            family = _attribute(socket.AF_INET, _attribute(_IFLA_INET_CONF, forwarding))
            body = struct.pack("=BxHiII", socket.AF_UNSPEC, 0, index, 0, 0) + _attribute(_IFLA_AF_SPEC, family)
            header = struct.pack("=IHHII", 16 + len(body), _RTM_SETLINK, _NLM_F_REQUEST_ACK, index, 0)
            sock.sendto(header + body, (0, 0))
            kind, code = struct.unpack_from("=4xH10xi", sock.recv(4096))
            if kind == _NLMSG_ERROR and code:
                raise OSError(-code, f"forwarding on interface {index}: {os.strerror(-code)}")


def _attribute(kind: int, value: bytes) -> bytes:
    length = 4 + len(value)
    return struct.pack("=HH", length, kind) + value + b"\0" * (-length % 4)
