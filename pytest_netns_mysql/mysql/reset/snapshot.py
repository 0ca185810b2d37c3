"""Snapshots of a server's data, kept in the memory of the sandbox."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.errors import ServerGoneError, SnapshotError, in_short
from pytest_netns_mysql.kernel.pidfd import open_process
from pytest_netns_mysql.mysql.mysqld import copying
from pytest_netns_mysql.mysql.mysqld.errorlog import ErrorLog
from pytest_netns_mysql.mysql.mysqld.schemacontents import SchemaContents
from pytest_netns_mysql.mysql.reset.readstate import read_state
from pytest_netns_mysql.mysql.reset.reset import put_back
from pytest_netns_mysql.mysql.reset.serverstate import State
from pytest_netns_mysql.mysql.waiting import wait_until

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.instance import Instance
    from pytest_netns_mysql.mysql.mysqld.resolved import ResolvedSpec

_STOP_TIMEOUT = 10.0  # seconds
_USE_MYSQLD = "take snapshots of servers without replication: factories.mysqld"


class Snapshot:
    """The data, options and global variables of a server at one moment, for ``restore()`` of the same server.

    Attributes:
        server: The server that the snapshot was taken of.
        folder: The copy of the data directory.
    """

    def __init__(self, server: Instance, state: State, folder: Path) -> None:
        """Keep the server's configuration as of now, its complete state, and the copy of its data directory."""
        self.server = server
        self.folder = folder
        self._spec: ResolvedSpec = server._spec
        self._state = state

    def __repr__(self) -> str:
        return f"Snapshot(server={self.server!r})"


def take(server: Instance) -> Snapshot:
    """Take a snapshot of a running server. Its connections stay open.

    mysqld is stopped while its data directory is copied. The copy is what a power failure would leave: a server that
    starts on the copy has everything that was committed, and rolls back the rest. See the manual, "InnoDB Recovery".

    Raises:
        SnapshotError: The server has a replica or is a replica, or did not stop in time.
        ServerGoneError: mysqld does not run.
    """
    _check_alone(server, "cannot take a snapshot")
    state = read_state(server)
    with server.network[GLOBAL]:
        folder = server.folder / "snapshots"
        folder.mkdir(exist_ok=True)
        target = folder / str(len(list(folder.iterdir())))
    server.execute("FLUSH ENGINE LOGS")  # by default the server itself writes once a second
    pid = server._running_pid()
    with _stopped(server, pid), server.network[GLOBAL]:
        copying.copy(server.datadir, target)
    return Snapshot(server, state, target)


def copy_back(server: Instance, snapshot: Snapshot) -> None:
    """Kill mysqld, and replace its data directory by the snapshot's.

    Raises:
        SnapshotError: The snapshot is gone, is of another server, or the server is part of a replication.
    """
    _check(server, snapshot)
    server.kill()
    with server.network[GLOBAL]:
        shutil.rmtree(server.datadir)
        copying.copy(snapshot.folder, server.datadir)
    if server._seeded is not None:
        server._seeded.doubt()


def set_variables(server: Instance, snapshot: Snapshot) -> None:
    """Set the global variables to their values at the time of the snapshot.

    Raises:
        SnapshotError: The server differs from the snapshot afterwards.
    """
    seeded = server._seeded.read() if server._seeded is not None else SchemaContents()
    stays = put_back(server, replace(snapshot._state, seeded=seeded)).stays
    if stays:
        raise SnapshotError(
            "the server could not be restored completely",
            where=server._spec._where,
            tried=stays,
            remedies=["use a fresh server for each test: scope='function'"],
        )


def _check(server: Instance, snapshot: Snapshot) -> None:
    """Raise SnapshotError if a server cannot be restored from a snapshot."""
    if not isinstance(snapshot, Snapshot):
        raise SnapshotError(
            f"a server is restored from a snapshot, got {in_short(snapshot)}",
            where=server._spec._where,
            remedies=["pass what server.snapshot() returned"],
        )
    if snapshot.server is not server:
        raise SnapshotError(
            f"cannot restore {server.name} from a snapshot of {snapshot.server.name}",
            where=server._spec._where,
            remedies=[f"call {snapshot.server.name}.restore(...)", f"take a snapshot of {server.name}"],
        )
    with server.network[GLOBAL]:
        exists = snapshot.folder.is_dir()
    if not exists:
        raise SnapshotError(
            "the snapshot no longer exists: it was removed together with its server",
            where=server._spec._where,
            remedies=["take and restore snapshots while the server's fixture lasts"],
        )
    _check_alone(server, "cannot restore a snapshot")


@contextlib.contextmanager
def _stopped(server: Instance, pid: int) -> Iterator[None]:
    """Stop mysqld by SIGSTOP until the block ends; raise ServerGoneError if mysqld has just ended."""
    try:
        descriptor = open_process(pid)
    except ProcessLookupError as error:
        raise _gone(server, pid) from error
    try:
        signal.pidfd_send_signal(descriptor, signal.SIGSTOP)
        try:
            wait_until(
                lambda: _is_stopped(server, pid),
                timeout=_STOP_TIMEOUT,
                error=lambda: SnapshotError(
                    f"cannot take a snapshot: mysqld (pid {pid}) ignored SIGSTOP for {_STOP_TIMEOUT:g} seconds",
                    where=server._spec._where,
                    remedies=["try again when the machine is less busy"],
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
        f"cannot take a snapshot: mysqld (pid {pid}) has just ended",
        where=server._spec._where,
        tried=ErrorLog(server.error_log).telling_lines,
    )


def _is_stopped(server: Instance, pid: int) -> bool:
    """Return True if all threads of mysqld have stopped after SIGSTOP; see proc_pid_stat(5)."""
    process = Path("/proc", str(pid))
    try:
        if _state(process) in "ZX":
            raise _gone(server, pid)
        return all(_state(task) in "tTZX" for task in (process / "task").iterdir())
    except (FileNotFoundError, ProcessLookupError):
        if process.exists():
            return False  # one of the threads has ended meanwhile
        raise _gone(server, pid) from None


def _state(process: Path) -> str:
    return (process / "stat").read_text().rpartition(") ")[2][0]


def _check_alone(server: Instance, what: str) -> None:
    has_replica = server.is_running and any(
        str(row[4]).startswith("Binlog Dump") for row in server.execute("SHOW PROCESSLIST")
    )
    if server._dataset is not server or has_replica:
        why = "has a replica" if has_replica else "shares the data of other servers"
        raise SnapshotError(
            f"{what}: {server.name} {why}, and the data would differ",
            where=server._spec._where,
            remedies=[_USE_MYSQLD],
        )
