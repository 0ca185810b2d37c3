"""Several netlink(7) requests, sent together over one socket.

The messages are encoded here, since importing pyroute2 takes several times as long as building a usual network.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from pytest_netns_mysql.kernel.netlink.constants import (
    NETLINK_CAP_ACK,
    NETLINK_EXT_ACK,
    NLM_F_ACK,
    NLM_F_ACK_TLVS,
    NLM_F_CAPPED,
    NLM_F_CREATE,
    NLM_F_EXCL,
    NLM_F_REQUEST,
    NLMSG_ERROR,
    NLMSGERR,
    NLMSGERR_ATTR_MSG,
    NLMSGHDR,
    SOL_NETLINK,
)
from pytest_netns_mysql.kernel.netlink.encoding import as_text, attributes, message

_REQUESTS_AT_ONCE = 64  # so that the answers fit into the socket's buffer
_BUFFER = 1 << 16  # bytes


@dataclass(frozen=True)
class Request:
    """A request to create, change or delete something.

    Attributes:
        what: The thing in words, for an error message.
        kind: The type of the message, such as RTM_NEWLINK.
        body: The header of the message's family, and attributes.
        flags: Flags beside NLM_F_REQUEST and NLM_F_ACK.
        needs: The kernel module or feature that the request needs and a kernel may lack.
    """

    what: str
    kind: int
    body: bytes
    flags: int = NLM_F_CREATE | NLM_F_EXCL
    needs: str = ""


class RefusedError(OSError):
    """The kernel's refusal of one request.

    Attributes:
        what: The thing that was asked for, in words.
        needs: The kernel module or feature that the request needs.
    """

    def __init__(self, number: int, request: Request, explanation: str) -> None:
        """Describe a refusal.

        Args:
            number: The errno.
            request: The refused request.
            explanation: The kernel's own explanation, or an empty string.
        """
        super().__init__(number, os.strerror(number) + (f": {explanation}" if explanation else ""))
        self.what: str = request.what
        self.needs: str = request.needs


def send(requests: Sequence[Request]) -> None:
    """Send requests in the calling thread's network namespace.

    The kernel carries out each request by itself, also those after a refused one.

    Raises:
        RefusedError: The first refusal.
    """
    if not requests:
        return
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE) as sock:
        for option in (NETLINK_CAP_ACK, NETLINK_EXT_ACK):
            with contextlib.suppress(OSError):  # before Linux 4.12 the kernel gives no explanation
                sock.setsockopt(SOL_NETLINK, option, 1)
        for start in range(0, len(requests), _REQUESTS_AT_ONCE):
            several = requests[start : start + _REQUESTS_AT_ONCE]
            sock.sendto(b"".join(_encoded(sequence, request) for sequence, request in enumerate(several)), (0, 0))
            _read_answers(sock, several)


def _encoded(sequence: int, request: Request) -> bytes:
    return message(request.kind, NLM_F_REQUEST | NLM_F_ACK | request.flags, request.body, sequence=sequence)


def _read_answers(sock: socket.socket, requests: Sequence[Request]) -> None:
    refusal: RefusedError | None = None
    unanswered = len(requests)
    while unanswered:
        answers = sock.recv(_BUFFER)
        while answers:
            length, kind, flags, sequence, _ = NLMSGHDR.unpack_from(answers)
            if kind == NLMSG_ERROR:
                unanswered -= 1
                (code,) = NLMSGERR.unpack_from(answers, NLMSGHDR.size)
                if code and refusal is None:
                    explanation = _explanation(flags, answers[NLMSGHDR.size : length])
                    refusal = RefusedError(-code, requests[sequence], explanation)
            answers = answers[(length + 3) & ~3 :]
    if refusal is not None:
        raise refusal


def _explanation(flags: int, answer: bytes) -> str:
    """Return the kernel's own words about an error, see NETLINK_EXT_ACK in netlink(7).

    Args:
        flags: The answer's flags.
        answer: The answer without its header: an errno, then the header of the request. Without NETLINK_CAP_ACK the
            whole request follows.
    """
    if not flags & NLM_F_ACK_TLVS:
        return ""
    length, *_ = NLMSGHDR.unpack_from(answer, NLMSGERR.size)
    request = NLMSGHDR.size if flags & NLM_F_CAPPED else (length + 3) & ~3
    return as_text(dict(attributes(answer, NLMSGERR.size + request)).get(NLMSGERR_ATTR_MSG))
