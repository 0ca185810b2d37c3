"""The packets of each netns test, written to a file: the hooks of netns_capture."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Generator, Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import pytest

from pytest_netns_mysql import clock
from pytest_netns_mysql.errors import NetnsError, SettingError
from pytest_netns_mysql.run import pytest_internals
from pytest_netns_mysql.run.capturefile import comment_of, file_name, first_line, make_folder, notes_of
from pytest_netns_mysql.run.keylog import KeyLog
from pytest_netns_mysql.run.stash import CAPTURE_FILE, NAMESPACE

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.capture.pcapng import Capture
    from pytest_netns_mysql.kernel.capture.tap import Frame, Tap
    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.run.session import NetnsSession
    from pytest_netns_mysql.settings import Settings


def require_library(settings: Settings) -> None:
    """Raise SettingError if the library that writes the files is missing."""
    if find_spec("pcapng") is None:
        raise SettingError(
            f"netns_capture = {settings.capture} needs the package python-pcapng, which is not installed",
            where=settings.given.get("capture"),
            remedies=["pip install 'pytest-netns-mysql[capture]'"],
        )


class _Recording:
    """What is known of the packets of one test.

    Attributes:
        item: The test.
        began: When it began, in seconds since the epoch.
        network: Its network, as soon as there is one.
        frames: The packets that were read so far.
        failures: When it failed, and the error in one line.
        lost: How many packets of each namespace were lost.
        interfaces: The interfaces of each namespace.
    """

    def __init__(self, item: pytest.Item) -> None:
        self.item = item
        self.began = clock.now()
        self.network: Network | None = None
        self.frames: list[Frame] = []
        self.failures: list[tuple[float, str]] = []
        self.lost: dict[str, int] = {}
        self.interfaces: dict[str, list[str]] = {}


class Capturing:
    """The plugin that captures packets while netns tests run; registered only if netns_capture is set.

    The kernel keeps the packets. They are read if they are to be written, and forgotten when the next test begins.
    """

    def __init__(self, session: NetnsSession, rootdir: Path, channel: Any = None) -> None:
        """Capture nothing yet.

        Args:
            session: The networks and servers of the run.
            rootdir: The folder in which the default folder for files is.
            channel: In a worker on another machine, what takes the files to the controller.
        """
        self._session = session
        self._channel = channel
        self._folder = rootdir / session.settings.capture_dir
        self._taps: WeakKeyDictionary[Network, list[Tap]] = WeakKeyDictionary()
        self._refused: WeakKeyDictionary[Network, list[NetnsError]] = WeakKeyDictionary()
        self._recording: _Recording | None = None
        self._old_files = {file.name for file in self._folder.glob("*.pcapng")}
        self._key_log = KeyLog() if session.settings.capture_keys == "on" else None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, None, None]:
        """Forget the packets of the test before."""
        self._recording = _Recording(item) if NAMESPACE in item.stash else None
        if self._recording is not None:
            self._remove_old_file(item)
            self._follow_network(self._recording)
        yield

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, object, object]:
        """Capture in a network as soon as it is built."""
        value = yield
        if self._recording is not None and pytest_internals.name_of(fixturedef) == "netns":
            self._follow_network(self._recording)
        return value

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self) -> None:
        """Make room for the packets of the test itself, if its fixtures have filled the buffer."""
        recording = self._recording
        if recording is not None and recording.network is not None:
            for tap in self._taps[recording.network]:
                if not tap.is_closed and tap.is_half_full:
                    self._read(recording, tap)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Write the file of a failing test, and write it again with the packets of its teardown."""
        report = yield
        recording = self._recording
        if recording is None or recording.item is not item:
            return report
        if report.failed:
            recording.failures.append((clock.now(), first_line(call)))
        is_last = report.when == "teardown"
        is_wanted = report.failed or (is_last and (recording.failures or self._session.settings.capture == "all"))
        if is_wanted and recording.network is not None:
            self._write(recording, recording.network, report)
        if is_last:
            self._recording = None
        return report

    def pytest_unconfigure(self) -> None:
        """Forget the TLS secrets. No later connection must write to a descriptor that may be of another file then."""
        if self._key_log is not None:
            for network in self._taps:
                for namespace in network.values():
                    namespace._key_log = None
            self._key_log.close()

    def _follow_network(self, recording: _Recording) -> None:
        """Take the packets of the current network from now on, unless this was done for the test already."""
        network = self._session.networks.current
        if network is None or network is recording.network:
            return
        recording.network = network
        former = self._taps.get(network)
        if former is None:
            self._taps[network] = self._open(network, network)
        else:
            taps = [tap for tap in former if not tap.is_closed]
            for tap in taps:
                tap.discard()
            closed = [tap.namespace for tap in former if tap.is_closed]  # by a test
            self._taps[network] = [*taps, *self._open(network, closed)]
        if self._key_log is not None:
            self._key_log.clear()

    def _open(self, network: Network, names: Iterable[str]) -> list[Tap]:
        taps: list[Tap] = []
        for name in names:
            try:
                taps += network._taps.start([name])
            except NetnsError as error:  # such as of a namespace that others own
                self._refused.setdefault(network, []).append(error)
            network[name]._key_log = None if self._key_log is None else self._key_log.path
        return taps

    def _remove_old_file(self, item: pytest.Item) -> None:
        """Remove the file that an earlier run wrote for a test; a test that is run again keeps the file of this run."""
        name = file_name(item.nodeid) if self._old_files or self._channel else ""
        if self._channel is not None:
            self._channel.send((name, None))
        if name in self._old_files:
            self._old_files.remove(name)
            with contextlib.suppress(OSError):
                (self._folder / name).unlink(missing_ok=True)

    def _write(self, recording: _Recording, network: Network, report: pytest.TestReport) -> None:
        from pytest_netns_mysql.kernel.capture.pcapng import write_pcapng

        file = self._folder / file_name(recording.item.nodeid)
        try:
            make_folder(self._folder)
            write_pcapng(file, self._capture(recording, network))
        except Exception as error:  # noqa: BLE001 - a capture must not fail a run, also not by a bug of the library
            reason = str(error) if isinstance(error, (OSError, NetnsError)) else f"{type(error).__name__}: {error}"
            report.sections.append(("netns capture", f"the packets could not be written: {reason}"))
            return
        missing = self._missing(recording, network)
        if missing:
            report.sections.append(("netns capture", "\n".join(missing)))
        recording.item.stash[CAPTURE_FILE] = file if self._channel is None else self._send(file)

    def _send(self, file: Path) -> Path:
        """Send a file to the controller, and return its path there."""
        self._channel.send((file.name, file.read_bytes()))
        file.unlink()
        received = self._session.received
        return file if received is None else Path(received.capture_folder, file.name)

    def _capture(self, recording: _Recording, network: Network) -> Capture:
        from pytest_netns_mysql.kernel.capture.pcapng import Capture

        taps = self._taps[network]
        for tap in taps:
            self._read(recording, tap)
            if not tap.is_closed:
                with network[tap.namespace]:
                    recording.interfaces[tap.namespace] = [name for _, name in socket.if_nameindex()]
        notes = notes_of(recording.item.nodeid, recording.began, recording.failures, network.fault_log)
        return Capture(
            comment=comment_of(recording.item.nodeid, self._facts(recording, network), recording.began, notes),
            interfaces=recording.interfaces,
            frames=recording.frames,
            notes=notes,
            lost=recording.lost,
            secrets=self._key_log.read() if self._key_log is not None else b"",
        )

    def _read(self, recording: _Recording, tap: Tap) -> None:
        if tap.is_closed:  # the network could not be put back, and is closed when the teardown is reported
            return
        earliest = recording.began * 1e9
        recording.frames += [frame for frame in tap.read() if frame.time >= earliest]
        recording.lost[tap.namespace] = tap.lost

    def _facts(self, recording: _Recording, network: Network) -> list[str]:
        """Return lines for the comment on a file: the servers, and what is missing in the file."""
        from pytest_netns_mysql.mysql.kinds.provenance import provenance

        servers = [
            f"server: {server.name}, {provenance(server._spec.kind)}, {server._describe()}"
            for server in self._session.servers.running
            if server.network is network
        ]
        topology = f"topology: {network.topology.name} ({network.topology.source})"
        return [topology, *servers, *self._missing(recording, network)]

    def _missing(self, recording: _Recording, network: Network) -> list[str]:
        """Return a line for each namespace whose packets are not all in the file."""
        lost = [
            f"{count} packets of namespace {name}: the buffer was full"
            for name, count in recording.lost.items()
            if count
        ]
        refused = [error.what for error in self._refused.get(network, ())]
        closed = [
            f"the packets of namespace {tap.namespace} from when the socket of the capture was closed, by the test?"
            for tap in self._taps[network]
            if tap.is_closed_by_others
        ]
        return [f"not captured: {line}" for line in (*refused, *lost, *closed)]
