"""``--netns-capture``: a file for each failing test, whose packets, comments and secrets tshark reads."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from pcapng import FileScanner
from pcapng.blocks import EnhancedPacket, InterfaceDescription

from pytest_netns_mysql.kernel.capture.packet import decode
from pytest_netns_mysql.kernel.capture.tap import Frame
from tests.conftest import IN_CI
from tests.support.suites import Suite

pytestmark = pytest.mark.slow

FAILED = "--netns-capture=failed"
Tshark = Callable[..., list[str]]


@pytest.fixture
def tshark() -> Tshark:
    """A function that returns a line for each packet of a file that a filter lets pass: its fields."""
    if shutil.which("tshark") is None:
        reason = "tshark is not installed: .ci/tools installs it"
        pytest.fail(reason) if IN_CI else pytest.skip(reason)

    def run(file: Path, fields: list[str], *, only: str = "") -> list[str]:
        command = ["tshark", "-r", str(file), "-Y", only, "-T", "fields"]
        command += [word for field in fields for word in ("-e", field)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()

    return run


@pytest.fixture
def captures(pytester: pytest.Pytester) -> Callable[[], dict[str, Path]]:
    """A function that returns the files of a run by the name of their test."""

    def find() -> dict[str, Path]:
        folder = pytester.path / "netns-captures"
        return {file.name.split("-", 1)[1].rsplit("-", 1)[0]: file for file in sorted(folder.glob("*.pcapng"))}

    return find


Captures = Callable[[], dict[str, Path]]


def comment_of(file: Path) -> list[str]:
    with file.open("rb") as stream:
        return str(next(iter(FileScanner(stream))).options["opt_comment"]).splitlines()


def frame_of(block: EnhancedPacket) -> Frame:
    return Frame(0, "", "", 1, False, block.packet_len, block.packet_data)


def interfaces_of(file: Path) -> list[str]:
    with file.open("rb") as stream:
        return [block.options["if_name"] for block in FileScanner(stream) if isinstance(block, InterfaceDescription)]


@pytest.mark.as_user
def test_a_file_for_each_netns_test_that_fails(suite: Suite, captures: Captures, pytester: pytest.Pytester) -> None:
    result = suite("capture/fails", FAILED)
    result.assert_outcomes(passed=2, failed=3, xfailed=1, errors=1)
    failed = ["test_it_fails", "test_it_fails_and_is_torn_down", "test_its_teardown_fails"]
    assert list(captures()) == failed
    assert (pytester.path / "netns-captures" / ".gitignore").read_text().splitlines()[-1] == "*"
    assert not list((pytester.path / "netns-captures").glob(".*.pcapng"))
    comment = comment_of(captures()["test_it_fails"])
    assert comment[:2] == ["test: test_inner.py::test_it_fails", "topology: red-blue (preset red-blue)"]
    assert comment[2].startswith("server: mysqld, MySQL ")
    assert [line.split(" s: ")[1] for line in comment[3:]] == [
        "the test begins: test_inner.py::test_it_fails",
        "fault: the link of red to global is down",
        "fault healed, by the test: the link of red to global is down",
        "call failed: ValueError: so it is",
    ]
    names = interfaces_of(captures()["test_it_fails"])
    assert {name.split("/")[0] for name in names} == {"global", "red", "blue"}
    assert {"global/lo", "red/lo", "blue/lo"} < set(names)


@pytest.mark.root
def test_wireshark_decodes_the_packets_and_shows_the_comments(suite: Suite, captures: Captures, tshark: Tshark) -> None:
    suite("capture/fails", FAILED)
    file = captures()["test_it_fails"]
    queries = tshark(file, ["frame.interface_name", "mysql.query"], only='mysql.query contains "fault"')
    assert queries == [f"red/lo\tSELECT '{moment} the fault'" for moment in ("before", "in", "after")]
    assert not tshark(file, ["frame.number"], only='mysql.query contains "the test before"')
    comments = tshark(file, ["frame.comment", "mysql.query"], only="frame.comment")
    first, fault, healed, *_ = comments
    assert first.startswith("the test begins: test_inner.py::test_it_fails\t")
    assert fault == "fault: the link of red to global is down\tSELECT 'in the fault'"
    assert healed == "fault healed, by the test: the link of red to global is down\tSELECT 'after the fault'"
    assert any(line.startswith("call failed: ValueError: so it is\t") for line in comments)
    torn_down = captures()["test_it_fails_and_is_torn_down"]
    assert tshark(torn_down, ["mysql.query"], only='mysql.query contains "in the teardown"')


@pytest.mark.root
@pytest.mark.parametrize("keys", ["on", "off"])
def test_with_the_keys_wireshark_decrypts(suite: Suite, captures: Captures, tshark: Tshark, keys: str) -> None:
    suite("capture/keys", FAILED, f"--netns-capture-keys={keys}").assert_outcomes(failed=2)
    for driver in ("mysql.connector", "pymysql"):
        file = captures()[f"test_over_tls[{driver}]"]
        assert tshark(file, ["frame.number"], only="tls.handshake.type == 1")
        queries = tshark(file, ["mysql.query"], only='tls and mysql.query contains "over TLS"')
        assert queries == (["SELECT 'over TLS'"] if keys == "on" else [])


@pytest.mark.root
def test_our_decoder_agrees_with_tshark(suite: Suite, captures: Captures, tshark: Tshark) -> None:
    suite("capture/several", FAILED)
    file = captures()["test_topologies[nat]"]
    fields = ["ip.src", "ipv6.src", "ip.dst", "ipv6.dst", "tcp.srcport", "udp.srcport", "tcp.dstport", "udp.dstport"]
    shown = [line.split("\t") for line in tshark(file, [*fields, "tcp.flags.syn", "tcp.flags.ack", "tcp.len"])]
    with file.open("rb") as stream:
        packets = [decode(frame_of(block)) for block in FileScanner(stream) if isinstance(block, EnhancedPacket)]
    assert len(packets) == len(shown) > 20
    for packet, (*ends, syn, ack, length) in zip(packets, shown, strict=True):
        if packet.protocol != "arp":
            assert "".join(ends[:2]) == packet.source
            assert "".join(ends[2:4]) == packet.destination
        assert "".join(ends[4:6]) == str(packet.source_port or "")
        assert "".join(ends[6:]) == str(packet.destination_port or "")
        assert (packet.protocol == "tcp") == bool(length)
        if packet.protocol == "tcp":
            assert (packet.syn, packet.ack, len(packet.payload)) == (syn == "1", ack == "1", int(length))


@pytest.mark.as_user
def test_all_tests(suite: Suite, captures: Captures) -> None:
    result = suite("capture/fails", "--netns-capture=all", "-k", "passes or fails")
    assert result.parseoutcomes()["passed"] == 2
    assert "test_it_passes" in captures()


def test_off_is_the_default(suite: Suite, captures: Captures, pytester: pytest.Pytester) -> None:
    suite("capture/fails")
    assert not (pytester.path / "netns-captures").exists()


@pytest.mark.as_user
def test_a_file_is_there_when_the_failure_is_reported(suite: Suite) -> None:
    result = suite("capture/fails", FAILED, "-s", "-k", "test_it_fails or passes", conftest="capture/stash")
    result.stdout.fnmatch_lines(
        ["*FILE passed None", "*FILE failed ('test_inner.py-test_it_fails-????????.pcapng', True)"]
    )


def test_a_file_of_an_earlier_run_is_removed(suite: Suite, captures: Captures, pytester: pytest.Pytester) -> None:
    text = "import pytest\n@pytest.mark.netns('red')\ndef test_it(netns):\n    assert {}\n"
    suite(text.format("False"), FAILED)
    assert list(captures()) == ["test_it"]
    suite(text.format("True"), FAILED).assert_outcomes(passed=1)
    assert not captures()


def test_each_test_has_a_name_of_its_own(suite: Suite, pytester: pytest.Pytester) -> None:
    suite("capture/names", "--netns-capture=all").assert_outcomes(passed=9)
    files = [file.name for file in (pytester.path / "netns-captures").glob("*.pcapng")]
    assert len(files) == 9
    assert all(len(name.encode()) < 255 for name in files)


def test_each_topology_is_captured(suite: Suite, captures: Captures) -> None:
    suite("capture/several", FAILED).assert_outcomes(failed=3)
    topologies = [line for file in captures().values() for line in comment_of(file) if line.startswith("topology: ")]
    assert sorted(topologies) == [
        "topology: nat (preset nat)",
        "topology: red-blue (preset red-blue)",
        "topology: red-blue (preset red-blue)",
    ]


def test_workers_write_to_one_folder(suite: Suite, captures: Captures) -> None:
    suite("capture/fails", FAILED, "-n", "2").assert_outcomes(passed=2, failed=3, xfailed=1, errors=1)
    assert len(captures()) == 3


def test_the_folder_can_be_chosen(suite: Suite, pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nnetns_capture = failed\nnetns_capture_dir = out/packets\n")
    suite("capture/several")
    assert len(list((pytester.path / "out" / "packets").glob("*.pcapng"))) == 3


def test_a_folder_that_cannot_be_written_is_reported(suite: Suite, pytester: pytest.Pytester) -> None:
    (pytester.path / "netns-captures").touch()
    result = suite("capture/several", FAILED)
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(["*netns capture*", "the packets could not be written: *File exists*"])


def test_an_error_of_the_library_is_reported_and_fails_nothing(suite: Suite) -> None:
    result = suite("capture/broken_library", FAILED)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*ValueError: of the test",
            "*netns capture*",
            "the packets could not be written: ZeroDivisionError: a bug of the library",
        ]
    )


@pytest.mark.as_user
def test_descriptors_that_a_test_closed_are_opened_again(suite: Suite, captures: Captures) -> None:
    result = suite("capture/closing", FAILED, "--netns-capture-keys=on")
    result.assert_outcomes(passed=2, failed=2)
    assert "red/lo" in interfaces_of(captures()["test_2_fails"])
    with captures()["test_2_fails"].open("rb") as stream:
        assert any(isinstance(block, EnhancedPacket) for block in FileScanner(stream))
    result.stdout.fnmatch_lines(
        ["not captured: the packets of namespace red from when the socket of the capture was closed, by the test?"]
    )


@pytest.mark.as_user
def test_a_failing_assertion_shows_the_packets(suite: Suite) -> None:
    """In one line that pytest does not cut, and all that the test captured as lines below."""
    result = suite("capture/asserting")
    result.assert_outcomes(passed=1, failed=1)
    refused = "red/lo < 192.0.2.2:3399 to 192.0.2.2:* tcp RST ACK, 54 bytes"
    result.stdout.fnmatch_lines(
        [
            f"E * assert not <20 packets: {refused}; {refused}; {refused}; and 17 more>",
            "*- netns packets -*",
            "netns.capture(): 4? packets",  # the kernel may send ICMPv6 as well
            "  red/lo < 192.0.2.2:* to 192.0.2.2:3399 tcp SYN, 74 bytes",
            f"  {refused}",
        ],
    )
    assert result.stdout.str().count("netns.capture(): ") == 1
    assert result.stdout.str().count("\n  red/lo < ") == 40


def test_a_network_that_is_rebuilt_after_the_test_was_captured(suite: Suite, captures: Captures) -> None:
    result = suite("capture/rebuilt", FAILED)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*left on the network: the network is rebuilt*"])
    for name in ("test_it_breaks_the_network", "test_the_next_one"):
        assert "red/lo" in interfaces_of(captures()[name])
        assert any(line.endswith("call failed: ValueError: so it is") for line in comment_of(captures()[name]))


@pytest.mark.root
def test_a_full_buffer_is_reported_and_the_test_itself_has_room(
    suite: Suite, captures: Captures, tshark: Tshark
) -> None:
    result = suite("capture/full", FAILED, conftest="capture/small_buffer")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*netns capture*", "not captured: * packets of namespace red: the buffer was full"])
    file = captures()["test_it"]
    assert tshark(file, ["mysql.query"], only='mysql.query contains "itself"') == ["SELECT 'the test itself'"]
    assert 0 < len(tshark(file, ["mysql.query"], only='mysql.query contains "fixture"')) < 300


@pytest.mark.root
def test_a_namespace_that_cannot_be_captured_is_reported(suite: Suite, captures: Captures) -> None:
    result = suite("capture/several", FAILED, "-k", "no_server", conftest="capture/without_raw")
    result.assert_outcomes(failed=1)
    refused = [
        f"not captured: the packets of namespace {name} cannot be captured: *" for name in ("global", "red", "blue")
    ]
    result.stdout.fnmatch_lines(["*netns capture*", *refused])
    lines = comment_of(captures()["test_no_server"])
    assert "not captured: the packets of namespace red cannot be captured: Operation not permitted" in lines


def test_a_missing_library_is_named(suite: Suite, monkeypatch: pytest.MonkeyPatch, pytester: pytest.Pytester) -> None:
    pytester.mkdir("no").joinpath("hide.py").write_text("import sys\nsys.modules['pcapng'] = None\n")
    monkeypatch.setenv("PYTHONPATH", str(pytester.path / "no"), prepend=":")
    result = suite("capture/several", "-p", "hide", FAILED)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert [line for line in result.stderr.str().splitlines() if line] == [
        "ERROR: netns_capture = failed needs the package python-pcapng, which is not installed",
        "  where: command line --netns-capture",
        "  do: pip install 'pytest-netns-mysql[capture]'",
    ]
