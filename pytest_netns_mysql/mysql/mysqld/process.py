"""A mysqld of our own: start it, wait until it answers, end it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from pytest_netns_mysql.errors import ServerGoneError, ServerStartError
from pytest_netns_mysql.kernel.namespaces import capabilitynames
from pytest_netns_mysql.kernel.namespaces.namespace import Namespace
from pytest_netns_mysql.mysql.dialects.options import OptionValue, arguments
from pytest_netns_mysql.mysql.exitcodes import how_it_ended
from pytest_netns_mysql.mysql.mysqld import copying, failure
from pytest_netns_mysql.mysql.mysqld.crash import ConnectionNames
from pytest_netns_mysql.mysql.mysqld.errorlog import ErrorLog
from pytest_netns_mysql.mysql.waiting import becomes_true, wait_until

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from pytest_netns_mysql.mysql.mysqld.handle import AdoptedProcess, Handle
    from pytest_netns_mysql.mysql.mysqld.listeners import Listeners

_PAUSE = 0.002  # seconds
_ENDING = 2.0  # seconds
_KILLING = 60.0  # seconds, for the kernel to take back the memory of a killed one

# Performance Schema fills 300 MB at every start. In huge pages that is hundreds of page faults, not tens of thousands:
# see "Memory Allocation Tunables" in the manual of glibc. Other C libraries do not know the variable. More than one
# arena would be a huge page for each of thirty threads.
_ENVIRONMENT = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1:glibc.malloc.arena_max=1"}

# By these mysqld would look for a supervisor that is not there, see the manual, "RESTART Statement", and sd_notify(3).
_NOT_HANDED_ON = ("MYSQLD_PARENT_PID", "NOTIFY_SOCKET")


class Process:
    """Run a mysqld of this machine in the sandbox, on a data directory in ``folder``; other kinds are made of it.

    It dies with this process, by PR_SET_PDEATHSIG(2const): with the thread that starts it, in truth, so it is
    started by a thread that lasts. The calling thread may stand anywhere.
    """

    def __init__(self, program: str, folder: Path, home: Namespace) -> None:
        """Keep which program runs where; nothing is started."""
        self.folder = folder
        self.command: list[str] = []
        self.home: AbstractContextManager[Any] = home
        self._namespace = home
        self._program = program
        self._logged = 0  # bytes of the log that earlier starts wrote
        self._printed: IO[bytes] | None = None  # what mysqld prints until it opens its log, or where it cannot
        self._process: Handle | None = None
        self.clients = ConnectionNames()

    @property
    def datadir(self) -> Path:
        """Return the path of the data directory."""
        return self.folder / "data"

    @property
    def socket(self) -> Path:
        """Return the path of the private socket."""
        return self.folder / "mysql.sock"

    @property
    def log(self) -> Path:
        """Return the path of the error log; mysqld adds .err to any other name."""
        return self.folder / "error.err"

    @property
    def administration(self) -> Mapping[str, Any]:
        """Return what the driver needs to connect as the administrator, from ``home``."""
        return {"unix_socket": str(self.socket), "user": "root", "password": ""}

    @property
    def outward(self) -> str:
        """Return the namespace that mysqld must be told to connect from where it is not its own; '' for none."""
        return ""

    @property
    def listening(self) -> Sequence[int]:
        """Return the listening sockets that the program is handed: none, it makes its own."""
        return ()

    def may_answer(self) -> bool:
        """Tell whether it is worth a try to connect; the calling thread stands in ``home``."""
        return self.socket.exists()

    def make_folder(self) -> None:
        """Make the server's private folder."""
        with self.home:
            if self.folder.exists():  # left by a server of the same name that could not be removed
                shutil.rmtree(self.folder)
            self.folder.mkdir()

    def copy_data(self, template: Path) -> None:
        """Make the data directory, as a copy of ``template``."""
        with self.home:
            copying.copy(template, self.datadir)

    def files(self) -> Iterator[tuple[str, int]]:
        """Give the files of the data directory, with the times of their last changes, but for those of schemas."""
        with self.home:
            for folder in (self.datadir, self.datadir / "mysql", self.datadir / "sys"):
                with contextlib.suppress(FileNotFoundError), os.scandir(folder) as scan:
                    for entry in scan:
                        if entry.is_file(follow_symlinks=False):
                            yield entry.path, entry.stat().st_mtime_ns

    @property
    def pid(self) -> int | None:
        """Return the running mysqld's pid, or None."""
        return self._process.pid if self._process is not None and self.is_running() else None

    @property
    def state(self) -> str:
        """Return what reports say of it beside its endpoints."""
        if self.pid is not None:
            return f"pid {self.pid}"
        return "not running" if self.exit_code is None else f"not running: {self._end}"

    @property
    def error_log(self) -> ErrorLog:
        """Return what the error log says by now; read from wherever the thread stands."""
        return ErrorLog(self._read_log(0))

    @property
    def log_of_this_start(self) -> ErrorLog:
        """Return what the error log says since mysqld was last started."""
        return ErrorLog(self._read_log(self._logged))

    def _read_log(self, offset: int) -> str:
        with self.home:
            return self.log.read_bytes()[offset:].decode("utf-8", "replace") if self.log.exists() else ""

    def is_running(self) -> bool:
        """Tell whether mysqld runs."""
        return self._process is not None and self._process.poll() is None

    def prepare(self, listeners: Listeners) -> None:  # noqa: ARG002 - other kinds listen themselves
        """Make way for a start; the calling thread must be able to enter."""
        with self.home:
            self.socket.unlink(missing_ok=True)
            self._logged = self.log.stat().st_size if self.log.exists() else 0

    def adopt(self, command: Sequence[str], process: AdoptedProcess) -> None:
        """Take a mysqld that another process started in the folder for one's own."""
        self.command = list(command)
        self._process = process

    def launch(
        self, options: Mapping[str, OptionValue], listeners: Listeners, *, drop_capabilities: Sequence[str]
    ) -> None:
        """Start mysqld, and return while it boots."""
        dropped = capabilitynames.to_mask(drop_capabilities, where=f"server {self.folder.name}")
        self.command = [self._program, "--no-defaults", *self.arguments(options, listeners.texts)]
        self._close_printed()
        # In memory, for this thread may stand where there is no place for a file.
        self._printed = os.fdopen(os.memfd_create("mysqld"), "w+b", buffering=0)
        try:
            # Nothing answers for DNS in a sandbox: without servers to ask, an unknown name is told at once.
            self._process = self._namespace.start(
                self.command,
                directory=self.folder,
                env={key: value for key, value in (_ENVIRONMENT | os.environ).items() if key not in _NOT_HANDED_ON},
                output=self._printed,
                empty_file="/etc/resolv.conf",
                dropped_capabilities=dropped,
                listening=self.listening,
            )
        except OSError as error:
            raise self.start_error(f"mysqld could not be started: {error.strerror or error}") from error

    def arguments(self, options: Mapping[str, OptionValue], addresses: Mapping[str, str]) -> list[str]:
        """Return what mysqld is started with; ``addresses`` are bind_address and its like, as it takes them."""
        return [
            f"--datadir={self.datadir}",
            f"--socket={self.socket}",
            f"--pid-file={self.folder / 'mysqld.pid'}",
            f"--tmpdir={self.folder}",
            f"--log-error={self.log}",
            *(f"--{key.replace('_', '-')}={value}" for key, value in addresses.items()),
            *(["--user=root"] if os.geteuid() == 0 else []),
            f"--loose-mysqlx-socket={self.folder / 'mysqlx.sock'}",
            *arguments(options),
        ]

    def wait(self, answers: Callable[[], bool], *, timeout: float) -> None:
        """Return when ``answers`` says that mysqld answers.

        It is asked at once, and again and again: what it imports is imported while mysqld boots. Raises
        ServerStartError when mysqld ends first, or does not answer within ``timeout`` seconds.
        """

        def is_up() -> bool:
            if answers():
                return True
            if not self.is_running():
                raise self.start_error(f"mysqld did not come up: {self._end}")
            return False

        def too_slow() -> ServerStartError:
            self.kill()
            what = f"mysqld did not answer within {timeout:g} seconds"
            return self.start_error(what, "raise netns_start_timeout (seconds)")

        with self.home:
            wait_until(is_up, timeout=timeout, error=too_slow, pause=_PAUSE)

    def check_x_plugin(self, where: str) -> None:
        """Raise ServerStartError, and end mysqld, where X Plugin did not come up on all of its addresses."""
        complaints = self.log_of_this_start.x_plugin
        if complaints.errors:
            self.kill()
            raise failure.x_plugin_error(self.command, self.log_of_this_start, where)

    def check_running(self) -> None:
        """Raise ServerGoneError where mysqld does not run."""
        if not self.is_running():
            raise failure.gone_error(self.exit_code, str(self.folder), self.log_of_this_start, self.clients)

    def silent_error(self, what: str) -> ServerGoneError:
        """Return the error for a mysqld that runs and has left ``what`` without an answer."""
        return failure.silent_error(what, f"{self.folder} ({self.state})", self.error_log)

    @contextlib.contextmanager
    def raise_if_server_died(self) -> Iterator[None]:
        """Raise ServerGoneError where the block fails because mysqld has just ended, in place of the driver's error."""
        try:
            yield
        except Exception:
            # A process that is being killed closes its sockets some moments before it has ended.
            becomes_true(lambda: not (self.is_running() and self._is_deaf()), timeout=_ENDING, pause=_PAUSE)
            self.check_running()
            raise

    @property
    def crash(self) -> str:
        """The crash that the error log tells of since the last start, as one line, or ''."""
        return failure.how_it_crashed(self.log_of_this_start, self.clients)

    @property
    def _end(self) -> str:
        return self.crash or how_it_ended(self.exit_code)

    @property
    def exit_code(self) -> int | None:
        """The exit code of a mysqld that has ended; a signal's number, negative, where one ended it."""
        return None if self._process is None else self._process.returncode

    def _is_deaf(self) -> bool:
        with self.home:
            return failure.is_deaf(str(self.socket), _ENDING)

    def start_error(self, what: str, *remedies: str) -> ServerStartError:
        """Return the error that tells why a start failed, with the command line and what was logged."""
        return failure.start_error(
            what, self.command, self.log_of_this_start, failure.printed(self._printed), remedies=remedies
        )

    def stop(self, *, timeout: float) -> None:
        """Shut mysqld down in good order, so that its data can be served again; kill it after ``timeout`` seconds."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self, *, wait: bool = True) -> None:
        """End mysqld at once: nobody will read its data. To ``wait`` until it is gone takes some 50 ms."""
        if self._process is not None:
            self._process.kill()
            if wait:
                try:
                    self._process.wait(_KILLING)
                except subprocess.TimeoutExpired as error:
                    raise self.silent_error(f"SIGKILL: it has not ended {_KILLING:g} seconds after it") from error

    def remove(self) -> None:
        """Remove the folder with the data and the log."""
        with self.home:
            shutil.rmtree(self.folder, ignore_errors=True)
        self._close_printed()

    def _close_printed(self) -> None:
        if self._printed is not None:
            self._printed.close()

    def lend(self, paths: Iterable[Path]) -> None:
        """Let mysqld read files of this process: of its own user's it does."""

    def release(self) -> None:
        """Remove what would outlive the sandbox: of a server that runs in it, no more than what it printed."""
        self._close_printed()
