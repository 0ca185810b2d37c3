"""Answers of the kernel that only rare moments bring: something changed meanwhile, an answer ended by an error."""

from __future__ import annotations

import errno
import struct
from typing import Any

import pytest

from pytest_netns_mysql.kernel.netlink.constants import (
    NLM_F_DUMP_INTR,
    NLMSG_DONE,
    NLMSG_ERROR,
    RTM_GETLINK,
    RTM_NEWLINK,
)
from pytest_netns_mysql.kernel.netlink.dumps import dump
from pytest_netns_mysql.kernel.netlink.encoding import message

pytestmark = pytest.mark.oldest_python


class FakeKernel:
    """A netlink socket whose answers are given; each item is one datagram."""

    def __init__(self, *answers: bytes) -> None:
        """Take the answers."""
        self._answers = list(answers)
        self.requests = 0

    def sendto(self, _data: bytes, _address: tuple[int, int]) -> None:
        """Count a request."""
        self.requests += 1

    def recv(self, _size: int) -> bytes:
        """Return the next answer."""
        return self._answers.pop(0)


def link(body: bytes, flags: int = 0) -> bytes:
    return message(RTM_NEWLINK, flags, body)


def end(kind: int = NLMSG_DONE, code: int = 0) -> bytes:
    return message(kind, 0, struct.pack("=i", -code))


def dumped(kernel: Any) -> list[bytes]:
    return dump(kernel, RTM_GETLINK, b"")


def test_an_answer_of_several_datagrams_is_put_together() -> None:
    assert dumped(FakeKernel(link(b"one!") + link(b"two!"), link(b"last"), end())) == [b"one!", b"two!", b"last"]


def test_an_interrupted_answer_is_asked_for_again() -> None:
    kernel = FakeKernel(link(b"old!", NLM_F_DUMP_INTR), end(), link(b"new!"), end())
    assert dumped(kernel) == [b"new!"]
    assert kernel.requests == 2


def test_a_network_that_never_rests_is_read_as_it_is() -> None:
    kernel = FakeKernel(*[link(b"busy", NLM_F_DUMP_INTR) + end()] * 100)
    assert dumped(kernel) == [b"busy"]
    assert kernel.requests < 100


@pytest.mark.parametrize("kind", [NLMSG_DONE, NLMSG_ERROR])
def test_an_answer_that_ends_with_an_error_is_not_taken_for_a_whole_one(kind: int) -> None:
    with pytest.raises(OSError, match="No buffer space") as error:
        dumped(FakeKernel(link(b"one!") + end(kind, errno.ENOBUFS)))
    assert error.value.errno == errno.ENOBUFS


def test_a_kernel_without_such_objects_has_none() -> None:
    assert dumped(FakeKernel(end(NLMSG_ERROR, errno.EOPNOTSUPP))) == []
