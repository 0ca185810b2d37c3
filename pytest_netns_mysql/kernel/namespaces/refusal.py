"""Errors of creating a sandbox: which step the kernel refused, and the known remedies."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from pytest_netns_mysql.errors import SandboxError
from pytest_netns_mysql.kernel.namespaces.privileges import NEEDED, effective_capabilities, has_seccomp_filter

USER_NAMESPACE = "to create a user namespace"
ID_MAP = "to write the id map of a new user namespace"
CAPABILITIES = "the capabilities of a new user namespace"
MOUNT_NAMESPACE = "to create a mount namespace"
NETWORK_NAMESPACE = "to create a network namespace"
MOUNT = "to mount in a mount namespace of its own"
LOOPBACK = "to set lo up in a network namespace of its own"
MOVE = "to move into a sandbox of its own"

_LIMITS = {
    USER_NAMESPACE: "user.max_user_namespaces",
    MOUNT_NAMESPACE: "user.max_mnt_namespaces",
    NETWORK_NAMESPACE: "user.max_net_namespaces",
}
_KERNEL_OPTIONS = {USER_NAMESPACE: "CONFIG_USER_NS", NETWORK_NAMESPACE: "CONFIG_NET_NS"}
# AppArmor allows the user namespace itself, and then forbids what its capabilities allow.
_FORBIDDEN_BY_APPARMOR = (USER_NAMESPACE, ID_MAP, CAPABILITIES, MOUNT_NAMESPACE, NETWORK_NAMESPACE, MOUNT, LOOPBACK)
_CAP_SETFCAP = 31
_DOCTOR = "run `netns-mysql doctor`: it probes each prerequisite and names the remedy"


class StepError(OSError):
    """A step of creating a sandbox that the kernel refused.

    Attributes:
        step: One of this module's constants; it completes the sentence "the kernel refuses ...".
        file: The file at which the step failed, or None.
    """

    def __init__(self, step: str, number: int, text: str, file: str | None = None) -> None:
        """Describe the refused step; ``number`` and ``text`` are those of an OSError."""
        super().__init__(number, text)
        self.step = step
        self.file = file


@contextlib.contextmanager
def step(name: str) -> Iterator[None]:
    """Replace an OSError of the block by a StepError that names the step."""
    try:
        yield
    except OSError as error:
        file = None if error.filename is None else os.fsdecode(error.filename)
        text = error.strerror or str(error)
        raise StepError(name, error.errno or 0, text if file is None else f"{file}: {text}", file) from error


def sandbox_error(error: OSError, *, rootless: bool, default_step: str = MOVE) -> SandboxError:
    """Return the error that names what the kernel refused, and the known remedies.

    Args:
        error: The kernel's answer; a StepError names the step.
        rootless: Whether the sandbox begins with a user namespace.
        default_step: The step, if ``error`` does not name one.
    """
    name = error.step if isinstance(error, StepError) else default_step
    return SandboxError(
        f"no sandbox can be created here as {_who()}: the kernel refuses {name}",
        tried=[str(error)],
        remedies=[*_remedies(error, name, rootless=rootless), _DOCTOR],
    )


def _who() -> str:
    if os.geteuid():
        return "an ordinary user"
    return "root" if effective_capabilities() >= NEEDED else "root without CAP_SYS_ADMIN or CAP_NET_ADMIN"


def _remedies(error: OSError, name: str, *, rootless: bool) -> list[str]:
    """Return the known remedies, which depend on the step, the kernel's answer and the kernel's settings."""
    file = error.file if isinstance(error, StepError) else None
    if error.errno == errno.ENOSPC and name in _LIMITS:
        return [f"raise the limit: sysctl -w {_LIMITS[name]}=15000"]
    if error.errno == errno.EINVAL and name in _KERNEL_OPTIONS:
        return [f"use a kernel that is built with {_KERNEL_OPTIONS[name]}"]
    if error.errno == errno.ENOENT and file == "/run":
        return ["create the folder, as root: mkdir /run"]
    if error.errno == errno.EROFS and name == ID_MAP:
        return [
            "/proc is mounted read-only here: mount it for writing, as root: mount -o remount,rw /proc",
            "run as root, or with CAP_SYS_ADMIN and CAP_NET_ADMIN: then no id map is needed",
        ]
    remedies = _apparmor_remedies() if rootless and name in _FORBIDDEN_BY_APPARMOR else []
    clone = "kernel.unprivileged_userns_clone"
    if name == USER_NAMESPACE and _sysctl(clone) == "0":
        return [f"allow it: sysctl -w {clone}=1"]
    if _is_restricted():
        return remedies
    if name == ID_MAP and not os.geteuid() and _CAP_SETFCAP not in effective_capabilities():
        return [
            "root needs CAP_SETFCAP for a user namespace of its own: give this process CAP_SETFCAP (Docker: --cap-add "
            "SETFCAP), or CAP_SYS_ADMIN and CAP_NET_ADMIN, which do without a user namespace",
            "run as an ordinary user, who needs no capability",
        ]
    return [*(remedies if name != USER_NAMESPACE else []), *_profile_remedies(error, name, rootless=rootless)]


def _profile_remedies(error: OSError, name: str, *, rootless: bool) -> list[str]:
    """Return the remedies for a step that a profile of a container forbids, or a chroot."""
    if effective_capabilities() >= NEEDED and not (rootless and os.geteuid()):
        return [
            "a profile forbids this although the capabilities are there; in Docker: --security-opt seccomp=unconfined "
            "--security-opt apparmor=unconfined"
        ]
    if name == USER_NAMESPACE and error.errno == errno.EPERM and not has_seccomp_filter():
        return [
            "in a chroot the kernel creates no user namespace, see unshare(2): make the folder the root by "
            "pivot_root(2), as containers and bubblewrap do, or run as root",
            "where a security module forbids user namespaces, allow them to the interpreter, or run as root",
        ]
    return [
        "in Docker as root: --cap-add SYS_ADMIN --cap-add NET_ADMIN --security-opt apparmor=unconfined",
        "in Docker as an ordinary user: --security-opt seccomp=unconfined --security-opt apparmor=unconfined",
    ]


_RESTRICTION = "kernel.apparmor_restrict_unprivileged_userns"


def _is_restricted() -> bool:
    """Return True if AppArmor allows user namespaces only to programs with a profile that grants them."""
    return _sysctl(_RESTRICTION) not in (None, "0")


def _apparmor_remedies() -> list[str]:
    """Return the two remedies for AppArmor's restriction, as on Ubuntu 24.04."""
    restricts = "" if _is_restricted() else "where AppArmor restricts user namespaces, as on Ubuntu 24.04: "
    profile = f"abi <abi/4.0>, profile netns-python {os.path.realpath(sys.executable)} flags=(unconfined) {{ userns, }}"
    file = "/etc/apparmor.d/netns-python"
    return [
        f"{restricts}allow user namespaces, as root: sysctl -w {_RESTRICTION}=0",
        f"{restricts}or allow them to this interpreter alone, as root: echo '{profile}' > {file} && "
        f"apparmor_parser --replace {file}",
    ]


def _sysctl(name: str) -> str | None:
    """Return the value of a kernel setting, or None if this kernel does not have the setting."""
    with contextlib.suppress(OSError):
        return Path("/proc/sys", name.replace(".", "/")).read_text().strip()
    return None
