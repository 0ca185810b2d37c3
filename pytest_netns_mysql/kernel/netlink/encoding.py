"""The binary form of netlink messages and attributes: written for requests, read from answers.

A message and an attribute begin with their length and are padded to a multiple of 4 bytes, see netlink(7).
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator, Mapping

from pytest_netns_mysql.kernel.netlink.constants import NLA_TYPE_MASK, NLATTR, NLMSGHDR


def message(kind: int, flags: int, body: bytes, *, sequence: int = 0) -> bytes:
    """Return a message with its header.

    Args:
        kind: The type of the message, such as RTM_NEWLINK.
        flags: Flags of the message, such as NLM_F_REQUEST.
        body: The header of the message's family, and attributes.
        sequence: A number that the answer will have too.
    """
    return NLMSGHDR.pack(NLMSGHDR.size + len(body), kind, flags, sequence, 0) + body + _padding(len(body))


def attribute(kind: int, *values: bytes) -> bytes:
    """Return an attribute; several values are the attributes nested in it."""
    value = b"".join(values)
    return NLATTR.pack(NLATTR.size + len(value), kind) + value + _padding(len(value))


def number(kind: int, value: int) -> bytes:
    """Return an attribute whose value is a number of 32 bits."""
    return attribute(kind, struct.pack("=I", value))


def text(kind: int, value: str) -> bytes:
    """Return an attribute whose value is a string that ends with a null byte."""
    return attribute(kind, value.encode() + b"\0")


def joined(values: Mapping[int, bytes]) -> bytes:
    """Return an attribute for each type and its value."""
    return b"".join(attribute(kind, value) for kind, value in values.items())


def messages(data: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """Yield the type, flags, port and body of each message of a datagram.

    The port is that of the program whose request caused the message, or 0 if the kernel acted by itself.
    """
    start = 0
    while start + NLMSGHDR.size <= len(data):
        length, kind, flags, _, port = NLMSGHDR.unpack_from(data, start)
        yield kind, flags, port, data[start + NLMSGHDR.size : start + length]
        start += _step(length, NLMSGHDR.size)


def attributes(data: bytes, start: int = 0) -> Iterator[tuple[int, bytes]]:
    """Yield the type and the value of each attribute.

    Args:
        data: The attributes, or a message's body.
        start: The size in bytes of the header in front of the attributes.
    """
    while start + NLATTR.size <= len(data):
        length, kind = NLATTR.unpack_from(data, start)
        yield kind & NLA_TYPE_MASK, data[start + NLATTR.size : start + length]
        start += _step(length, NLATTR.size)


def as_number(value: bytes | None) -> int:
    """Return the number of up to 32 bits that is an attribute's value; 0 if there is none."""
    return int.from_bytes(value[:4], sys.byteorder) if value else 0


def as_text(value: bytes | None) -> str:
    """Return the string that is an attribute's value; an empty string if there is none."""
    return (value or b"").rstrip(b"\0").decode("utf-8", "replace")


def _padding(length: int) -> bytes:
    return b"\0" * (-length % 4)


def _step(length: int, header: int) -> int:
    """Return how many bytes lie before the next message or attribute, more than 0 even if the length is wrong."""
    return max((length + 3) & ~3, header)
