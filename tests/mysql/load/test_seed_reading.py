"""The reader of SQL files yields the statements that the client programs send, for random files."""

from __future__ import annotations

import re
import socket
import struct
import subprocess
import threading
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_netns_mysql import settings as own_settings
from pytest_netns_mysql.mysql.kinds import local, mariadb
from pytest_netns_mysql.mysql.load.script import ScriptError, statements
from pytest_netns_mysql.mysql.load.scriptparts import ANSI_QUOTES, NO_BACKSLASH_ESCAPES
from tests.support.stress import scaled

AUTOCOMMIT = 2
PIECES = [
    *(
        b"SELECT",
        b"a",
        b" ",
        b" ",
        b"\n",
        b"\n",
        b"\t",
        b"\r",
        b"\r\n",
        b"'",
        b'"',
        b"`",
        b"''",
        b"\\",
        b"\\'",
        b";",
        b";",
    ),
    *(
        b"//",
        b"/*",
        b"*/",
        b"/*!",
        b"/*!50003 ",
        b"/*M!",
        b"/*+ ",
        b"*",
        b"/",
        b"-",
        b"--",
        b"-- ",
        b"#",
        b"!",
        b"$",
        b"$$",
    ),
    *(b"\nDELIMITER //\n", b"DELIMITER ;;\n", b"delimiter ;\n", b"\nDELIMITER $$\n", b"DELIMITER", b"$x$", b"\\d //"),
    *(
        b"\\g",
        b"\\G",
        b"\\N",
        b"\\c",
        b"\\p",
        b"\\w",
        b"use s",
        b"\nuse s\n",
        b"go\n",
        b"print\n",
        b"clear\n",
        b"\n\\q\n",
    ),
    *(
        b"\nsource other.sql\n",
        b"source other.sql",
        b"\nsource other.sql/\n",
        b"\nsource none/../other.sql\n",
        b"\\. other.sql\n",
        b"\xc3\xa9",
        b"\xf0\x9f\x98\x80",
        b"\xe9",
        b"\xe9go\n",
        b"\x0b",
    ),
    *(b"INSERT INTO t VALUES ('a;b')", b"\nSET @a = 1;\n", b"/* c */ ", b"/* it's */\n", b"\nend//\n", b"\xef\xbb\xbf"),
]
OTHERS = [
    b"SELECT 'other'",
    b"SELECT 1;\nSELECT 'x",
    b"/* a",
    b"DELIMITER //\nSELECT 4; 5",
    b"\nSELECT 3;\n\\q\nSELECT 4;",
]
ITS_OWN = re.compile(
    rb"select @@version_comment limit 1|select \$\$|SELECT DATABASE\(\)|SET NAMES utf8mb4|(#|--)[^\n]*"
)
UNFIT = re.compile(rb"\\[!ser]")
BY_PARTS = re.compile(rb"(use\b|\\u).*['\"`]", re.IGNORECASE | re.DOTALL)


class Recorder:
    """A server that takes one client, says yes to everything and keeps what it was sent."""

    def __init__(self, folder: Path, status: int, *, dollars: bool) -> None:
        """Listen."""
        self.path = folder / "socket"
        self.path.unlink(missing_ok=True)
        self._status = struct.pack("<H", status)
        self._dollars = dollars
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen()
        self._listener.settimeout(20)
        self.received: list[bytes] = []

    def serve(self) -> None:
        """Serve the client."""
        with self._listener, self._listener.accept()[0] as client:
            client.settimeout(20)
            greeting = b"\x0a9.7.4\0" + struct.pack("<I", 1) + b"a" * 8 + b"\0" + struct.pack("<HB", 0xF7FF, 45)
            greeting += (
                struct.pack("<HHB", AUTOCOMMIT, 0x000F, 21) + b"\0" * 10 + b"b" * 12 + b"\0mysql_native_password\0"
            )
            self._send(client, 0, greeting)
            number = self._read(client)[1]
            self._answer(client, number, b"")
            while (command := self._read(client))[0][:1] not in (b"", b"\x01"):
                text = command[0][1:]
                self.received += [text if command[0][:1] == b"\x03" else b"USE `" + text.replace(b"`", b"``") + b"`"]
                self._answer(client, command[1], text)

    def _answer(self, client: socket.socket, number: int, text: bytes) -> None:
        end = b"\xfe\0\0" + self._status
        if text == b"SELECT DATABASE()":
            column = b"\x03def\0\0\0\x01d\0\x0c\x2d\0\x40\0\0\0\xfd\0\0\0\0\0"
            for part in (b"\x01", column, end, b"\x04none", end):
                number += 1
                self._send(client, number, part)
        elif text == b"select $$" and self._dollars:
            self._send(client, number + 1, b"\xff" + struct.pack("<H", 1064) + b"#42000You have an error")
        else:
            self._send(client, number + 1, b"\0\0\0" + self._status + b"\0\0")

    @staticmethod
    def _send(client: socket.socket, number: int, payload: bytes) -> None:
        client.sendall(struct.pack("<I", len(payload))[:3] + bytes([number]) + payload)

    @staticmethod
    def _read(client: socket.socket) -> tuple[bytes, int]:
        head = client.recv(4, socket.MSG_WAITALL)
        if not head:
            return b"", 0
        return client.recv(int.from_bytes(head[:3], "little"), socket.MSG_WAITALL), head[3]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reading")


@pytest.fixture(scope="module")
def mysql() -> str:
    return str(local.find("auto", cache=own_settings.resolve().cache, progress=print).program("mysql"))


@pytest.fixture(scope="module")
def mariadb_client() -> str:
    return str(mariadb.find(cache=own_settings.resolve().cache, progress=print).program("mysql"))


def sent(command: list[str], file: Path, status: int, *, dollars: bool) -> tuple[list[bytes], str]:
    """Return what a client program sends while it reads a file, and what it complains of."""
    recorder = Recorder(file.parent, status | AUTOCOMMIT, dollars=dollars)
    thread = threading.Thread(target=recorder.serve)
    thread.start()
    with file.open("rb") as text:
        done = subprocess.run(
            [command[0], "--no-defaults", f"--socket={recorder.path}", "--user=root", *command[1:]],
            stdin=text,
            cwd=file.parent,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=60,
        )
    thread.join()
    complaint = done.stderr or ("ERROR" if done.returncode else "")
    return [one for one in recorder.received if not ITS_OWN.fullmatch(one)], complaint


def read(file: Path, status: int, *, mariadb: bool, dollars: bool) -> tuple[list[bytes], ScriptError | None]:
    """Return the statements that the reader yields, and its error."""
    found: list[bytes] = []
    try:
        for statement in statements(file, mariadb=mariadb, dollars=dollars, status=lambda: status):
            found += [] if ITS_OWN.fullmatch(statement.text) else [statement.text]
    except ScriptError as error:
        return found, error
    return found, None


def compare(command: list[str], file: Path, status: int, *, mariadb: bool, dollars: bool) -> None:
    theirs, complaint = sent(command, file, status, dollars=dollars)
    ours, error = read(file, status, mariadb=mariadb, dollars=dollars)
    if any(BY_PARTS.match(one) and not one.startswith(b"USE `") for one in theirs):
        return  # MySQL's program asks the server for the meaning of such a name
    assert ("ERROR" in complaint) == (error is not None), (complaint, error)
    assert ours == (theirs if error is None else theirs[: len(ours)])  # not every error ends the programs


# No random text is run by a shell or an editor, and no command asks for the status.
TEXTS = st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join).filter(lambda text: not UNFIT.search(text))


@pytest.mark.scaled
@settings(max_examples=scaled(250, 5000), derandomize=True)
@given(TEXTS, st.sampled_from(OTHERS), st.sampled_from([0, NO_BACKSLASH_ESCAPES]), st.booleans())
def test_the_reader_agrees_with_mysqls_client_program(
    mysql: str, folder: Path, text: bytes, other: bytes, status: int, dollars: bool
) -> None:
    (folder / "other.sql").write_bytes(other)
    (folder / "script.sql").write_bytes(text)
    command = [mysql, "--comments", "--loose-commands", "--default-character-set=utf8mb4"]
    compare(command, folder / "script.sql", status, mariadb=False, dollars=dollars)


@pytest.mark.scaled
@settings(max_examples=scaled(250, 5000), derandomize=True)
@given(TEXTS, st.sampled_from(OTHERS), st.sampled_from([0, NO_BACKSLASH_ESCAPES, ANSI_QUOTES]))
def test_the_reader_agrees_with_mariadbs_client_program(
    mariadb_client: str, folder: Path, text: bytes, other: bytes, status: int
) -> None:
    (folder / "other.sql").write_bytes(other)
    (folder / "script.sql").write_bytes(text)
    command = [mariadb_client, "--skip-comments", "--default-character-set=utf8mb4"]
    compare(command, folder / "script.sql", status, mariadb=True, dollars=False)


@pytest.mark.parametrize(
    "row", [b"x" * (8 << 20), b"\\'''" * (2 << 20), b"'),('it''s" * (1 << 19)], ids=["plain", "escapes", "rows"]
)
def test_reading_a_large_statement_takes_a_small_multiple_of_its_size(tmp_path: Path, row: bytes) -> None:
    file = tmp_path / "large.sql"
    file.write_bytes(b"INSERT INTO t VALUES ('" + row + b"');\nSELECT 1;\n")
    tracemalloc.start()
    try:
        lengths = [len(statement.text) for statement in statements(file)]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert lengths == [len(row) + 25, 8]
    assert peak < 6 * len(row)
