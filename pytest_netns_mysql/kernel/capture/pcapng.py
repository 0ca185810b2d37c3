"""Captured packets as a pcapng file, which Wireshark and tshark read; python-pcapng writes the format.

See the PCAP Next Generation capture file format, draft-ietf-opsawg-pcapng.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from pcapng.blocks import (
    EnhancedPacket,
    InterfaceDescription,
    InterfaceStatistics,
    SectionHeader,
    SectionMemberBlock,
)
from pcapng.structs import IntField, RawBytes
from pcapng.writer import FileWriter

from pytest_netns_mysql.kernel.capture.tap import Frame

_ETHERNET, _RAW_IP = 1, 101  # LINKTYPE_ETHERNET, LINKTYPE_RAW
_ETHERNET_HARDWARE = (1, 772)  # ARPHRD_ETHER, ARPHRD_LOOPBACK
_TLS_KEY_LOG = 0x544C534B
_LONGEST_COMMENT = 30_000  # bytes; the length of an option has 16 bits


class _DecryptionSecrets(SectionMemberBlock):  # type: ignore[misc,unused-ignore]
    """The Decryption Secrets Block, which python-pcapng does not know."""

    magic_number = 0x0A
    __slots__: tuple[str, ...] = ()
    schema = (
        ("secrets_type", IntField(32), _TLS_KEY_LOG),
        ("secrets_length", IntField(32), 0),
        ("secrets_data", RawBytes(0), b""),
    )


@dataclass(frozen=True)
class Note:
    """A comment on a moment. Wireshark shows it at the first packet from then on, else at the last packet.

    Attributes:
        at: In seconds since the epoch.
        text: The comment.
    """

    at: float
    text: str


@dataclass(frozen=True)
class Capture:
    """What a file has.

    Attributes:
        comment: The comment on the whole file.
        interfaces: The interfaces of each namespace; those of ``frames`` are added.
        frames: The packets.
        notes: Comments on moments.
        lost: How many packets of a namespace were lost.
        secrets: The secrets of TLS connections, in the format of SSLKEYLOGFILE.
    """

    comment: str
    interfaces: Mapping[str, Sequence[str]]
    frames: Sequence[Frame]
    notes: Sequence[Note] = ()
    lost: Mapping[str, int] = field(default_factory=dict)
    secrets: bytes = b""


def write_pcapng(path: Path, capture: Capture) -> None:
    """Write a file, or replace it. Only the user can read it: it may have secrets, and what the test sent.

    Raises:
        OSError: The file cannot be written.
    """
    unfinished = path.with_name(f".{os.getpid()}.{path.name[-200:]}")
    try:
        unfinished.unlink(missing_ok=True)
        unfinished.touch(mode=0o600, exist_ok=False)
        with unfinished.open("r+b") as stream:
            _write(stream, capture)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _write(stream: BinaryIO, capture: Capture) -> None:
    frames = sorted(capture.frames, key=lambda frame: frame.time)
    section = SectionHeader(options={"opt_comment": _cut(capture.comment), "shb_userappl": "pytest-netns-mysql"})
    numbers = _add_interfaces(section, capture.interfaces, frames)
    writer = FileWriter(stream, section)
    if capture.secrets:
        writer.write_block(
            section.new_member(_DecryptionSecrets, secrets_length=len(capture.secrets), secrets_data=capture.secrets)
        )
    comments = _by_frame(capture.notes, frames)
    for number, frame in enumerate(frames):
        writer.write_block(
            section.new_member(
                EnhancedPacket,
                interface_id=numbers[_key(frame)],
                **_timestamp(frame.time),
                packet_len=frame.length,
                packet_data=frame.data,
                options={"opt_comment": comments[number]} if number in comments else {},
            )
        )
    last = frames[-1].time if frames else int(max((note.at for note in capture.notes), default=0) * 1e9)
    for block in _statistics(section, numbers, capture.lost, last):
        writer.write_block(block)


_Key = tuple[str, str, int]
"""An interface: its namespace, its name, and how its packets begin."""


def _key(frame: Frame) -> _Key:
    return frame.namespace, frame.interface, _link_type(frame)


def _link_type(frame: Frame) -> int:
    return _ETHERNET if frame.hardware_type in _ETHERNET_HARDWARE else _RAW_IP


def _add_interfaces(section: Any, interfaces: Mapping[str, Sequence[str]], frames: Iterable[Frame]) -> dict[_Key, int]:
    """Add the interfaces to the section, and return their numbers."""
    seen = {_key(frame): None for frame in frames}
    with_packets = {key[:2] for key in seen}
    known = [
        (namespace, name, _ETHERNET)
        for namespace, names in interfaces.items()
        for name in names
        if (namespace, name) not in with_packets
    ]
    order = list(interfaces)
    keys = sorted([*seen, *known], key=lambda key: (order.index(key[0]) if key[0] in order else len(order), key[1:]))
    for namespace, name, link_type in keys:
        section.new_member(
            InterfaceDescription,
            link_type=link_type,
            options={
                "if_name": f"{namespace}/{name or '?'}",
                "if_description": f"interface {name or 'that was removed'} of namespace {namespace}",
                "if_os": "Linux",
            },
        )
    return {key: number for number, key in enumerate(keys)}


def _timestamp(nanoseconds: int) -> dict[str, int]:
    microseconds = nanoseconds // 1000
    return {"timestamp_high": microseconds >> 32, "timestamp_low": microseconds & 0xFFFFFFFF}


def _by_frame(notes: Iterable[Note], frames: Sequence[Frame]) -> dict[int, list[str]]:
    """Return the comments by the number of the packet at which they are shown."""
    found: dict[int, list[str]] = {}
    if not frames:
        return found
    for note in sorted(notes, key=lambda note: note.at):
        later = (number for number, frame in enumerate(frames) if frame.time >= note.at * 1e9)
        found.setdefault(next(later, len(frames) - 1), []).append(_cut(note.text))
    return found


def _statistics(section: Any, numbers: Mapping[_Key, int], lost: Mapping[str, int], time: int) -> Iterable[Any]:
    """Yield the statistics of the first interface of each namespace whose packets were lost."""
    for namespace, count in lost.items():
        number = next((number for key, number in numbers.items() if key[0] == namespace), None)
        if count and number is not None:
            yield section.new_member(
                InterfaceStatistics,
                interface_id=number,
                **_timestamp(time),
                options={
                    "isb_osdrop": count,
                    "opt_comment": f"{count} packets of namespace {namespace} were lost: the buffer was full",
                },
            )


def _cut(text: str) -> str:
    return text.encode("utf-8", "replace")[:_LONGEST_COMMENT].decode("utf-8", "ignore")
