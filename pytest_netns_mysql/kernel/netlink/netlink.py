"""Many netlink(7) requests in one go: sent over one socket, answered one by one, the first refusal told.

They are encoded here, since importing pyroute2 takes several times as long as building a usual network.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

CREATE_EXCL = 0x400 | 0x200

_REQUEST_ACK = 0x1 | 0x4
_ERROR = 2
_ANSWER_IS_CAPPED, _ANSWER_HAS_WORDS = 0x100, 0x200
_SOL_NETLINK, _CAP_ACK, _EXT_ACK = 270, 10, 11
_WORDS = 1  # NLMSGERR_ATTR_MSG
_HEADER, _ANSWER = struct.Struct("=IHHII"), struct.Struct("=IHHIIi")
_ATTRIBUTE = struct.Struct("=HH")
_AT_ONCE = 64  # requests, so that the answers fit into the socket's buffer
_ANSWERS = 1 << 16  # bytes


@dataclass(frozen=True)
class Request:
    """Describe a request: ``what`` it asks for in words, ``needs`` what the kernel may lack for it."""

    what: str
    kind: int
    body: bytes
    flags: int = CREATE_EXCL
    needs: str = ""


class RefusedError(OSError):
    """The kernel refused one request of several; ``what`` says which, ``needs`` what it may lack."""

    def __init__(self, number: int, request: Request, words: str) -> None:
        """Keep what was refused, and the kernel's own words where it has some."""
        super().__init__(number, os.strerror(number) + (f": {words}" if words else ""))
        self.what = request.what
        self.needs = request.needs


def attribute(kind: int, *values: bytes) -> bytes:
    """Return an attribute; several values are attributes that it holds."""
    value = b"".join(values)
    length = _ATTRIBUTE.size + len(value)
    return _ATTRIBUTE.pack(length, kind) + value + b"\0" * (-length % 4)


def number(kind: int, value: int) -> bytes:
    """Return an attribute of 32 bits."""
    return attribute(kind, struct.pack("=I", value))


def text(kind: int, value: str) -> bytes:
    """Return an attribute that is a name."""
    return attribute(kind, value.encode() + b"\0")


def send(requests: Sequence[Request]) -> None:
    """Send requests in the calling thread's network namespace.

    Raises RefusedError for the first that the kernel refuses; the others are done where they can be.
    """
    if not requests:
        return
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE) as sock:
        for option in (_CAP_ACK, _EXT_ACK):
            with contextlib.suppress(OSError):  # before Linux 4.12 there are no words
                sock.setsockopt(_SOL_NETLINK, option, 1)
        for start in range(0, len(requests), _AT_ONCE):
            several = requests[start : start + _AT_ONCE]
            sock.sendto(b"".join(_encoded(place, one) for place, one in enumerate(several)), (0, 0))
            _read_answers(sock, several)


def _encoded(place: int, request: Request) -> bytes:
    length = _HEADER.size + len(request.body)
    header = _HEADER.pack(length, request.kind, _REQUEST_ACK | request.flags, place, 0)
    return header + request.body + b"\0" * (-length % 4)


def _read_answers(sock: socket.socket, requests: Sequence[Request]) -> None:
    """Read one answer for each request; raise RefusedError for the first that is an error."""
    refused: RefusedError | None = None
    left = len(requests)
    while left:
        answers = sock.recv(_ANSWERS)
        while answers:
            length, kind, flags, place, _, code = _ANSWER.unpack_from(answers)
            if kind == _ERROR:
                left -= 1
                if code and refused is None:
                    refused = RefusedError(-code, requests[place], _words(flags, answers[:length]))
            answers = answers[(length + 3) & ~3 :]
    if refused is not None:
        raise refused


def _words(flags: int, answer: bytes) -> str:
    """Return what the kernel says beside the number of an error, see NETLINK_EXT_ACK in netlink(7)."""
    if not flags & _ANSWER_HAS_WORDS:
        return ""
    # Behind the number stands the request's header, and without NETLINK_CAP_ACK the whole of it.
    (asked,) = struct.unpack_from("=I", answer, _ANSWER.size)
    start = _ANSWER.size + (_HEADER.size if flags & _ANSWER_IS_CAPPED else (asked + 3) & ~3)
    found = dict(_attributes(answer[start:]))
    return found.get(_WORDS, b"").rstrip(b"\0").decode("utf-8", "replace")


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(data)
        yield kind, data[_ATTRIBUTE.size : length]
        data = data[max((length + 3) & ~3, _ATTRIBUTE.size) :]
