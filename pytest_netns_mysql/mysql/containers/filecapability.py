"""CAP_SYS_ADMIN as a file capability of a program in a container."""

from __future__ import annotations

import io
import struct
import tarfile

# The kernel's struct vfs_cap_data: revision 2, effective from the start, CAP_SYS_ADMIN (21) permitted.
_FILE_CAPABILITY = struct.pack("<5I", 0x02000001, 1 << 21, 0, 0, 0)
_LINK = ".pytest-netns-mysql"


def link_with_capability(program: str) -> bytes:
    """Return an archive with a hard link to a program, and with the capability in an extended header of tar.

    The capability of a hard link is that of its file, so the 60 MB of the program are not sent. See capabilities(7).
    """
    link = tarfile.TarInfo(_LINK)
    link.type, link.linkname, link.mode = tarfile.LNKTYPE, program.lstrip("/"), 0o755
    link.pax_headers = {"SCHILY.xattr.security.capability": _FILE_CAPABILITY.decode("latin-1")}
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.PAX_FORMAT, encoding="utf-8") as archive:
        archive.addfile(link)
    return content.getvalue()
