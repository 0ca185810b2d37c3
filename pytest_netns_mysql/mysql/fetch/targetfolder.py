"""A folder that archives are unpacked into, and that nothing in them can leave.

The packages are signed, so this is the second line of defence: a package may be built by mistake, or by a stranger.
"""

from __future__ import annotations

import os
import stat
import tarfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO

_MOST_BYTES = 4 << 30  # of all archives together; a server with its libraries has some 500 MB
_MOST_MEMBERS = 200_000
_MOST_LINKS = 40  # on the way to a file, as in the kernel, see path_resolution(7)
_CHUNK = 1 << 20  # bytes
_DEVICES = (tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE)
_LONG_NAMES = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)
_MOST_BYTES_OF_NAME = 1 << 16  # a name is read into memory
_TYPES = (
    *(tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.DIRTYPE),
    *_LONG_NAMES,
)


class _Member(tarfile.TarInfo):
    """A member of an archive as packages have it, see deb(5): no sparse file, no extended header."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str | None, errors: str) -> tarfile.TarInfo:  # type: ignore[override]
        member = super().frombuf(buf, encoding, errors)  # type: ignore[arg-type]
        if member.type in _DEVICES:
            raise tarfile.ReadError(f"{member.name} is a device or a pipe")
        if member.type not in _TYPES:
            raise tarfile.ReadError(f"{member.name} has the type {member.type!r}, which packages do not have")
        if member.size < 0 or (member.type in _LONG_NAMES and member.size > _MOST_BYTES_OF_NAME):
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
        if len(archive.read(_CHUNK)) == _CHUNK:  # only a few zeros pad an archive
            raise tarfile.ReadError("the archive goes on after its end")

    def remove_links_out(self) -> None:
        """Remove the symbolic links that lead out of the folder: there they would show files of this machine."""
        for path in self._folder.rglob("*"):
            if path.is_symlink() and self._without_links(path.parent, [path.name]) is None:
                path.unlink()

    def _count(self, member: tarfile.TarInfo) -> None:
        with self._lock:
            self._members += 1
            self._bytes += member.size if member.isfile() else 0
            if self._bytes > _MOST_BYTES or self._members > _MOST_MEMBERS:
                raise tarfile.ReadError(f"the archive is larger than {_MOST_BYTES >> 30} GiB, or has too many files")

    def _extract(self, members: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        parts = _parts(member.name)
        if ".." in parts:
            raise tarfile.ReadError(f"the name {member.name} contains '..'")
        if not parts:
            return
        with self._lock:
            if member.isdir():
                self._make(parts, member)
                return
            path = self._make(parts[:-1], member) / parts[-1]
            if path.is_dir() and not path.is_symlink():
                if member.issym():  # dpkg(1) keeps the folder, too
                    return
                raise tarfile.ReadError(f"{member.name} is a file here, and a folder elsewhere")
            if member.issym():
                self._link(path, member)
                return
            file = self._linked(member, path) if member.islnk() else None
            path.unlink(missing_ok=True)
            if file is not None:
                os.link(file, path, follow_symlinks=False)
                return
            content = members.extractfile(member)
            assert content is not None, "a file has content"
            mode = 0o755 if member.mode & stat.S_IXUSR else 0o644
            flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(path, flags, mode)
        with os.fdopen(descriptor, "wb") as file_there:
            while chunk := content.read(_CHUNK):
                file_there.write(chunk)

    def _without_links(self, folder: Path, parts: Sequence[str]) -> Path | None:
        """Return where a path leads to, without links; None if it leads out of this folder, or over too many links.

        os.path.realpath does not do: where links lead to each other in a circle, it leaves links in the path.

        Args:
            folder: Where the path starts: this folder or a folder below, without links.
            parts: The names in the path, whether or not there is something.
        """
        waiting = [*reversed(parts)]
        links = 0
        while waiting:
            part = waiting.pop()
            if part == "..":
                if folder == self._folder:
                    return None
                folder = folder.parent
                continue
            try:
                target = os.readlink(folder / part)  # noqa: PTH115
            except OSError:  # it is no link, or nothing
                folder /= part
                continue
            links += 1
            if links > _MOST_LINKS or target.startswith("/"):
                return None
            waiting += reversed(_parts(target))
        return folder

    def _make(self, parts: Sequence[str], member: tarfile.TarInfo) -> Path:
        """Return the folder for a member, without links, which is made if need be."""
        folder = self._without_links(self._folder, parts)
        if folder is None:
            raise tarfile.ReadError(f"{member.name} would be written outside of the folder, or over too many links")
        if not folder.is_dir():
            made = self._folder
            for part in folder.relative_to(self._folder).parts:
                made /= part
                try:
                    made.mkdir(0o755, exist_ok=True)
                except FileExistsError as error:
                    raise tarfile.ReadError(f"{member.name} is in a folder that is a file elsewhere") from error
        return folder

    def _link(self, path: Path, member: tarfile.TarInfo) -> None:
        target = member.linkname
        if not target:
            raise tarfile.ReadError(f"{member.name} is a link without a target")
        if target.startswith("/"):  # on the machine where a package is installed this is its own root
            target = os.path.relpath(self._folder / target.lstrip("/"), path.parent)
        path.unlink(missing_ok=True)
        path.symlink_to(target)

    def _linked(self, member: tarfile.TarInfo, path: Path) -> Path:
        """Return the file that a hard link is another name of, which is in this folder, too."""
        parts = _parts(member.linkname)
        if ".." not in parts and parts:
            file = self._make(parts[:-1], member) / parts[-1]
            if file.is_file() and not file.is_symlink() and file != path:
                return file
        raise tarfile.ReadError(f"{member.name} is a link to {member.linkname}, which is no file of the archives")


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]
