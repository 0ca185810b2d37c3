"""Files of packets, read back by the library that wrote them; tests/run/test_capture.py reads them by tshark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pcapng import FileScanner
from pcapng.blocks import EnhancedPacket, InterfaceDescription, InterfaceStatistics, SectionHeader

from pytest_netns_mysql.kernel.capture.pcapng import Capture, Note, write_pcapng
from pytest_netns_mysql.kernel.capture.tap import Frame

pytestmark = pytest.mark.oldest_python

INTERFACES = {"global": ["lo", "veth-red"], "red": ["lo", "eth0"]}


def frame(second: float, namespace: str = "red", interface: str = "eth0", data: bytes = bytes(60)) -> Frame:
    return Frame(int(second * 1e9), namespace, interface, 1, False, len(data), data)


def written(folder: Path, capture: Capture) -> list[Any]:
    """Return the blocks of a written file, after the section header."""
    write_pcapng(folder / "file.pcapng", capture)
    assert [file.name for file in folder.iterdir()] == ["file.pcapng"]
    with (folder / "file.pcapng").open("rb") as stream:
        return list(FileScanner(stream))


def comments(blocks: list[Any]) -> list[list[str]]:
    packets = [block for block in blocks if isinstance(block, EnhancedPacket)]
    return [block.options.get_all("opt_comment") if "opt_comment" in block.options else [] for block in packets]


def test_packets_are_in_the_order_of_their_times_each_at_its_interface(tmp_path: Path) -> None:
    frames = [frame(2), frame(1, "global", "veth-red", b"\x01" * 61), frame(3, "red", "tun7")]
    section, *blocks = written(tmp_path, Capture("about", INTERFACES, frames))
    assert isinstance(section, SectionHeader)
    assert section.options["opt_comment"] == "about"
    names = [block.options["if_name"] for block in blocks if isinstance(block, InterfaceDescription)]
    assert names == ["global/lo", "global/veth-red", "red/eth0", "red/lo", "red/tun7"]
    packets = [block for block in blocks if isinstance(block, EnhancedPacket)]
    assert [(round(one.timestamp, 6), names[one.interface_id]) for one in packets] == [
        (1, "global/veth-red"),
        (2, "red/eth0"),
        (3, "red/tun7"),
    ]
    assert packets[0].packet_data == b"\x01" * 61


def test_a_note_is_at_the_first_packet_from_then_on_or_at_the_last(tmp_path: Path) -> None:
    notes = [Note(0, "begins"), Note(1.5, "fault: größer"), Note(1.7, "healed"), Note(9, "failed")]
    blocks = written(tmp_path, Capture("", INTERFACES, [frame(1), frame(2), frame(3)], notes))
    assert comments(blocks) == [["begins"], ["fault: größer", "healed"], ["failed"]]


def test_only_the_user_can_read_a_file(tmp_path: Path) -> None:
    (tmp_path / "file.pcapng").touch(mode=0o644)
    written(tmp_path, Capture("about", INTERFACES, []))
    assert (tmp_path / "file.pcapng").stat().st_mode & 0o777 == 0o600


def test_a_file_without_packets_has_its_interfaces(tmp_path: Path) -> None:
    _, *blocks = written(tmp_path, Capture("about", INTERFACES, [], [Note(1, "begins")]))
    assert [type(block) for block in blocks] == [InterfaceDescription] * 4


def test_lost_packets_are_counted(tmp_path: Path) -> None:
    blocks = written(tmp_path, Capture("", INTERFACES, [frame(1)], lost={"global": 0, "red": 7}))
    (block,) = [block for block in blocks if isinstance(block, InterfaceStatistics)]
    assert block.options["isb_osdrop"] == 7
    assert block.options["opt_comment"] == "7 packets of namespace red were lost: the buffer was full"


def test_a_long_comment_is_cut(tmp_path: Path) -> None:
    section, *blocks = written(tmp_path, Capture("é" * 70_000, INTERFACES, [frame(1)], [Note(0, "x" * 70_000)]))
    assert section.options["opt_comment"] == "é" * 15_000
    assert comments(blocks) == [["x" * 30_000]]


def test_an_old_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "file.pcapng").write_text("old")
    assert len(written(tmp_path, Capture("", {"red": ["lo"]}, []))) == 2


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        write_pcapng(tmp_path / "file" / "x.pcapng", Capture("", {}, []))
