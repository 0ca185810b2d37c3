"""Snapshots: a server's data as of one moment, kept in the sandbox's memory, to go back to."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.errors import ServerGoneError, SnapshotError
from pytest_netns_mysql.mysql.mysqld import copying
from pytest_netns_mysql.mysql.mysqld.errorlog import ErrorLog
from pytest_netns_mysql.mysql.mysqld.seeded import Contents
from pytest_netns_mysql.mysql.reset.reading import read
from pytest_netns_mysql.mysql.reset.reset import put_back
from pytest_netns_mysql.mysql.reset.state import State
from pytest_netns_mysql.mysql.waiting import wait_until

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.instance import Instance
    from pytest_netns_mysql.mysql.mysqld.resolved import ResolvedSpec

_STOPPING = 10.0  # seconds
_ALONE = "take snapshots of servers that neither replicate nor are replicated from: factories.mysqld"


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Be a server's data, options and global variables as of one moment; for ``restore`` of the same server alone."""

    server: Instance
    plan: ResolvedSpec = field(repr=False)
    state: State = field(repr=False)
    folder: Path = field(repr=False)


def take(server: Instance) -> Snapshot:
    """Copy the data directory of a running server, whose connections stay.

    It is the image that a power cut would leave, a consistent one: what was committed is there, what was not is rolled
    back by whoever starts on it; see the manual, "InnoDB Recovery". Raises SnapshotError, ServerGoneError.
    """
    _check_alone(server, "a snapshot cannot be taken")
    state = read(server)
    with server.network[GLOBAL]:
        folder = server.folder / "snapshots"
        folder.mkdir(exist_ok=True)
        target = folder / str(len(list(folder.iterdir())))
    server.execute("FLUSH ENGINE LOGS")  # it writes by itself once in a second
    pid = server.running_pid()
    with _stopped(server, pid), server.network[GLOBAL]:
        copying.copy(server.datadir, target)
    return Snapshot(server, server.plan, state, target)


def copy_back(server: Instance, snapshot: Snapshot) -> None:
    """End a server, and put a snapshot's data in the place of its own; raise SnapshotError where that cannot be."""
    _check(server, snapshot)
    server.kill()
    with server.network[GLOBAL]:
        shutil.rmtree(server.datadir)
        copying.copy(snapshot.folder, server.datadir)
    if server.seeded is not None:
        server.seeded.doubt()


def set_variables(server: Instance, snapshot: Snapshot) -> None:
    """Give the global variables the values that they had; raise SnapshotError where one refuses."""
    rows_are_back = server.seeded.read() if server.seeded is not None else Contents()
    stays = put_back(server, replace(snapshot.state, seeded=rows_are_back)).stays
    if stays:
        raise SnapshotError(
            "the server is not all as it was at the snapshot",
            where=server.plan.where,
            tried=stays,
            remedies=["end it and start another: scope='function'"],
        )


def _check(server: Instance, snapshot: Snapshot) -> None:
    """Raise SnapshotError where a server cannot go back to a snapshot."""
    if snapshot.server is not server:
        raise SnapshotError(
            f"this is a snapshot of {snapshot.server.name}, and {server.name} cannot go back to it",
            where=server.plan.where,
            remedies=[f"{snapshot.server.name}.restore(...)", f"take one of {server.name}"],
        )
    with server.network[GLOBAL]:
        is_there = snapshot.folder.is_dir()
    if not is_there:
        raise SnapshotError(
            "the snapshot is gone: it goes with its server, which has ended",
            where=server.plan.where,
            remedies=["take and use it while the server's fixture lasts"],
        )
    _check_alone(server, "the server cannot go back to a snapshot")


@contextlib.contextmanager
def _stopped(server: Instance, pid: int) -> Iterator[None]:
    """Have mysqld stand still until the block ends; raise ServerGoneError where it has just ended."""
    try:
        descriptor = os.pidfd_open(pid)
    except OSError as error:
        raise _gone(server, pid) from error
    try:
        signal.pidfd_send_signal(descriptor, signal.SIGSTOP)
        try:
            wait_until(
                lambda: _stands_still(server, pid),
                timeout=_STOPPING,
                error=lambda: SnapshotError(
                    f"mysqld (pid {pid}) has not stopped {_STOPPING:g} seconds after SIGSTOP",
                    where=server.plan.where,
                    remedies=["try again where the machine is less busy"],
                ),
            )
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(descriptor, signal.SIGCONT)
    except ProcessLookupError as error:
        raise _gone(server, pid) from error
    finally:
        os.close(descriptor)


def _gone(server: Instance, pid: int) -> ServerGoneError:
    return ServerGoneError(
        f"a snapshot cannot be taken: mysqld (pid {pid}) has just ended",
        where=server.plan.where,
        tried=ErrorLog(server.error_log).telling_lines,
    )


def _stands_still(server: Instance, pid: int) -> bool:
    """Return True if every thread of a process that SIGSTOP was sent to has stopped, see proc_pid_stat(5)."""
    process = Path("/proc", str(pid))
    try:
        if _state(process) in "ZX":
            raise _gone(server, pid)
        return all(_state(task) in "tTZX" for task in (process / "task").iterdir())
    except (FileNotFoundError, ProcessLookupError):
        if process.exists():
            return False  # a thread of it has ended meanwhile
        raise _gone(server, pid) from None


def _state(process: Path) -> str:
    return (process / "stat").read_text().rpartition(") ")[2][0]


def _check_alone(server: Instance, what: str) -> None:
    dumps = server.is_running and any(
        str(row[4]).startswith("Binlog Dump") for row in server.execute("SHOW PROCESSLIST")
    )
    if server.dataset is not server or dumps:
        raise SnapshotError(
            f"{what}: {server.name} {'has a replica' if dumps else 'has its data from another'}, and both would differ",
            where=server.plan.where,
            remedies=[_ALONE],
        )
