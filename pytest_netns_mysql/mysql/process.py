"""A mysqld of our own: start it, wait until it answers, end it."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from pytest_netns_mysql.errors import ServerGoneError, ServerStartError
from pytest_netns_mysql.kernel import capabilities
from pytest_netns_mysql.kernel.namespace import Namespace
from pytest_netns_mysql.mysql.adopted import AdoptedProcess
from pytest_netns_mysql.mysql.distribution import Distribution
from pytest_netns_mysql.mysql.errorlog import ErrorLog
from pytest_netns_mysql.mysql.options import OptionValue, arguments

_POLL = 0.002  # seconds
_ENDING = 2.0  # seconds

# Performance Schema fills 300 MB at every start. In huge pages that is hundreds of page faults, not tens of thousands:
# see "Memory Allocation Tunables" in the manual of glibc. Other C libraries do not know the variable. More than one
# arena would be a huge page for each of thirty threads.
_ENVIRONMENT = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1:glibc.malloc.arena_max=1"}


class Process:
    """Run mysqld in the sandbox, on a data directory in ``folder``.

    It dies with this process, by PR_SET_PDEATHSIG(2const): with the thread that starts it, in truth, so it is
    started by a thread that lasts. The calling thread may stand anywhere.
    """

    def __init__(self, distribution: Distribution, folder: Path, home: Namespace) -> None:
        """Keep which server runs where; nothing is started."""
        self.distribution = distribution
        self.folder = folder
        self.datadir = folder / "data"
        self.socket = folder / "mysql.sock"
        self.command: list[str] = []
        self._home = home
        self._log = folder / "error.err"  # mysqld adds .err to any other name
        self._logged = 0  # bytes of the log that earlier starts wrote
        self._process: subprocess.Popen[bytes] | AdoptedProcess | None = None

    @property
    def pid(self) -> int | None:
        """Return the running mysqld's pid, or None."""
        return self._process.pid if self._process is not None and self.is_running() else None

    @property
    def error_log(self) -> ErrorLog:
        """Return what the error log says by now; read from wherever the thread stands."""
        return ErrorLog(self._read_log(0))

    @property
    def log_of_this_start(self) -> ErrorLog:
        """Return what the error log says since mysqld was last started."""
        return ErrorLog(self._read_log(self._logged))

    def _read_log(self, offset: int) -> str:
        with self._home:
            return self._log.read_bytes()[offset:].decode("utf-8", "replace") if self._log.exists() else ""

    def is_running(self) -> bool:
        """Tell whether mysqld runs."""
        return self._process is not None and self._process.poll() is None

    def prepare(self) -> None:
        """Make way for a start; the calling thread must be able to enter."""
        with self._home:
            self.socket.unlink(missing_ok=True)
            self._logged = self._log.stat().st_size if self._log.exists() else 0

    def adopt(self, command: Sequence[str], process: AdoptedProcess) -> None:
        """Take a mysqld that another process started in the folder for one's own."""
        self.command = list(command)
        self._process = process

    def launch(
        self, options: Mapping[str, OptionValue], addresses: Mapping[str, str], *, drop_capabilities: Sequence[str]
    ) -> None:
        """Start mysqld, and return while it boots; ``addresses`` are bind_address and its like, as it takes them."""
        self.command = [
            str(self.distribution.mysqld),
            "--no-defaults",
            f"--datadir={self.datadir}",
            f"--socket={self.socket}",
            f"--pid-file={self.folder / 'mysqld.pid'}",
            f"--tmpdir={self.folder}",
            f"--log-error={self._log}",
            *(f"--{key.replace('_', '-')}={value}" for key, value in addresses.items()),
            *(["--user=root"] if os.geteuid() == 0 else []),
            f"--loose-mysqlx-socket={self.folder / 'mysqlx.sock'}",
            *arguments(options),
        ]
        # Nothing answers for DNS in a sandbox: without servers to ask, an unknown name is told at once.
        without = capabilities.mask(drop_capabilities, where=f"server {self.folder.name}")
        self._process = self._home.start(
            self.command,
            directory=self.folder,
            env=_ENVIRONMENT | os.environ,
            empty="/etc/resolv.conf",
            without=without,
        )

    def wait(self, answers: Callable[[], bool], *, timeout: float) -> None:
        """Return when ``answers`` says that mysqld answers.

        It is asked at once, and again and again: what it imports is imported while mysqld boots. Raises
        ServerStartError when mysqld ends first, or does not answer within ``timeout`` seconds.
        """
        deadline = time.monotonic() + timeout
        with self._home:
            while not answers():
                if not self.is_running():
                    code = self._process.returncode if self._process is not None else None
                    raise self.start_error(f"mysqld did not come up: it ended with exit code {code}")
                if time.monotonic() > deadline:
                    self.kill()
                    raise self.start_error(
                        f"mysqld did not answer within {timeout:g} seconds", "raise netns_start_timeout (seconds)"
                    )
                time.sleep(_POLL)

    def check_x_plugin(self, where: str) -> None:
        """Raise ServerStartError, and end mysqld, where X Plugin did not come up on all of its addresses."""
        complaints = self.log_of_this_start.x_plugin
        if complaints.errors:
            self.kill()
            raise ServerStartError(
                "X Plugin did not come up on every address of mysqlx_bind_address, though mysqld runs",
                command=self.command,
                log=self.log_of_this_start.text,
                codes=complaints.codes,
                messages=complaints.messages,
                where=where,
                tried=complaints.errors,
                remedies=["mend what the lines above name", "require_mysqlx=False, for a server that runs without it"],
            )

    def check_running(self) -> None:
        """Raise ServerGoneError where mysqld does not run."""
        if not self.is_running():
            code = self._process.returncode if self._process is not None else None
            raise ServerGoneError(
                f"mysqld is not running: it ended with exit code {code}",
                where=str(self.folder),
                tried=self.error_log.telling_lines,
                remedies=["a test that stops the server does it to one of its own, from factories.mysqld"],
            )

    @contextlib.contextmanager
    def told_if_it_ends(self) -> Iterator[None]:
        """Raise ServerGoneError where the block fails because mysqld has just ended, in place of the driver's error."""
        try:
            yield
        except Exception:
            # A process that is being killed closes its sockets some moments before it has ended.
            deadline = time.monotonic() + _ENDING
            while self.is_running() and self._is_deaf() and time.monotonic() < deadline:
                time.sleep(_POLL)
            self.check_running()
            raise

    def _is_deaf(self) -> bool:
        """Tell whether nobody greets a client: connecting succeeds for as long as the listening socket is open."""
        with self._home, socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(_ENDING)
            try:
                sock.connect(str(self.socket))
                return not sock.recv(1)
            except OSError:
                return True

    def start_error(self, what: str, *remedies: str) -> ServerStartError:
        """Return the error that tells why a start failed, with the command line and what was logged."""
        log = self.log_of_this_start
        return ServerStartError(
            what,
            command=self.command,
            log=log.text,
            codes=log.codes,
            messages=log.messages,
            where=shlex.join(self.command),
            tried=log.telling_lines,
            remedies=remedies or ("read the lines of the error log above",),
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
                self._process.wait()

    def remove(self) -> None:
        """Remove the folder with the data and the log."""
        with self._home:
            shutil.rmtree(self.folder, ignore_errors=True)
