"""A folder that archives are unpacked into, and that nothing in them can leave.

The packages are signed, so this is the second line of defence: a package may be built by mistake, or by a stranger.
"""

from __future__ import annotations

import os
import stat
import tarfile
import threading
from pathlib import Path
from typing import IO

_MOST_BYTES = 4 << 30  # of all archives together; a server with its libraries has some 500 MB
_MOST_MEMBERS = 200_000
_MOST_BYTES_OF_HEADER = 1 << 20  # a header is read into memory
_CHUNK = 1 << 20  # bytes


class _Member(tarfile.TarInfo):
    """A member of an archive, whose header has a size that can be."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str | None, errors: str) -> tarfile.TarInfo:  # type: ignore[override]
        member = super().frombuf(buf, encoding, errors)  # type: ignore[arg-type]
        is_header = not member.isfile() and not member.isdir() and not member.islnk() and not member.issym()
        if member.size < 0 or (is_header and member.size > _MOST_BYTES_OF_HEADER):
            raise tarfile.ReadError(f"{member.name} cannot have {member.size} bytes")
        return member


class TargetFolder:
    """A folder to unpack into. Several threads may do so at once."""

    def __init__(self, folder: Path) -> None:
        """Take a folder that nobody else writes to.

        Args:
            folder: The folder, which is made if need be.
        """
        folder.mkdir(exist_ok=True, parents=True)
        self._folder = folder.resolve()
        # A link that one thread makes must not come between the check of a path and its use by another.
        self._lock = threading.Lock()
        self._bytes = 0
        self._members = 0

    def extract(self, archive: IO[bytes]) -> None:
        """Unpack a tar archive; see tar(5).

        Files belong to this process, whatever owner the archive names. None is setuid, or writable for others.

        Args:
            archive: A stream of bytes, without compression.

        Raises:
            tarfile.TarError: The archive is damaged, would write outside of the folder, has a device, or is too large.
        """
        with tarfile.open(fileobj=archive, mode="r|", tarinfo=_Member, errorlevel=2) as members:
            for member in members:
                self._count(member)
                self._extract(members, member)
        while archive.read(_CHUNK):  # what pads the archive
            pass

    def remove_links_out(self) -> None:
        """Remove the symbolic links that lead out of the folder: there they would show files of this machine."""
        for path in self._folder.rglob("*"):
            if path.is_symlink() and not self._has(os.path.realpath(path)):
                path.unlink()

    def _has(self, path: str) -> bool:
        return Path(path).is_relative_to(self._folder)

    def _count(self, member: tarfile.TarInfo) -> None:
        with self._lock:
            self._members += 1
            self._bytes += member.size if member.isfile() else 0
            if self._bytes > _MOST_BYTES or self._members > _MOST_MEMBERS:
                raise tarfile.ReadError(f"the archive is larger than {_MOST_BYTES >> 30} GiB, or has too many files")

    def _extract(self, members: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        parts = [part for part in member.name.split("/") if part not in ("", ".")]
        if ".." in parts:
            raise tarfile.ReadError(f"the name {member.name} contains '..'")
        if not parts:
            return
        with self._lock:
            if member.isdir():
                self._parent(parts, member)
                return
            path = self._parent(parts[:-1], member) / parts[-1]
            if os.path.lexists(path):
                path.unlink()
            if member.issym():
                self._link(path, member)
                return
            if member.islnk():
                os.link(self._linked(member), path, follow_symlinks=False)
                return
            content = members.extractfile(member) if member.isfile() else None
            if content is None:
                raise tarfile.ReadError(f"{member.name} is a device or a pipe")
            mode = 0o755 if member.mode & stat.S_IXUSR else 0o644
            flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(path, flags, mode)
        with os.fdopen(descriptor, "wb") as file:
            while chunk := content.read(_CHUNK):
                file.write(chunk)

    def _parent(self, parts: list[str], member: tarfile.TarInfo) -> Path:
        """Return the folder for a member, which is made if need be; links on the way stay in this folder."""
        folder = self._folder
        for part in parts:
            folder = Path(os.path.realpath(folder / part))
            if not self._has(str(folder)):
                raise tarfile.ReadError(f"{member.name} would be written outside of the folder, to {folder}")
            folder.mkdir(0o755, parents=True, exist_ok=True)
        return folder

    def _link(self, path: Path, member: tarfile.TarInfo) -> None:
        target = member.linkname
        if target.startswith("/"):  # on the machine where a package is installed this is its own root
            target = os.path.relpath(self._folder / target.lstrip("/"), path.parent)
        path.symlink_to(target)

    def _linked(self, member: tarfile.TarInfo) -> Path:
        """Return the file that a hard link is another name of, which is in this folder, too."""
        parts = [part for part in member.linkname.split("/") if part not in ("", ".")]
        if ".." not in parts and parts:
            file = self._parent(parts[:-1], member) / parts[-1]
            if file.is_file() and not file.is_symlink():
                return file
        raise tarfile.ReadError(f"{member.name} is a link to {member.linkname}, which is no file of the archives")
