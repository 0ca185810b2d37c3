"""A quick scan of an SQL file: the files that it reads, and what it needs to be loaded."""

from __future__ import annotations

import hashlib
import itertools
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_CHUNK = 1 << 20  # bytes
_OVERLAP = 2 << 10  # bytes: the longest command or file name
_SOURCE = re.compile(rb"(?:(?:^|[;/$|]|\\[gG])[ \t]*source|\\\.)[ \t]+([^\r\n]{1,1024})", re.IGNORECASE | re.MULTILINE)
_NAME_ENDS = re.compile(rb"[;\s]|\$\$|//|\|\||--|#|\Z")
_QUOTED = rb"'(?:[^'\\]|\\.|''){1,1024}'|\"(?:[^\"\\]|\\.|\"\"){1,1024}\""
_FILES = re.compile(
    rb"(?:\binfile\b|\bload_file\b\s*\(|\bimport\s+table\s+from\b)((?:\s|,|/\*.{0,200}?\*/|" + _QUOTED + rb"){1,64})",
    re.IGNORECASE | re.DOTALL,
)
_STRING = re.compile(_QUOTED, re.DOTALL)
_ESCAPED = re.compile(rb"\\(.)|''|\"\"", re.DOTALL)
_FOR_PROGRAM = (b"system", b"connect", b"edit", b"charset", b"resetconnection", b"ssl_session_data_print")
_NAMES = re.compile(rb"(?:^|[;/$|])[ \t]*(?:" + b"|".join(_FOR_PROGRAM) + rb")\b", re.MULTILINE)
_LETTERS = re.compile(rb"\\(?:[!exC]|r(?!\\n|['\"\r\n]))")
_SANDBOX = b"/*!999999\\-"
_MOST_ENDS = 16  # places where a file name may end: the delimiter is not known here
_AS_UTF_8 = "save the file as UTF-8: iconv -f UTF-16 -t UTF-8"
_NOT_TEXT = {
    b"\xff\xfe": ("the file is UTF-16, which the client program cannot read", _AS_UTF_8),
    b"\xfe\xff": ("the file is UTF-16, which the client program cannot read", _AS_UTF_8),
    b"\x1f\x8b": ("the file is compressed by gzip", "unpack the file: gunzip"),
    b"PK\x03\x04": ("the file is a zip archive", "unpack the file"),
}
_NUL = (
    "the line has a NUL byte, which the client program cannot read",
    r"write \0 in the string, or the string as x'00'",
)


@dataclass(frozen=True)
class Fault:
    """A place in a file that neither the client program nor this package can read.

    Attributes:
        file: The file.
        line: The line number, from 1.
        what: What is wrong.
        remedy: What to do.
    """

    file: Path
    line: int
    what: str
    remedy: str


@dataclass
class Scan:
    """What an SQL file needs, together with the files that it reads by SOURCE.

    Attributes:
        files: The files that are read, by the names in the SQL text. The scanned file comes first.
        size: The size of the SQL files, in bytes.
        reads_local: Whether LOAD DATA LOCAL may occur.
        has_commands: Whether a command may occur that only the client program can execute.
        has_sandbox: Whether the sandbox command of MariaDB's dumps may occur, which MySQL's client program refuses.
        has_dollars: Whether a dollar sign occurs.
        fault: The first place that cannot be read; None if there is none.
    """

    files: dict[str, Path] = field(default_factory=dict)
    size: int = 0
    reads_local: bool = False
    has_commands: bool = False
    has_sandbox: bool = False
    has_dollars: bool = False
    fault: Fault | None = None

    def digest(self) -> str:
        """Return a digest of the names and contents of all files."""
        whole = hashlib.sha256()
        for name, file in self.files.items():
            of_file = hashlib.sha256(os.fsencode(name) + b"\0")
            with file.open("rb") as stream:
                while chunk := stream.read(_CHUNK):
                    of_file.update(chunk)
            whole.update(of_file.digest())
        return whole.hexdigest()


def scan(name: str, file: Path) -> Scan:
    """Scan a file, and the files that it reads by SOURCE.

    Names are relative to the folder of the file, which is the client program's working directory. The scan does not
    parse SQL: a text that looks like the name of a file counts if the file exists.

    Args:
        name: The name of the file in the digest.
        file: The path of the file.

    Raises:
        OSError: A file cannot be read.
    """
    scanned = Scan({name: file})
    waiting = [file]
    seen = {file}
    while waiting:
        current = waiting.pop()
        for other, is_script in _scan_file(current, scanned):
            # The digest has the names as they are written, so that it does not depend on the folder.
            path = Path(file.parent, os.fsdecode(other)).expanduser()
            if path not in seen and _is_file(path):
                seen.add(path)
                scanned.files[os.fsdecode(other)] = path
                waiting += [path] if is_script else []
    return scanned


def _is_file(path: Path) -> bool:
    try:
        return path.is_file() and os.access(path, os.R_OK)
    except (OSError, ValueError):
        return False


def _scan_file(file: Path, scanned: Scan) -> Iterator[tuple[bytes, bool]]:
    """Yield possible names of files that a file reads, each with whether it would be read by SOURCE."""
    lines, before = 1, b""
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            if not before:
                _look_for_encoding(chunk, file, scanned)
            if scanned.fault is None and b"\0" in chunk:
                number = lines + chunk.count(b"\n", 0, chunk.index(b"\0"))
                scanned.fault = Fault(file, number, *_NUL)
            scanned.size += len(chunk)
            lines += chunk.count(b"\n")
            text = before + chunk
            before = text[-_OVERLAP:]
            yield from _names(text, scanned)


def _look_for_encoding(chunk: bytes, file: Path, scanned: Scan) -> None:
    for mark, (what, remedy) in _NOT_TEXT.items():
        if chunk.startswith(mark) and scanned.fault is None:
            scanned.fault = Fault(file, 1, what, remedy)


def _names(text: bytes, scanned: Scan) -> Iterator[tuple[bytes, bool]]:
    lowered = text.lower()
    scanned.has_dollars = scanned.has_dollars or b"$" in text
    scanned.has_sandbox = scanned.has_sandbox or _SANDBOX in text
    scanned.reads_local = scanned.reads_local or (b"infile" in lowered and b"local" in lowered)
    scanned.has_commands = scanned.has_commands or _has_commands(text, lowered)
    if b"source" in lowered or b"\\." in text:
        for match in _SOURCE.finditer(text):
            rest = match[1]
            ends = [end.start() for end in itertools.islice(_NAME_ENDS.finditer(rest), _MOST_ENDS)]
            yield from ((name, True) for end in (*ends, len(rest)) if (name := rest[:end].strip()))
    if b"infile" in lowered or b"load_file" in lowered or b"import" in lowered:
        for match in _FILES.finditer(text):
            for quoted in _STRING.findall(match[1]):
                yield _ESCAPED.sub(_unescaped, quoted[1:-1]), False


def _has_commands(text: bytes, lowered: bytes) -> bool:
    names = any(name in lowered for name in _FOR_PROGRAM) and _NAMES.search(lowered)
    return bool(names or (b"\\" in text and _LETTERS.search(text)))


def _unescaped(match: re.Match[bytes]) -> bytes:
    return match[0][-1:]
