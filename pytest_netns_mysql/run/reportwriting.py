"""The report of a run: collected while tests end, in the controller of xdist if there is one, then written."""

from __future__ import annotations

import errno
import importlib.util
import os
import platform
import re
import secrets
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_netns_mysql import clock
from pytest_netns_mysql.errors import SettingError, printable
from pytest_netns_mysql.run.pytestoptions import shows_something
from pytest_netns_mysql.run.stash import SESSION
from pytest_netns_mysql.run.wanted import STEP_SUMMARY

if TYPE_CHECKING:
    from pytest_netns_mysql.report.reportdata import RunReport, TestReport
    from pytest_netns_mysql.settings import Settings

_LARGEST_SUMMARY = 1024 * 1024
"""How much a step of GitHub Actions may write to its summary, in bytes."""
_OVERFLOW = 65534  # the uid shown for ids that a user namespace does not map, see user_namespaces(7)
_PLACE_OF_SERVER = re.compile(r"( at |, ).*")


def check(settings: Settings) -> None:
    """Check that the files of the setting netns_report can be written, before the run begins.

    Raises:
        SettingError: If a file cannot be written, or Jinja2 is missing.
    """
    where = settings.given.get("report")
    for file in settings.report:
        if file.suffix == ".html" and importlib.util.find_spec("jinja2") is None:
            raise SettingError(
                f"netns_report: {file} needs Jinja2, which is not installed",
                where=where,
                remedies=["pip install 'pytest-netns-mysql[report]'", "or write report.json or report.md instead"],
            )
        if (why := _why_not_writable(file)) is not None:
            raise SettingError(
                f"netns_report: {file} cannot be written",
                where=where,
                tried=[why],
                remedies=["name a file in a folder that you can write to"],
            )


def register(config: pytest.Config) -> None:
    """Have the report written at the end of the run, unless this is a worker of xdist, or the run runs no tests."""
    if hasattr(config, "workerinput") or shows_something(config.option):
        return
    files = config.stash[SESSION].settings.report if SESSION in config.stash else ()
    summary = os.environ.get(STEP_SUMMARY)
    config.pluginmanager.register(ReportWriter(files, Path(summary) if summary else None), "netns_report_writer")


class ReportWriter:
    """The hooks that collect the reports of netns tests, which may come from workers, and write them.

    Attributes:
        lines: What the terminal says of the files when all is written.
    """

    def __init__(self, files: Sequence[Path], summary: Path | None) -> None:
        """Collect nothing yet.

        Args:
            files: The files to write.
            summary: The summary of a step of GitHub Actions, to which the report is appended, or None.
        """
        self.lines: list[str] = []
        self._files = files
        self._summary = summary
        self._began = clock.now()
        self._tests: dict[tuple[str, float], list[dict[str, Any]]] = {}
        self._topologies: dict[str, tuple[str, str]] = {}
        self._colours: dict[str, dict[str, str]] = {}
        self._remarks: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect what a phase of a test left."""
        drawing = getattr(report, "netns_drawing", None)
        if drawing is not None:
            self._topologies[drawing["name"]] = drawing["svg"], drawing["mermaid"]
            self._colours[drawing["name"]] = drawing["colours"]
        found = getattr(report, "netns_report", None)
        if str(report.outcome) == "rerun":  # of pytest-rerunfailures
            self._remarks.append(f"{report.nodeid} failed and was run again.")
        elif found is not None:
            self._add(found)
        elif str(report.when) == "???":  # xdist makes up a report for a test during which a worker crashed
            self._remarks.append(" ".join(str(report.longrepr).split()))

    def _add(self, test: dict[str, Any]) -> None:
        """Add the report of a test. A test that failed twice, as in its teardown too, has two reports."""
        phases = self._tests.setdefault((test["nodeid"], test["began"]), [])
        failed = [phase for phase in phases if phase["outcome"] == "failed"]
        if test["outcome"] == "failed" or not failed:
            phases[:] = [*failed, test]

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note that tests are missing because they could not be collected."""
        if report.failed:
            lines = report.longreprtext.splitlines()
            errors = [line.removeprefix("E").strip() for line in lines if line.startswith("E ")] or lines
            self._remarks.append(f"{report.nodeid} could not be collected: {''.join(errors[:1])}.")

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Note that the run was interrupted: by Ctrl-C, by pytest.exit() or by errors at collection."""
        text = " ".join(str(excinfo.value).split())
        reason = text or ("Ctrl-C" if isinstance(excinfo.value, KeyboardInterrupt) else excinfo.typename)
        self._remarks.append(f"The run was interrupted: {reason}.")

    def pytest_internalerror(self, excrepr: object) -> None:
        """Note that the run ended by an error of pytest or of a plugin."""
        last = str(excrepr).strip().splitlines()[-1:]
        self._remarks.append(f"The run ended by an internal error: {''.join(last)}.")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the files when all tests have ended."""
        for stop in (session.shouldfail, session.shouldstop):
            if isinstance(stop, str) and not any(stop in remark for remark in self._remarks):
                self._remarks.append(f"The run was stopped: {stop}.")
        self.write()

    def write(self) -> None:
        """Write the files. What fails is a line for the terminal."""
        if not self._files and (self._summary is None or not self._tests):
            return
        try:
            run = self._run_report()
        except Exception as error:  # noqa: BLE001 - a report never fails a run
            self.lines.append(f"netns report: could not be made: {type(error).__name__}: {error}")
            return
        for file in self._files:
            if self._wrote(_write, file, run):
                self.lines.append(f"netns report: {file}")
        if self._summary is not None and self._tests:
            self._wrote(_append, self._summary, run)

    def _wrote(self, write: Callable[[Path, RunReport], None], file: Path, run: RunReport) -> bool:
        try:
            write(file, run)
        except Exception as error:  # noqa: BLE001 - a report never fails a run
            reason = getattr(error, "strerror", None) or error
            self.lines.append(f"netns report: {file} could not be written: {reason}")
            return False
        return True

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show where the files lie."""
        for line in self.lines:
            terminalreporter.write_line(printable(line), yellow="could not" in line)

    def _run_report(self) -> RunReport:
        import msgspec

        from pytest_netns_mysql.report.reportdata import RunReport, TestReport

        tests = tuple(msgspec.convert(phase, TestReport) for phases in self._tests.values() for phase in phases)
        return RunReport(
            tests,
            self._topologies,
            self._began,
            clock.now() - self._began,
            _versions(tests),
            self._colours,
            tuple(self._remarks),
        )


def _versions(tests: Sequence[TestReport]) -> dict[str, str]:
    """Return the versions of a run; of several servers with one name, as in a matrix, all of them."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"Python": platform.python_version(), "pytest": pytest.__version__}
    try:
        found["pytest-netns-mysql"] = version("pytest-netns-mysql")
    except PackageNotFoundError:  # a checkout that is not installed
        found["pytest-netns-mysql"] = "not installed"
    servers: dict[str, dict[str, None]] = {}
    for test in tests:
        for server in test.place.servers:
            name, _, product = server.partition(": ")
            servers.setdefault(name, {})[_PLACE_OF_SERVER.sub("", product)] = None
    return found | {name: " and ".join(products) for name, products in servers.items()}


def _text(suffix: str, run: RunReport) -> str:
    if suffix == ".html":
        from pytest_netns_mysql.report import htmlpage

        return htmlpage.page(run)
    if suffix == ".json":
        from pytest_netns_mysql.report import jsonfile

        return jsonfile.dump(run)
    from pytest_netns_mysql.report import markdown

    return markdown.write(run)


def _write(file: Path, run: RunReport) -> None:
    """Write a file whole or not at all."""
    text = _text(file.suffix, run)
    _refuse_strange_link(file)
    target = Path(os.path.realpath(file))  # not the link itself, if the file is one
    target.parent.mkdir(parents=True, exist_ok=True)
    # A name that nobody can guess: in /tmp another user could have made a link of that name, which would be followed.
    unfinished = target.with_name(f".{secrets.token_hex(8)}.unfinished")
    try:
        with unfinished.open("x", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(text)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def _refuse_strange_link(file: Path) -> None:
    """Raise PermissionError for a link that another user made in a folder such as /tmp.

    The kernel refuses to follow such links where fs.protected_symlinks is 1, see proc_sys_fs(5). Here they are refused
    wherever they are, because the report would replace a file that the other user chose.
    """
    try:
        folder, link = file.parent.stat(), file.lstat()
    except OSError:
        return  # there is no file yet
    is_everybodys = folder.st_mode & stat.S_ISVTX and folder.st_mode & stat.S_IWOTH
    # In a user namespace root and all other users are shown as nobody.
    is_of_its_owner = link.st_uid == folder.st_uid and link.st_uid != _OVERFLOW
    if stat.S_ISLNK(link.st_mode) and is_everybodys and not (link.st_uid == os.geteuid() or is_of_its_owner):
        raise PermissionError(errno.EACCES, f"it is a link that another user made (uid {link.st_uid})")


def _append(file: Path, run: RunReport) -> None:
    from pytest_netns_mysql.report import markdown

    with file.open("a", encoding="utf-8", errors="backslashreplace") as summary:
        summary.write(markdown.write(run, _LARGEST_SUMMARY - summary.tell()))


def _why_not_writable(file: Path) -> str | None:
    """Return why a file cannot be written, or None; nothing is left behind."""
    import tempfile

    folder = next(folder for folder in file.parents if os.path.lexists(folder))
    try:
        if not folder.is_dir():
            return f"{folder} is not a folder"
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return f"{folder}: {error.strerror or error}"
