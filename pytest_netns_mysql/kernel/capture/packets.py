"""Packets for assertions: a sequence that grows while its ``with`` block is open."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import overload
from weakref import ref

from pytest_netns_mysql import clock
from pytest_netns_mysql.errors import NetworkError, SettingError
from pytest_netns_mysql.kernel.capture.packet import Packet, decode
from pytest_netns_mysql.kernel.capture.tap import Tap
from pytest_netns_mysql.kernel.capture.taps import Taps

_LONGEST_REPR = 200
"""pytest cuts what is longer than 240 characters in the middle."""

_FIELDS = (*Packet.__dataclass_fields__, "syn", "ack", "fin", "rst")


class Packets(Sequence[Packet]):
    """Captured packets in the order of their times. In the ``with`` block each look finds those captured so far.

    Attributes:
        lost: How many packets were lost because the buffer was full.
        began: When the capture began, in seconds since the epoch.
    """

    def __init__(self, taps: Sequence[Tap] = (), packets: Sequence[Packet] = ()) -> None:
        """Begin with some packets.

        Args:
            taps: Where more packets come from.
            packets: The first packets.
        """
        self._taps = taps
        self._packets = list(packets)
        self.lost: int = 0
        self.began: float = clock.now()

    def matching(self, **values: object) -> Packets:
        """Return the packets whose attributes have these values, such as ``destination_port=3306, syn=True``.

        Args:
            values: The value of each attribute of Packet that counts.

        Raises:
            SettingError: A packet has no such attribute.
        """
        unknown = [name for name in values if name not in _FIELDS]
        if unknown:
            raise SettingError(
                f"packets.matching({unknown[0]}=...): a packet has no attribute {unknown[0]}",
                tried=[f"its attributes are {', '.join(_FIELDS)}"],
                remedies=["for anything else, write a comprehension: [packet for packet in packets if ...]"],
            )
        found = [
            packet for packet in self._read() if all(getattr(packet, name) == value for name, value in values.items())
        ]
        return Packets(packets=found)

    @property
    def payload(self) -> bytes:
        """The payloads of all packets, one after the other."""
        return b"".join(packet.payload for packet in self._read())

    def __len__(self) -> int:
        return len(self._read())

    @overload
    def __getitem__(self, index: int) -> Packet: ...
    @overload
    def __getitem__(self, index: slice) -> Packets: ...
    def __getitem__(self, index: int | slice) -> Packet | Packets:
        found = self._read()[index]
        return found if isinstance(found, Packet) else Packets(packets=found)

    def __repr__(self) -> str:
        """Return the number of packets and the first of them, in one line that pytest's assertions do not cut."""
        packets = self._read()
        shown: list[str] = []
        for packet in packets:
            if shown and len("; ".join([*shown, str(packet)])) > _LONGEST_REPR:
                break
            shown.append(str(packet))
        rest = [f"and {len(packets) - len(shown)} more"] if len(shown) < len(packets) else []
        return f"<{': '.join(filter(None, [_number_of(packets), '; '.join([*shown, *rest])]))}>"

    def __str__(self) -> str:
        """Return the number of packets, and a line for each of them."""
        packets = self._read()
        return "\n  ".join([_number_of(packets), *map(str, packets)])

    def _end(self) -> None:
        """Read the last packets; from now on the sequence stays as it is.

        Raises:
            NetworkError: Somebody closed a tap, whose packets are lost.
        """
        for tap in self._taps:
            if not tap.is_closed:
                tap.stop()
        self._read()
        self.lost = sum(tap.lost for tap in self._taps)
        self._taps = ()

    def _read(self) -> list[Packet]:
        closed = [tap.namespace for tap in self._taps if tap.is_closed]
        if closed:
            raise NetworkError(
                f"the packets of namespace {closed[0]} are lost: their socket was closed in the block of capture()",
                remedies=["do not close descriptors that the test did not open, as os.closerange() does"],
            )
        more = [decode(frame) for tap in self._taps for frame in tap.read()]
        if more:
            self._packets = sorted([*self._packets, *more], key=lambda packet: packet.time)
        return self._packets


def _number_of(packets: Sequence[Packet]) -> str:
    return f"{len(packets)} packet{'' if len(packets) == 1 else 's'}"


@contextlib.contextmanager
def capturing(taps: Taps, names: Sequence[str], captures: list[ref[Packets]]) -> Iterator[Packets]:
    """Capture the packets of some namespaces until the block ends; see ``Network.capture``.

    Args:
        taps: The taps of the network.
        names: The namespaces.
        captures: The captures of the network, to which this one is added.
    """
    taken = taps.start(names)
    packets = Packets(taken)
    captures[:] = [*(known for known in captures if known() is not None), ref(packets)]
    try:
        yield packets
    except BaseException:
        with contextlib.suppress(NetworkError):
            packets._end()
        raise
    else:
        packets._end()
    finally:
        taps.release(taken)
