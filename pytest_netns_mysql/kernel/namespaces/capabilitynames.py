"""Capabilities by name: those that a program must not get, and those that a program's file has."""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Iterable
from pathlib import Path

from pytest_netns_mysql.errors import SettingError, in_short

# In the order of their numbers, see capabilities(7).
_NAMES = """
    CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
    NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN
    SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE
    MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE
""".split()  # noqa: SIM905 - forty names are read more easily so
_ATTRIBUTE = "security.capability"
_EFFECTIVE = 0x1
_REMEDY = "write names of capabilities(7), such as CAP_SYS_ADMIN"


def to_mask(names: str | Iterable[str], *, where: str | None = None) -> int:
    """Return the bit mask of the capabilities to drop.

    Args:
        names: One name, such as ``CAP_SYS_ADMIN``, or several.
        where: What drops them, for error messages.

    Raises:
        SettingError: A capability is unknown, or ``names`` contains no names.
    """
    if not isinstance(names, Iterable):
        raise SettingError(
            f"drop_capabilities must be a name or a list of names, got {in_short(names)}",
            where=where,
            remedies=[_REMEDY],
        )
    mask = 0
    for name in (names,) if isinstance(names, str) else names:
        plain = str(name).upper().removeprefix("CAP_")
        if plain not in _NAMES:
            raise SettingError(
                f"drop_capabilities: there is no capability {in_short(name)}", where=where, remedies=[_REMEDY]
            )
        mask |= 1 << _NAMES.index(plain)
    return mask


def of_file(path: Path) -> str | None:
    """Return a program's file capabilities as getcap(8) writes them, such as ``cap_sys_admin=ep``, or None.

    Raises:
        OSError: The file cannot be read.
    """
    try:
        return format_attribute(os.getxattr(path, _ATTRIBUTE))
    except OSError as error:
        if error.errno in (errno.ENODATA, errno.ENOTSUP):
            return None
        raise


def format_attribute(attribute: bytes) -> str | None:
    """Return the file attribute ``security.capability`` as getcap(8) writes it, or None if it has no capability.

    See "File capabilities" in capabilities(7).
    """
    magic, *words = struct.unpack(f"<{len(attribute) // 4}I", attribute[: len(attribute) // 4 * 4])
    # Of each set first the lower 32 bits, then the upper ones.
    permitted, inheritable = (sum(word << 32 * half for half, word in enumerate(words[start:4:2])) for start in (0, 1))
    groups: dict[str, list[str]] = {}
    for number, name in enumerate(_NAMES):
        flags = ("i" if inheritable >> number & 1 else "") + ("p" if permitted >> number & 1 else "")
        if flags:
            flags = f"e{flags}" if magic & _EFFECTIVE else flags
            groups.setdefault(flags, []).append(f"cap_{name.lower()}")
    return " ".join(f"{','.join(names)}={flags}" for flags, names in groups.items()) or None
