"""A packet socket in a namespace: the kernel keeps the packets of all its interfaces until they are read."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import NamedTuple

from pytest_netns_mysql.kernel.namespaces.position import identity

BUFFER = 4 << 20
"""The size of a socket's buffer in bytes. The kernel counts what a packet occupies, which is more than its length."""

# Constants of <linux/if_packet.h>, <linux/if_arp.h> and <asm-generic/socket.h> that Python's socket does not have.
_ALL_PROTOCOLS = 0x0003
_SOL_PACKET, _STATISTICS = 263, 6
_RCVBUFFORCE, _ATTACH_FILTER, _TIMESTAMPNS, _MEMINFO = 33, 26, 35, 55
_LOOPBACK = 772
_OUTGOING = 4

# Classic BPF, see "Linux Socket Filtering" in the kernel's documentation: each instruction has a code, two jumps and a
# constant. The constants above _ANCILLARY are fields of the packet's description.
_LOAD, _SKIP_UNLESS, _RETURN = 0x28, 0x15, 0x06
_ANCILLARY = 0xFFFFF000
_PACKET_TYPE, _HARDWARE_TYPE = _ANCILLARY + 4, _ANCILLARY + 28
_WHOLE = 0xFFFFFFFF
_TAKE = (
    # The loopback shows each packet twice, as it leaves and as it arrives.
    (_LOAD, 0, 0, _HARDWARE_TYPE),
    (_SKIP_UNLESS, 0, 3, _LOOPBACK),
    (_LOAD, 0, 0, _PACKET_TYPE),
    (_SKIP_UNLESS, 0, 1, _OUTGOING),
    (_RETURN, 0, 0, 0),
    (_RETURN, 0, 0, _WHOLE),
)
_REFUSE = ((_RETURN, 0, 0, 0),)

_MOST = 20_000
"""More packets than the buffer holds. Where packets come all the time, reading must come to an end."""
_LONGEST = 256 * 1024  # bytes; a packet that the sender leaves to the network card to cut has up to 64 KiB
_LONGEST_WAIT, _PAUSE = 0.2, 0.0005  # seconds
_TIME = struct.Struct("@qq")


class Frame(NamedTuple):
    """A packet as an interface sent or received it.

    Attributes:
        time: In nanoseconds since the epoch.
        namespace: The namespace of the interface.
        interface: The interface's name, or '' if it no longer exists.
        hardware_type: The kind of interface, a constant ARPHRD_* of <linux/if_arp.h>.
        is_outgoing: Whether the packet left the namespace by the interface.
        length: The number of bytes of the packet.
        data: The packet from its link-layer header on, at most 256 KiB of it.
    """

    time: int
    namespace: str
    interface: str
    hardware_type: int
    is_outgoing: bool
    length: int
    data: bytes


class Tap:
    """A packet socket of one namespace, see packet(7). It takes no packets before ``start``.

    Attributes:
        namespace: The namespace's name.
    """

    def __init__(self, name: str, namespace: AbstractContextManager[object]) -> None:
        """Create the socket.

        Args:
            name: The namespace's name.
            namespace: Moves the calling thread into the namespace.

        Raises:
            OSError: The kernel refuses the socket, for example without CAP_NET_RAW.
        """
        self.namespace = name
        with namespace:
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL_PROTOCOLS))
        try:
            self._socket.setblocking(False)
            self._filter(_REFUSE)
            self._set_buffer()
            self._socket.setsockopt(socket.SOL_SOCKET, _TIMESTAMPNS, 1)
        except BaseException:
            self._socket.close()
            raise
        self._lost = 0
        self._identity = identity(self._socket.fileno())

    def start(self) -> None:
        """Take the packets from now on; forget those that were taken before."""
        self._filter(_TAKE)
        self.discard()

    def stop(self) -> None:
        """Take no more packets. Those that were taken can still be read."""
        self._filter(_REFUSE)

    def discard(self) -> None:
        """Forget the packets that were taken and not read yet."""
        first_byte = memoryview(bytearray(1))
        receive = self._socket.recv_into
        for _ in range(_MOST):
            try:
                receive(first_byte)
            except BlockingIOError:
                break
            except OSError as error:
                _raise_unless_down(error)
        self._count_lost()
        self._lost = 0

    def read(self) -> Iterator[Frame]:
        """Yield the packets that were taken and not read yet, in the order in which the kernel took them."""
        buffer = bytearray(_LONGEST)
        view = memoryview(buffer)
        for _ in range(_MOST):
            try:
                length, ancillary, _, address = self._socket.recvmsg_into([view], 64, socket.MSG_TRUNC)
            except BlockingIOError:
                return
            except OSError as error:
                _raise_unless_down(error)
                continue
            interface, _, packet_type, hardware_type, _ = address
            yield Frame(
                _time_of(ancillary),
                self.namespace,
                interface,
                hardware_type,
                packet_type == _OUTGOING,
                length,
                bytes(view[: min(length, _LONGEST)]),
            )

    @property
    def is_closed(self) -> bool:
        """True if the socket was closed: with the network, or by somebody else."""
        return self._socket.fileno() < 0 or self.is_closed_by_others

    @property
    def is_closed_by_others(self) -> bool:
        """True if somebody else closed the descriptor; the number may be that of another file by now."""
        if self._socket.fileno() < 0:
            return False
        try:
            return identity(self._socket.fileno()) != self._identity
        except OSError:
            return True

    @property
    def is_half_full(self) -> bool:
        """True if the packets that were not read yet occupy half of the buffer or more."""
        occupied, size = struct.unpack("@II", self._socket.getsockopt(socket.SOL_SOCKET, _MEMINFO, 8))
        return bool(occupied * 2 >= size)

    @property
    def lost(self) -> int:
        """How many packets were lost since ``start`` or ``discard``, because the buffer was full."""
        self._count_lost()
        return self._lost

    def close(self) -> None:
        """Close the socket, which takes some milliseconds."""
        if self.is_closed_by_others:
            self._socket.detach()
        else:
            self._socket.close()

    def _count_lost(self) -> None:
        _, lost = struct.unpack("@II", self._socket.getsockopt(_SOL_PACKET, _STATISTICS, 8))  # and the kernel forgets
        self._lost += lost

    def _set_buffer(self) -> None:
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, _RCVBUFFORCE, BUFFER)
        except PermissionError:  # in a user namespace: at most net.core.rmem_max
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)

    def _filter(self, program: tuple[tuple[int, int, int, int], ...]) -> None:
        code = b"".join(struct.pack("@HBBI", *instruction) for instruction in program)
        buffer = ctypes.create_string_buffer(code, len(code))
        self._socket.setsockopt(
            socket.SOL_SOCKET, _ATTACH_FILTER, struct.pack("@HP", len(program), ctypes.addressof(buffer))
        )


def wait_for_times() -> None:
    """Wait until the kernel notes when packets come, which it begins some time after the first socket asks for it.

    Until then a packet has the time at which it is read, so that packets of several sockets are in the wrong order. The
    calling thread must be in a namespace whose loopback is up.
    """
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(_LONGEST_WAIT)
        sock.setsockopt(socket.SOL_SOCKET, _TIMESTAMPNS, 1)
        sock.bind(("127.0.0.1", 0))
        sock.connect(sock.getsockname())
        deadline = time.clock_gettime(time.CLOCK_MONOTONIC) + _LONGEST_WAIT
        while time.clock_gettime(time.CLOCK_MONOTONIC) < deadline:
            sock.send(b"?")
            sent = time.clock_gettime_ns(time.CLOCK_REALTIME)
            _, ancillary, _, _ = sock.recvmsg(1, 64)
            if _time_of(ancillary) <= sent:
                return
            time.sleep(_PAUSE)


def _raise_unless_down(error: OSError) -> None:
    """Raise an error, unless it says that an interface was taken down; the kernel reports this once, see packet(7)."""
    if error.errno != errno.ENETDOWN:
        raise error


def _time_of(ancillary: list[tuple[int, int, bytes]]) -> int:
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, _TIMESTAMPNS) and len(data) >= _TIME.size:
            seconds, nanoseconds = _TIME.unpack_from(data)
            return int(seconds) * 1_000_000_000 + int(nanoseconds)
    return 0
