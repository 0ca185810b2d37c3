"""The mysqld process that this plugin starts, waits for and ends."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from pytest_netns_mysql.errors import ServerGoneError, ServerStartError
from pytest_netns_mysql.kernel.namespaces import capabilitynames
from pytest_netns_mysql.kernel.namespaces.namespace import Namespace
from pytest_netns_mysql.mysql.dialects.options import OptionValue, arguments
from pytest_netns_mysql.mysql.exitcodes import how_it_ended
from pytest_netns_mysql.mysql.mysqld import failure
from pytest_netns_mysql.mysql.mysqld.connectionnames import ConnectionNames
from pytest_netns_mysql.mysql.mysqld.environment import environment
from pytest_netns_mysql.mysql.mysqld.serverfolder import ServerFolder
from pytest_netns_mysql.mysql.waiting import becomes_true, wait_until

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.errorlog import ErrorLog
    from pytest_netns_mysql.mysql.mysqld.handle import AdoptedProcess, Handle
    from pytest_netns_mysql.mysql.mysqld.listeners import Listeners

_PAUSE = 0.002  # seconds
_ENDING = 2.0  # seconds
_KILLING = 60.0  # seconds, for the kernel to free the memory of a killed process


class Process(ServerFolder):
    """A mysqld of this machine, in the sandbox; other kinds of server derive from it.

    The kernel ends mysqld with the thread that starts it, see PR_SET_PDEATHSIG(2const), so the thread must last as long
    as this process. The calling thread may be in any namespace.

    Attributes:
        home: The namespace in which mysqld runs, to be entered.
        command: mysqld's command line, empty before the first start.
        clients: Who opened which connection since the last start.
    """

    def __init__(self, program: str, folder: Path, home: Namespace) -> None:
        """Take program, folder and namespace; nothing is started."""
        super().__init__(folder)
        self.command: list[str] = []
        self.home: AbstractContextManager[Any] = home
        self._namespace = home
        self._program = program
        self._logged = 0  # bytes of the log that earlier starts wrote
        self._printed: IO[bytes] | None = None  # what mysqld prints until it opens its log, or where it cannot
        self._process: Handle | None = None
        self.clients: ConnectionNames = ConnectionNames()

    @property
    def administration(self) -> Mapping[str, Any]:
        """The driver's options for connecting as the administrator, from ``home``."""
        return {"unix_socket": str(self.socket), "user": "root", "password": ""}

    @property
    def default_network_namespace(self) -> str:
        """The namespace that mysqld must name to connect from its own namespace: none."""
        return ""

    @property
    def listening(self) -> Sequence[int]:
        """The listening sockets that the program inherits: none, mysqld opens its own."""
        return ()

    def may_answer(self) -> bool:
        """Return True if an attempt to connect is worthwhile; the calling thread is in ``home``."""
        return self.socket.exists()

    @property
    def pid(self) -> int | None:
        """The pid of the running mysqld, or None."""
        return self._process.pid if self._process is not None and self.is_running() else None

    @property
    def state(self) -> str:
        """The server's state for reports, such as ``pid 4711``."""
        if self.pid is not None:
            return f"pid {self.pid}"
        return "not running" if self.exit_code is None else f"not running: {self._end}"

    @property
    def error_log(self) -> ErrorLog:
        """The error log, as written so far."""
        return self._error_log(0)

    @property
    def log_of_this_start(self) -> ErrorLog:
        """The part of the error log since mysqld was last started."""
        return self._error_log(self._logged)

    def _error_log(self, offset: int) -> ErrorLog:
        from pytest_netns_mysql.mysql.mysqld.errorlog import ErrorLog  # most servers have no errors

        return ErrorLog(self._read_log(offset))

    def _read_log(self, offset: int) -> str:
        with self.home:
            return self.log.read_bytes()[offset:].decode("utf-8", "replace") if self.log.exists() else ""

    def is_running(self) -> bool:
        """Return True if mysqld runs."""
        return self._process is not None and self._process.poll() is None

    def prepare(self, listeners: Listeners) -> None:  # noqa: ARG002 - ActivatedProcess listens on them
        """Remove what an earlier start left; the calling thread must be able to enter ``home``."""
        with self.home:
            self.socket.unlink(missing_ok=True)
            self._logged = self.log.stat().st_size if self.log.exists() else 0

    def adopt(self, command: Sequence[str], process: AdoptedProcess) -> None:
        """Take over a mysqld that another process started in ``folder``."""
        self.command = list(command)
        self._process = process

    def launch(
        self, options: Mapping[str, OptionValue], listeners: Listeners, *, drop_capabilities: Sequence[str]
    ) -> None:
        """Start mysqld and return while it boots; raise ServerStartError if the program cannot be run."""
        dropped = capabilitynames.to_mask(drop_capabilities, where=f"server {self.folder.name}")
        self.command = [self._program, "--no-defaults", *self.arguments(options, listeners.texts)]
        self._close_printed()
        self._printed = self._file_in_memory()
        try:
            # A sandbox has no DNS: with an empty resolv.conf an unknown name fails at once instead of after a timeout.
            self._process = self._namespace._start(
                self.command,
                directory=self.folder,
                env=environment(),
                output=self._printed.fileno(),
                empty_file="/etc/resolv.conf",
                dropped_capabilities=dropped,
                listening=self.listening,
            )
        except OSError as error:
            raise self.start_error(f"mysqld could not be started: {error.strerror or error}") from error

    def _file_in_memory(self) -> IO[bytes]:
        """Return a file without a name: the namespace of the calling thread may have no folder for one."""
        try:
            return os.fdopen(os.memfd_create("mysqld"), "w+b", buffering=0)
        except OSError:  # a seccomp profile refuses memfd_create(2)
            import tempfile

            with self.home:  # the folder is in the sandbox's memory
                return tempfile.TemporaryFile(dir=self.folder, buffering=0)

    def arguments(self, options: Mapping[str, OptionValue], addresses: Mapping[str, str]) -> list[str]:
        """Return mysqld's options; ``addresses`` are bind_address and its like, as mysqld takes them."""
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
        """Wait until ``answers`` returns True.

        The first call is made at once, so that the driver is imported while mysqld boots.

        Args:
            answers: Returns True once mysqld has answered.
            timeout: The longest wait in seconds.

        Raises:
            ServerStartError: mysqld has ended, or has not answered in time and was killed.
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
        """Kill mysqld and raise ServerStartError if X Plugin does not listen on all of its addresses."""
        complaints = self.log_of_this_start.x_plugin
        if complaints.errors:
            self.kill()
            raise failure.x_plugin_error(self.command, self.log_of_this_start, where)

    def check_connections(self, where: str) -> None:
        """Kill mysqld and raise ServerStartError if it allows fewer connections than the option max_connections."""
        error = failure.lowered_connections(self.command, self.log_of_this_start, where)
        if error is not None:
            self.kill()
            raise error

    def check_running(self) -> None:
        """Raise ServerGoneError if mysqld does not run."""
        if not self.is_running():
            raise failure.gone_error(self.exit_code, str(self.folder), self.log_of_this_start, self.clients)

    def silent_error(self, what: str) -> ServerGoneError:
        """Return the error for a running mysqld that has left ``what`` unanswered."""
        return failure.silent_error(what, f"{self.folder} ({self.state})", self.error_log)

    @contextlib.contextmanager
    def raise_if_server_died(self) -> Iterator[None]:
        """Run a block; if it fails because mysqld has ended, raise ServerGoneError in place of the driver's error."""
        try:
            yield
        except Exception:
            # A killed process closes its sockets a moment before it ends.
            becomes_true(lambda: not (self.is_running() and self._is_deaf()), timeout=_ENDING, pause=_PAUSE)
            self.check_running()
            raise

    @property
    def crash(self) -> str:
        """The crash in the error log since the last start, as one line, or ''."""
        return failure.how_it_crashed(self.log_of_this_start, self.clients)

    @property
    def _end(self) -> str:
        return self.crash or how_it_ended(self.exit_code)

    @property
    def exit_code(self) -> int | None:
        """The exit code of a mysqld that has ended, -N if signal N ended it; None while mysqld runs."""
        return None if self._process is None else self._process.returncode

    def _is_deaf(self) -> bool:
        with self.home:
            return failure.is_deaf(str(self.socket), _ENDING)

    def start_error(self, what: str, *remedies: str) -> ServerStartError:
        """Return the error for a failed start, with the command line and the error log."""
        return failure.start_error(
            what, self.command, self.log_of_this_start, failure.printed(self._printed), remedies=remedies
        )

    def stop(self, *, timeout: float) -> None:
        """Shut mysqld down cleanly; kill it if it has not ended after ``timeout`` seconds."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self, *, wait: bool = True) -> None:
        """Kill mysqld.

        Args:
            wait: Return only when the process is gone, after some 50 ms.

        Raises:
            ServerGoneError: The process was still there a minute later.
        """
        if self._process is not None:
            self._process.kill()
            if wait:
                try:
                    self._process.wait(_KILLING)
                except subprocess.TimeoutExpired as error:
                    raise self.silent_error(f"SIGKILL within {_KILLING:g} seconds") from error

    def remove(self) -> None:
        """Remove the folder with the data and the log."""
        with self.home:
            shutil.rmtree(self.folder, ignore_errors=True)
        self._close_printed()

    def _close_printed(self) -> None:
        if self._printed is not None:
            self._printed.close()

    def lend(self, paths: Iterable[Path]) -> None:
        """Let mysqld read files of this process; here mysqld runs as the same user and can read them already."""

    def release(self) -> None:
        """Release what would outlive the sandbox: the file with the program's output."""
        self._close_printed()
