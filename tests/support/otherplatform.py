"""A program that shows this package another platform: `python otherplatform.py darwin|win32 -m MODULE ARGUMENTS`.

The modules of the package see standard modules without what the platform does not have, as typeshed lists it, a C
library without the symbols of Linux, and no /proc. The standard library and the packages of others keep the real ones:
what they do on other platforms is theirs.
"""

from __future__ import annotations

import builtins
import ctypes
import fnmatch
import mmap
import os
import platform
import runpy
import select
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

PACKAGE = "pytest_netns_mysql"
MODULES = {"darwin": (), "win32": ("fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty")}
NAMES: dict[str, dict[ModuleType, str]] = {
    "darwin": {
        os: """
            EFD_* GRND_* MFD_* O_DIRECT O_LARGEFILE O_NOATIME O_PATH O_RSYNC O_TMPFILE POSIX_FADV_* P_PIDFD
            RTLD_DEEPBIND RWF_* SCHED_BATCH SCHED_IDLE SCHED_RESET_ON_FORK SPLICE_* ST_[!RN]* ST_NO[!S]* XATTR_*
            CLONE_* copy_file_range eventfd* fdatasync getrandom getres?id *xattr memfd_create pidfd_open pipe2
            posix_f* sched_*et* sched_rr* setns unshare setres?id splice waitid* timerfd* TFD_*
        """,
        socket: """
            AF_ALG AF_CAN AF_NETLINK AF_PACKET AF_RDS AF_TIPC AF_VSOCK NETLINK_* PACKET_* PF_* CAN_* IPPROTO_MPTCP
            IPPROTO_UDPLITE IP_BIND_ADDRESS_NO_PORT IP_TRANSPARENT MSG_CMSG_CLOEXEC MSG_CONFIRM MSG_ERRQUEUE
            MSG_FASTOPEN MSG_MORE SCM_CREDENTIALS SOCK_CLOEXEC SOCK_NONBLOCK SO_BINDTODEVICE SO_DOMAIN SO_MARK SO_P*
            TCP_CONGESTION TCP_CORK TCP_INFO TCP_KEEPIDLE TCP_QUICKACK TCP_USER_TIMEOUT TIPC_*
        """,
        signal: """
            SIGCLD SIGPOLL SIGPWR SIGRTM* SIGSTKFLT pidfd_send_signal sigtimedwait sigwaitinfo
        """,
        select: """
            EPOLL* POLLMSG POLLRDHUP epoll
        """,
        mmap: """
            MADV_D*DUMP MADV_D*FORK MADV_*HUGE* MAP_POPULATE MAP_STACK
        """,
        time: """
            CLOCK_BOOTTIME CLOCK_TAI
        """,
    },
    "win32": {
        os: """
            CLD_* EFD_* EX_[!O]* F_* GRND_* MFD_* O_ACCMODE O_ASYNC O_CLOEXEC O_D* O_FSYNC O_LARGEFILE O_N* O_PATH
            O_RSYNC O_SYNC O_TMPFILE POSIX_* PRIO_* P_ALL P_P?D P_PIDFD RTLD_* RWF_* SCHED_* SEEK_DATA SEEK_HOLE
            SPLICE_* ST_* W[!_O]* WNOHANG WNOWAIT XATTR_* CLONE_* chown chroot confstr* copy_file_range ctermid
            environb eventfd* fchdir fchmod fchown fdatasync fork forkpty fpathconf fstatvfs fwalk get*gid get*uid
            getenvb getgroup* getloadavg getp?id getpgrp getpriority getrandom getsid *xattr initgroups killpg
            lchown lockf login_tty major makedev memfd_create minor mkfifo mknod nice openpty pathconf* pidfd_open
            pipe2 posix_* pread* pwrite* readv register_at_fork sched_* sendfile set*gid set*uid setgroups setns
            setpgrp setpriority setsid unshare spawn*p* splice statvfs sync sysconf* tc?etpgrp ttyname uname wait
            wait3 wait4 waitid* writev timerfd* TFD_*
        """,
        socket: """
            AF_ALG AF_CAN AF_NETLINK AF_PACKET AF_RDS AF_ROUTE AF_TIPC AF_UNIX AF_VSOCK NETLINK_* PACKET_* PF_*
            CAN_* CMSG_* IPPROTO_MPTCP IPPROTO_UDPLITE IP_BIND_ADDRESS_NO_PORT IP_TRANSPARENT MSG_CMSG_CLOEXEC
            MSG_CONFIRM MSG_DONTWAIT MSG_EOR MSG_FASTOPEN MSG_MORE MSG_NOSIGNAL SCM_* SOCK_CLOEXEC SOCK_NONBLOCK
            SO_BINDTODEVICE SO_DOMAIN SO_MARK SO_P* SO_REUSEPORT TCP_CONGESTION TCP_CORK TCP_INFO TCP_QUICKACK
            TCP_USER_TIMEOUT TIPC_* recv_fds send_fds sethostname
        """,
        signal: """
            ITIMER_* ItimerError SIG[!_AFIST]* SIGALRM SIGIO SIGIOT SIGSTKFLT SIGSTOP SIGSYS SIGTRAP SIGTSTP SIGTT*
            SIG_BLOCK SIG_SETMASK SIG_UNBLOCK alarm getitimer pause pidfd_send_signal pthread_* setitimer
            siginterrupt sigpending sigtimedwait sigwait*
        """,
        select: """
            EPOLL* POLL* PIPE_BUF epoll poll
        """,
        mmap: """
            MADV_* MAP_* PROT_*
        """,
        time: """
            CLOCK_* clock_* tzset pthread_getcpuclockid
        """,
    },
}
OF_LINUX = ("capget", "capset", "inotify_init1", "pivot_root", "prctl", "setns", "umount2", "unshare", "mount", "clone")
SYSTEMS = {"darwin": "Darwin", "win32": "Windows"}


class OtherCDLL(ctypes.CDLL):
    """A C library without what only Linux has. Windows has none that belongs to the process."""

    on_windows = False

    def __init__(self, name: str | None, *arguments: Any, **options: Any) -> None:
        if name is None and self.on_windows:
            raise TypeError("expected str, bytes or os.PathLike object, not NoneType")
        super().__init__(name, *arguments, **options)

    def __getattr__(self, name: str) -> Any:
        if name in OF_LINUX:
            raise AttributeError(f"dlsym(RTLD_DEFAULT, {name}): symbol not found")
        return super().__getattr__(name)


class OtherModule(ModuleType):
    """A standard module as it is on another platform."""

    def __init__(
        self, real: ModuleType, absent: Sequence[str] = (), changed: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(real.__name__)
        super().__getattribute__("__dict__").update(_real=real, _absent=absent, _changed=changed or {})

    # None of the attributes that ModuleType would set: each is the real module's.
    def __getattribute__(self, name: str) -> Any:
        inner = super().__getattribute__("__dict__")
        if name in inner["_changed"]:
            return inner["_changed"][name]
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in inner["_absent"]):
            raise AttributeError(f"module {inner['_real'].__name__!r} has no attribute {name!r}")
        return getattr(inner["_real"], name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(super().__getattribute__("__dict__")["_real"], name, value)


def _refuse_proc(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse to open a file or a folder of the kernel."""
    if event in ("open", "os.listdir", "os.scandir") and str(arguments[0]).startswith(("/proc", "/sys", "/run/netns")):
        raise FileNotFoundError(f"No such file or directory: {arguments[0]!r}")


def pretend(name: str) -> None:
    """Show the modules of the package the platform, as ``sys.platform`` names it."""
    others = {module.__name__: OtherModule(module, names.split()) for module, names in NAMES[name].items()}
    others["sys"] = OtherModule(sys, changed={"platform": name})
    others["platform"] = OtherModule(platform, changed={"system": lambda: SYSTEMS[name]})
    OtherCDLL.on_windows = name == "win32"
    others["ctypes"] = OtherModule(ctypes, changed={"CDLL": OtherCDLL})
    if name == "win32":
        others["os"] = OtherModule(os, NAMES[name][os].split(), {"name": "nt"})
    sys.addaudithook(_refuse_proc)
    real = builtins.__import__

    def find(wanted: str, importer: Mapping[str, Any] | None = None, *arguments: Any, **options: Any) -> ModuleType:
        importing = str((importer or {}).get("__name__", ""))
        if importing.partition(".")[0] != PACKAGE:
            return real(wanted, importer, *arguments, **options)
        if wanted in MODULES[name]:
            raise ModuleNotFoundError(f"No module named {wanted!r}", name=wanted)
        return others.get(wanted) or real(wanted, importer, *arguments, **options)

    builtins.__import__ = find  # type: ignore[assignment] # which passes on what it is given


def main(arguments: Sequence[str]) -> None:
    """Pretend, then run a module as `python -m` does."""
    name, _, module, *rest = arguments
    pretend(name)
    sys.argv = [module, *rest]
    if module.startswith(PACKAGE):  # which is not to be __main__: the package's own modules are told by their names
        sys.exit(__import__(module, fromlist=["main"]).main())
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    sys.path[0] = str(Path.cwd())  # as `python -m` has it
    main(sys.argv[1:])
