"""Pauses between the end of a test and its teardown, in which somebody can look at it from another terminal."""

from __future__ import annotations

import os
import select
import shlex
from collections.abc import Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import pytest

from pytest_netns_mysql.errors import SettingError, printable
from pytest_netns_mysql.run.pytestoptions import is_distributed
from pytest_netns_mysql.run.stash import ACCOUNTS, MISTAKE, NAMESPACE, PAUSE, own_markers

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.server import MySQLServer
    from pytest_netns_mysql.run.session import NetnsSession

_TERMINAL = Path("/dev/tty")
_PLUGIN = "netns_pausing"
_FAILED = "failed"
_LOOK_UP = 200.0  # milliseconds until a Ctrl-C is noticed that came just before a wait


def start(config: pytest.Config, session: NetnsSession) -> None:
    """Pause after failed tests from now on.

    Raises:
        pytest.UsageError: This process has no terminal, or xdist runs the tests in others.
    """
    error = _hindrance(config, session.settings.given.get("pause"))
    if error is not None:
        raise pytest.UsageError(str(error))
    config.pluginmanager.register(Pausing(session), _PLUGIN)


def prepare_marked(config: pytest.Config, session: NetnsSession, items: Sequence[pytest.Item]) -> None:
    """Pause after tests with the marker, unless the setting is set to off.

    Where nobody could press Enter, these tests fail, so that a marker that was left in a suite does not stay unnoticed.
    """
    if session.settings.pause == "off":
        return
    error = _hindrance(config, f"@pytest.mark.{PAUSE}")
    if error is not None:
        for item in items:
            if PAUSE in own_markers(item):
                item.stash.setdefault(MISTAKE, str(error))
    elif not config.pluginmanager.has_plugin(_PLUGIN):
        config.pluginmanager.register(Pausing(session), _PLUGIN)


def _hindrance(config: pytest.Config, where: str | None) -> SettingError | None:
    """Return the error for a run in which nobody can press Enter, or None."""
    if is_distributed(config.option) or hasattr(config, "workerinput"):
        return SettingError(
            "a pause waits for Enter in the terminal, which the workers of xdist do not have",
            where=where,
            remedies=["run with -n0", "set netns_pause = off, and markers do not pause either"],
        )
    try:
        os.close(os.open(_TERMINAL, os.O_RDONLY | os.O_CLOEXEC))
    except OSError as error:
        return SettingError(
            "a pause waits for Enter in the terminal, and this process has none",
            where=where,
            tried=[f"{_TERMINAL}: {error.strerror}"],
            remedies=["run pytest in a terminal", "set netns_pause = off, and markers do not pause either"],
        )
    return None


class Pausing:
    """The plugin with the hooks that pause."""

    def __init__(self, session: NetnsSession) -> None:
        """Take what the hooks use."""
        self._session = session
        self._failed: pytest.TestReport | None = None
        self._is_skipped = False

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Keep the report of a netns test whose setup or call failed."""
        report = yield
        if call.when == "setup":
            self._failed, self._is_skipped = None, report.skipped
        if report.failed and call.when != "teardown" and NAMESPACE in item.stash:
            self._failed = report
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        """Pause while everything is still up."""
        failed, self._failed = self._failed, None
        if NAMESPACE not in item.stash or self._is_skipped or self._session.networks.current is None:
            return  # nothing is up
        is_failed = failed is not None and self._session.settings.pause == _FAILED
        if MISTAKE not in item.stash and (is_failed or PAUSE in own_markers(item)):
            self._pause(item, failed)

    def _pause(self, item: pytest.Item, failed: pytest.TestReport | None) -> None:
        self._session.board.show_accounts(item.stash.get(ACCOUNTS, ()))
        _ask(["", *_failure(failed), *self._lines(item, failed)])

    def _lines(self, item: pytest.Item, failed: pytest.TestReport | None) -> Iterator[str]:
        name, pid = item.stash[NAMESPACE], os.getpid()
        outcome = "failed" if failed is not None else "ended"
        yield f"netns: paused: {item.nodeid} {outcome}, and everything is still up, in process {pid}"
        command = f"netns-mysql shell {shlex.quote(name)} --pid {pid}"
        yield f"netns:   {command}  # a shell in {name}, from another terminal"
        network = self._session.networks.current
        servers = [server for server in self._session.servers.running if server.network is network]
        if servers:
            yield f"netns:   {command} -- mysql  # as {_account(item) or 'the administrator'}"
        for server in servers:
            yield f"netns:   {_title(server)} listens on {_places(server)}"
        yield "netns: press Enter to go on, Ctrl-C to end the run"


def _failure(report: pytest.TestReport | None) -> Iterator[str]:
    """Yield the lines of a failure, which pytest itself shows only when the run has ended."""
    if report is None:
        return
    yield from report.longreprtext.splitlines()
    for title, text in report.sections:
        if not title.startswith("Captured"):
            yield f"{title}:"
            yield from (f"  {line}" for line in text.splitlines())


def _account(item: pytest.Item) -> str:
    from pytest_netns_mysql.live.sessionfacts import accounts_of

    created = item.stash.get(ACCOUNTS, None) or ()
    for account in accounts_of(created, item.stash[NAMESPACE]):
        return f"'{account['user']}'@'{account['host']}'"
    return ""


def _title(server: MySQLServer) -> str:
    from pytest_netns_mysql.mysql.mysqld.kind import title
    from pytest_netns_mysql.mysql.versions import format_version

    return f"{server.name}, {title(server._spec.kind)} {format_version(server.version)},"


def _places(server: MySQLServer) -> str:
    from pytest_netns_mysql.live.places import place

    return ", ".join(place(each.address, each.port, each.namespace) for each in server.endpoints) or "no endpoint"


def _ask(lines: Iterable[str]) -> None:
    """Write lines to the terminal, past pytest's capturing, and wait for Enter.

    At Ctrl-C the run ends, and pytest tears the fixtures down.
    """
    try:
        with _TERMINAL.open("w") as terminal:
            terminal.write("".join(f"{printable(line)}\n" for line in lines))
        with _TERMINAL.open() as terminal:
            _wait_for_line(terminal)
    except KeyboardInterrupt:
        pytest.exit("interrupted during a pause of netns_pause")


def _wait_for_line(terminal: TextIO) -> None:
    """Wait until a line was typed.

    A read that blocks would not be enough. Python runs its handlers of signals between two steps of a program, so a
    Ctrl-C just before the read would wait for Enter, too.
    """
    poll = select.poll()
    poll.register(terminal, select.POLLIN)
    while not poll.poll(_LOOK_UP):
        pass
    terminal.readline()
