"""What other processes of the same user show and send: it is taken, or left out, and no command ends by a traceback."""

from __future__ import annotations

import copy
import json
import os
import random
import signal
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pytest_netns_mysql import cli
from pytest_netns_mysql.live import board
from pytest_netns_mysql.reuse import messages, offerfiles, offers, protocol
from tests.support.stress import check, scaled

pytestmark = [pytest.mark.as_user, pytest.mark.slow]

AREA = "Hostile input"
ADDRESS = "0123456789abcdef"
FACTS_START = 16_384  # where board.Board writes the facts
TOGETHER = 70
ODD: list[Any] = [
    *(None, True, -1, 10**30, 1e18, float("inf"), float("nan"), "", "x", "a\nb", "\x1b[31m", "\u202e", "\ud800"),
    *([], {}, [None], ["\x1b"], {"a": 5}, {"red": None}, "x" * 2000, [[[[[[]]]]]]),
]
DEEP = [b"[" * 100_000, b'{"pid":' * 100_000, b'{"state":"ready","x":' + b"[" * 100_000]


def facts() -> dict[str, Any]:
    endpoint = {"kind": "sql", "address": "192.0.2.2", "port": 3306, "namespace": "red"}
    server = {
        "name": "shop",
        "product": "MySQL",
        "version": "9.7.4",
        "label": "mysql-9.7.4",
        "cache": "/c",
        "folder": "/f",
        "endpoints": [endpoint],
        "nearest": {"red": ["192.0.2.2", 3306]},
        "administrator": {"user": "root"},
        "programs": None,
        "client_options": {},
    }
    return {
        "pid": os.getpid(),
        "known_as": os.getpid(),
        "kind": "pytest",
        "worker": "",
        "namespace": "",
        "since": 1.0,
        "command": ["pytest"],
        "mount": "ns/mnt",
        "root": "root",
        "mount_id": 1,
        "topology": "shop",
        "namespaces": {"red": "/run/netns/red"},
        "servers": [server],
    }


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from paths_of(each, (*path, key))


def changed(path: tuple[Any, ...], value: Any) -> bytes:
    """Return the facts with another value at a path, as JSON."""
    found = facts()
    place: Any = found
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = copy.deepcopy(value)
    return json.dumps(found).encode()


@contextmanager
def shown(contents: Sequence[Callable[[], bytes]]) -> Iterator[None]:
    """Show each of the contents as the board of a process of its own."""
    ready, theirs = os.pipe()
    children = []
    for content in contents:
        child = os.fork()
        if child == 0:
            os.pwrite(os.memfd_create(board.NAME), content() + b"\0", FACTS_START)
            os.write(theirs, b".")
            os.close(theirs)
            signal.pause()
            os._exit(0)
        children.append(child)
    os.close(theirs)
    try:
        while os.read(ready, 100):
            pass
        yield
    finally:
        os.close(ready)
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def fault_of(capsys: pytest.CaptureFixture[str], *argv: str) -> str | None:
    """Run a command, and return what is wrong with how it ends; None if nothing is."""
    try:
        with suppress(SystemExit):
            cli.main(list(argv))
    except Exception as error:  # noqa: BLE001 - each is a fault to count
        return f"{argv[0]} ended by {error!r}"
    output = "".join(capsys.readouterr())
    odd = [char for char in output if not char.isprintable() and char != "\n"]
    return f"{argv[0]} printed {odd[0]!r}" if odd else None


def faults_with(contents: Sequence[Callable[[], bytes]], capsys: pytest.CaptureFixture[str]) -> list[str]:
    with shown(contents):
        return [fault for argv in (("ps",), ("ps", "--json")) if (fault := fault_of(capsys, *argv))]


def test_boards(capsys: pytest.CaptureFixture[str]) -> None:
    everything = [(path, value) for path in paths_of(facts()) if path != ("pid",) for value in ODD]
    dice = random.Random(20)
    contents: list[Callable[[], bytes]] = [partial(bytes, raw) for raw in (*DEEP, b"", b"\xff", b"[]")]
    contents += [partial(changed, *each) for each in dice.sample(everything, min(len(everything), scaled(60, 10_000)))]
    faults = []
    for start in range(0, len(contents), TOGETHER):
        batch = contents[start : start + TOGETHER]
        if faults_with(batch, capsys):
            faults += [f"{fault}: {each}" for each in batch for fault in faults_with([each], capsys)]
    claim = "memory of another process that only resembles a session's is left out of netns-mysql ps"
    check(AREA, claim, len(contents), faults)


def test_a_board_with_bytes_that_are_not_utf8_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    own = board.Board()
    try:
        own.show({**facts(), "command": ["pytest", "\udcff"]})
        assert fault_of(capsys, "ps") is None
        cli.main(["ps", "--json"])
        pids = [session["pid"] for session in json.loads(capsys.readouterr().out)]
        assert os.getpid() in pids
    finally:
        own.close()


# ---- sockets


def framed(content: bytes, length: int | None = None) -> bytes:
    return struct.pack("!I", len(content) if length is None else length) + content


GREETING = framed(b'{"state":"ready"}')
STATUS = {"pid": 7, "topology": "shop", "version": "9", "since": 1.0, "taken_by": None}


def answers(dice: random.Random, count: int) -> list[bytes]:
    """Return what a process that only resembles a supervisor may send."""
    known = [*(framed(deep) for deep in DEEP), *(GREETING + framed(deep) for deep in DEEP)]
    known += [b"", b"\0", framed(b""), framed(b"{}", 3), GREETING + framed(b'{"mysqld":1,"command":[]}')]
    known += [framed(b'{"state":"stopped","reason":"\\u001b[31m"}'), framed(b"x" * 9, 2**32 - 1), GREETING[:9]]
    odd = [GREETING + framed(json.dumps({**STATUS, key: value}).encode()) for key in STATUS for value in ODD]
    noise = [GREETING + framed(dice.randbytes(dice.randint(0, 60))) for _ in range(count)]
    return [*known, *dice.sample(odd, min(len(odd), count)), *noise]


@pytest.fixture
def listener(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A socket where a standing server would be offered."""
    tmp_path.chmod(0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    folder = offers.open_folder(make=True)
    assert folder is not None
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(offerfiles.path_of(folder, ADDRESS))
        listening.listen()
        listening.settimeout(20)
        yield listening
    os.close(folder)


def test_answers_of_what_is_no_standing_server(
    listener: socket.socket, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "_ANSWER_TIMEOUT", 0.2)  # for answers that never become complete
    contents = answers(random.Random(20), scaled(15, 1000))

    def serve() -> None:
        for content in contents:
            for _ in range(3):
                connection, _ = listener.accept()
                with connection, suppress(OSError):
                    connection.sendall(content)
                    connection.shutdown(socket.SHUT_WR)
                    connection.settimeout(5)
                    while connection.recv(100):
                        pass

    server = threading.Thread(target=serve)
    server.start()
    faults = []
    for content in contents:
        found = [fault for argv in (("ls",), ("ls", "--json")) if (fault := fault_of(capsys, *argv))]
        try:
            if protocol.take(ADDRESS) is not None:
                found.append("a run took it")
        except Exception as error:  # noqa: BLE001 - each is a fault to count
            found.append(f"take() ended by {error!r}")
        faults += [f"{fault}: {content[:300]!r}" for fault in found]
    server.join()
    check(AREA, "answers of a process that only resembles a standing server take nobody in", len(contents), faults)


def test_a_message_that_is_nested_too_deeply_is_no_message() -> None:
    for deep in DEEP:
        with pytest.raises(msgspec.MsgspecError):
            messages.decode(deep, messages.Greeting)


def test_a_message_that_never_becomes_complete_ends_in_time() -> None:
    """Also if a byte comes now and then, and with more descriptors than a standing server sends."""
    ours, theirs = socket.socketpair()
    stop = threading.Event()

    def drip() -> None:
        with suppress(OSError):
            theirs.sendall(struct.pack("!I", 1 << 20))
            while not stop.wait(0.01):
                theirs.sendall(b" ")

    dripping = threading.Thread(target=drip)
    dripping.start()
    try:
        with pytest.raises(TimeoutError):
            messages.receive(ours, 0.2)
    finally:
        stop.set()
        dripping.join()
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - the number alone
    for _ in range(3):
        socket.send_fds(theirs, [b"   "], [ours.fileno()] * 5)
    with pytest.raises(EOFError):
        messages.receive(ours, 5)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
    ours.close()
    theirs.close()
