"""What a machine is like: settings of the kernel, network, mounts, names, groups of processes, and files.

``snapshot`` returns it as one mapping, so that two snapshots are compared key by key.
"""

from __future__ import annotations

import contextlib
import os
import re
import resource
import stat
import subprocess
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from pyroute2.nftables.main import NFTables

Snapshot = dict[str, str]

# Below /proc/sys: what the kernel counts, what it makes anew at each read, and what other processes move.
_COUNTERS = re.compile(
    r"fs/(dentry-state|file-nr|inode-nr|inode-state|aio-nr|quota/.*|binfmt_misc/.*)"
    r"|kernel/(random/.*|ns_last_pid|pty/nr|perf_event_max_sample_rate|usermodehelper/.*|keys/.*)"
    r"|net/netfilter/nf_conntrack_(count|buckets)"
    r"|vm/(stat_refresh|compact_memory|drop_caches)"
    r"|net/ipv[46]/route/flush"
    r"|debug/.*"
)
_COMMANDS = {
    "link": ("ip", "-details", "-json", "link"),
    "address": ("ip", "-json", "address"),
    "route": ("ip", "-json", "route", "show", "table", "all"),
    "route6": ("ip", "-6", "-json", "route", "show", "table", "all"),
    "rule": ("ip", "-json", "rule"),
    "rule6": ("ip", "-6", "-json", "rule"),
    "neighbour": ("ip", "-json", "neighbour", "show", "nud", "permanent"),
    "queue": ("tc", "-json", "qdisc", "show"),
    "names of namespaces": ("ip", "netns", "list"),
}
_FLEETING = re.compile(r'"(valid|preferred)_life_time":\d+')


def snapshot(folders: Iterable[str | Path]) -> Snapshot:
    """Return what the machine is like, as the calling process sees it.

    Args:
        folders: Folders whose files are part of it, with all below them on the same file system.
    """
    return {
        **dict(_settings()),
        **dict(_network()),
        **dict(_process()),
        **dict(_mounts()),
        "host name": os.uname().nodename,
        "domain name": _read("/proc/sys/kernel/domainname"),
        "modules": "\n".join(line.split()[0] for line in _read("/proc/modules").splitlines()),
        "shared memory": _read("/proc/sysvipc/shm"),
        **{f"file {path}": text for folder in folders for path, text in files(folder)},
    }


def differences(before: Snapshot, after: Snapshot, *, ignored: Collection[str] = ()) -> list[str]:
    """Return a line for each key whose value has changed."""
    keys = sorted((before.keys() | after.keys()) - set(ignored))
    return [
        f"{key}: {before.get(key, 'nothing')!r} became {after.get(key, 'nothing')!r}"
        for key in keys
        if before.get(key) != after.get(key)
    ]


def files(folder: str | Path) -> Iterator[tuple[str, str]]:
    """Yield each file and folder below a folder, with type, mode, owner, size, inode and time of its last change."""
    device = os.lstat(folder).st_dev
    for parent, names, others in os.walk(folder):
        for name in (*names, *others):
            path = os.path.join(parent, name)  # noqa: PTH118 - there are many thousands
            with contextlib.suppress(FileNotFoundError):
                status = os.lstat(path)
                size, time = (0, 0) if stat.S_ISDIR(status.st_mode) else (status.st_size, status.st_mtime_ns)
                if stat.S_ISCHR(status.st_mode):
                    time = 0  # of a terminal: its last use
                yield path, f"{status.st_mode:o} {status.st_uid}:{status.st_gid} {size} {status.st_ino} {time}"
                if name in names and status.st_dev != device:
                    names.remove(name)


def _settings() -> Iterator[tuple[str, str]]:
    for parent, _, names in os.walk("/proc/sys"):
        for name in names:
            path = os.path.join(parent, name)  # noqa: PTH118
            setting = path.removeprefix("/proc/sys/")
            if not _COUNTERS.fullmatch(setting):
                yield f"sysctl {setting}", _read(path)


def _network() -> Iterator[tuple[str, str]]:
    for name, command in _COMMANDS.items():
        try:
            answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
            yield name, _FLEETING.sub("", answer.stdout)
        except FileNotFoundError:
            yield name, "there is no such program"
    with NFTables() as tables:
        for what, answers in (
            ("tables", tables.get_tables()),
            ("chains", tables.get_chains()),
            ("rules", tables.get_rules()),
            ("sets", tables.get_sets()),
        ):
            yield f"nftables {what}", "\n".join(sorted(str(answer["attrs"]) for answer in answers))
    for version in ("ip", "ip6"):
        yield f"{version}_tables", _read(f"/proc/net/{version}_tables_names")


def _mounts() -> Iterator[tuple[str, str]]:
    for line in _read("/proc/self/mountinfo").splitlines():
        number, _, device, root, target, *options = line.split()
        yield f"mount {number} at {target}", f"{device} {root} {' '.join(options)}"


def _process() -> Iterator[tuple[str, str]]:
    yield "priority", f"{os.nice(0)} {os.sched_getaffinity(0)} {os.sched_getscheduler(0)}"
    yield "oom_score_adj", _read("/proc/self/oom_score_adj")
    yield "cgroup", _read("/proc/self/cgroup")
    for name in dir(resource):
        if name.startswith("RLIMIT_"):
            yield name, str(resource.getrlimit(getattr(resource, name)))


def _read(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace")
    except OSError as error:
        return type(error).__name__
