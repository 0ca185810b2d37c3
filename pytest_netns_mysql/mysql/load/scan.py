"""What an SQL file asks for, by a quick look at its bytes: the files that it reads, what not every reader can do."""

from __future__ import annotations

import hashlib
import itertools
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_CHUNK = 1 << 20  # bytes
_OVERLAP = 2 << 10  # bytes: as much as a command or a file's name is long at most
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
_MOST_ENDS = 16  # of a name: the delimiter is not known here
_AS_UTF_8 = "save the file as UTF-8: iconv -f UTF-16 -t UTF-8"
_NOT_TEXT = {
    b"\xff\xfe": ("this is UTF-16, which the client program does not read", _AS_UTF_8),
    b"\xfe\xff": ("this is UTF-16, which the client program does not read", _AS_UTF_8),
    b"\x1f\x8b": ("this is compressed by gzip, and no text", "unpack the file: gunzip"),
    b"PK\x03\x04": ("this is a zip archive, and no text", "unpack the file"),
}
_NUL = ("a NUL byte, which the client program does not read", r"write \0 in the string, or the string as x'00'")


@dataclass(frozen=True)
class Fault:
    """A place that no reader takes: its file and line, what is wrong, and the cure."""

    file: Path
    line: int
    what: str
    cure: str


@dataclass
class Scan:
    """What was found in a file and in those that it reads by SOURCE.

    Attributes:
        files: The files that are read, this one first, by the names that they are called by.
        size: The bytes of the SQL files.
        reads_local: Whether there may be a LOAD DATA LOCAL.
        has_commands: Whether there may be a command that only the client program knows.
        has_sandbox: Whether there may be the first line of older dumps of MariaDB, which MySQL's client refuses.
        has_dollars: Whether there is a dollar sign.
        fault: The first place that no reader takes.
    """

    files: dict[str, Path] = field(default_factory=dict)
    size: int = 0
    reads_local: bool = False
    has_commands: bool = False
    has_sandbox: bool = False
    has_dollars: bool = False
    fault: Fault | None = None

    def digest(self) -> str:
        """Return what changes with the name or the content of any of the files."""
        whole = hashlib.sha256()
        for name, file in self.files.items():
            one = hashlib.sha256(os.fsencode(name) + b"\0")
            with file.open("rb") as stream:
                while chunk := stream.read(_CHUNK):
                    one.update(chunk)
            whole.update(one.digest())
        return whole.hexdigest()


def scan(name: str, file: Path) -> Scan:
    """Look through a file, and through those that it reads by SOURCE; raise OSError where it cannot be read.

    Names are sought from the folder of the file, where the client program stands while it reads it. What only looks
    like a file's name counts where there is such a file.
    """
    found = Scan({name: file})
    waiting = [file]
    seen = {file}
    while waiting:
        current = waiting.pop()
        for other, is_script in _scan_file(current, found):
            # Others come into the digest by the name that they are read by.
            path = Path(file.parent, os.fsdecode(other)).expanduser()
            if path not in seen and _is_file(path):
                seen.add(path)
                found.files[os.fsdecode(other)] = path
                waiting += [path] if is_script else []
    return found


def _is_file(path: Path) -> bool:
    try:
        return path.is_file() and os.access(path, os.R_OK)
    except (OSError, ValueError):
        return False


def _scan_file(file: Path, found: Scan) -> Iterator[tuple[bytes, bool]]:
    """Yield what may be names of files that a file reads, each with whether it is a script."""
    lines, before = 1, b""
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            if not before:
                _look_for_encoding(chunk, file, found)
            if found.fault is None and b"\0" in chunk:
                number = lines + chunk.count(b"\n", 0, chunk.index(b"\0"))
                found.fault = Fault(file, number, *_NUL)
            found.size += len(chunk)
            lines += chunk.count(b"\n")
            text = before + chunk
            before = text[-_OVERLAP:]
            yield from _names(text, found)


def _look_for_encoding(chunk: bytes, file: Path, found: Scan) -> None:
    for mark, (what, cure) in _NOT_TEXT.items():
        if chunk.startswith(mark) and found.fault is None:
            found.fault = Fault(file, 1, what, cure)


def _names(text: bytes, found: Scan) -> Iterator[tuple[bytes, bool]]:
    lowered = text.lower()
    found.has_dollars = found.has_dollars or b"$" in text
    found.has_sandbox = found.has_sandbox or _SANDBOX in text
    found.reads_local = found.reads_local or (b"infile" in lowered and b"local" in lowered)
    found.has_commands = found.has_commands or _has_commands(text, lowered)
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
