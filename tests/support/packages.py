"""Debian packages with what no package should have, made without Debian's tools; see deb(5)."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Iterable
from pathlib import Path

_CONTROL = b"Package: x\nVersion: 1\nArchitecture: all\nMaintainer: x\nDescription: x\n"


def member(name: str, kind: bytes = tarfile.REGTYPE, *, link: str = "", mode: int = 0o644) -> tarfile.TarInfo:
    """Return a member of an archive.

    Args:
        name: The name, which the archive has as it is.
        kind: A type of tarfile, such as SYMTYPE.
        link: What a link leads to.
        mode: The permissions.
    """
    found = tarfile.TarInfo(name)
    found.type, found.linkname, found.mode = kind, link, mode
    found.uid = found.gid = 1234
    return found


def archive(members: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    """Return a tar archive; see tar(5)."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.GNU_FORMAT) as file:
        for each, data in members:
            each.size = len(data)
            file.addfile(each, io.BytesIO(data))
    return content.getvalue()


def write_package(file: Path, data: bytes) -> Path:
    """Write a package whose files are in a tar archive; return its path."""
    control = archive([(member("./control"), _CONTROL)])
    parts = {"debian-binary": b"2.0\n", "control.tar.gz": gzip.compress(control), "data.tar.gz": gzip.compress(data, 1)}
    content = b"!<arch>\n"
    for name, part in parts.items():
        header = f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(part):<10}`\n".encode()
        content += header + part + b"\n" * (len(part) % 2)
    file.write_bytes(content)
    return file
