"""The reports of failed netns tests, and lines about the servers of a run."""

from __future__ import annotations

import contextlib
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_netns_mysql import clock
from pytest_netns_mysql.errors import NetnsError, printable
from pytest_netns_mysql.run import pytest_internals
from pytest_netns_mysql.run.stash import CAPTURE_FILE, NAMESPACE

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.report.collect import FailedTest
    from pytest_netns_mysql.report.reportdata import Event, Explanation
    from pytest_netns_mysql.run.cleaning import Cleaner
    from pytest_netns_mysql.run.session import NetnsSession

_REMEMBERED_TESTS = 10_000
_MOST_PACKETS = 50
ORDER = (
    "netns: without root, netns tests run after all others; the order that a plugin or an option gave is kept "
    "among the netns tests, and among the others"
)
"""The note on a run that was given another order than netns tests last."""


class Reports:
    """The reports of the failed netns tests of a run. A test that passes costs a few numbers."""

    def __init__(self, session: NetnsSession, cleaner: Cleaner) -> None:
        """Begin before the first test.

        Args:
            session: The networks and servers of the run.
            cleaner: What knows the changes that tests made.
        """
        self._session = session
        self._cleaner = cleaner
        self._phases: list[tuple[str, float, float]] = []
        self._fixtures: list[tuple[str, float]] = []
        self._tests: deque[tuple[float, str]] = deque(maxlen=_REMEMBERED_TESTS)
        self._began = 0.0

    def start_test(self, item: pytest.Item, began: float) -> None:
        """Note the start of a netns test.

        Args:
            item: The test.
            began: In seconds since the epoch.
        """
        self._began = began
        self._phases.clear()
        self._fixtures.clear()
        self._tests.append((began, item.nodeid))

    def note_fixture(self, name: str) -> None:
        """Note that a fixture is set up now."""
        self._fixtures.append((name, clock.now()))

    def note(self, call: pytest.CallInfo[None]) -> None:
        """Note that a phase of the test has ended."""
        now = clock.now()
        before = self._phases[-1][2] if self._phases else self._began
        # pytest's own times are wrong if the test has frozen the clock.
        start = call.start if before <= call.start <= now else before
        stop = call.stop if start <= call.stop <= now else now
        self._phases.append((call.when, start, stop))

    def attach(self, result: pytest.TestReport, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        """Add the report of a failed test to pytest's: a section for the terminal, and all of it as plain data.

        Args:
            result: pytest's report.
            item: The test.
            call: The phase that failed.
        """
        try:
            self._attach(result, item, call)
        except Exception as error:  # noqa: BLE001 - a report never fails a run
            reason = f"{type(error).__name__}: {_first_line(error)}"
            result.sections.insert(0, ("netns", f"the report of this test could not be made: {reason}"))

    def _attach(self, result: pytest.TestReport, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        from pytest_netns_mysql.report.collect import collect
        from pytest_netns_mysql.report.jsonfile import as_plain_data
        from pytest_netns_mysql.report.terminal import lines

        test = self._failed_test(result, item, call)
        report = collect(test, lambda: self._explain(test, item))
        added = self._session.hooks.report_sections(item, report, test.network, self._session.servers.running)
        report = replace(report, sections=added)
        sections = [("netns", "\n".join([*self._machine(call), *lines(report)]))]
        if test.network is not None:
            sections += [("netns packets", text) for text in _packets(test.network, test.began)]
        sections += [(f"netns: {printable(section.title)}", section.text) for section in added]
        result.sections[:0] = sections  # before what the test printed
        result.netns_report = as_plain_data(report)  # type: ignore[attr-defined]

    def _machine(self, call: pytest.CallInfo[None]) -> Iterator[str]:
        """Yield the machine of this worker, if it is not the controller's."""
        from pytest_netns_mysql.report.terminal import WIDTH

        machine = self._session.machine
        if machine is not None:
            is_ours = call.excinfo is not None and isinstance(call.excinfo.value, NetnsError)
            advice = ": do there what the error says; `netns-mysql doctor` there tells more" if is_ours else ""
            yield f"{'on':<{WIDTH}}{machine}{advice}"

    def _failed_test(self, result: pytest.TestReport, item: pytest.Item, call: pytest.CallInfo[None]) -> FailedTest:
        from pytest_netns_mysql.report.collect import FailedTest

        network = self._session.networks.current
        error = None if call.excinfo is None else call.excinfo.value
        return FailedTest(
            nodeid=item.nodeid,
            namespace=item.stash[NAMESPACE],
            network=network,
            servers=[server for server in self._session.servers.running if server.network is network],
            phase=call.when,
            began=self._began,
            ended=self._phases[-1][2] if self._phases else clock.now(),
            error=error,
            summary="" if error is None else f"{type(error).__name__}: {_first_line(error)}",
            traceback=result.longreprtext,
            steps=list(self._steps(error)),
            files={"packets": str(item.stash[CAPTURE_FILE])} if CAPTURE_FILE in item.stash else {},
            test_at=self._test_at,
            changes=self._cleaner.changes_of_network,
        )

    def _explain(self, test: FailedTest, item: pytest.Item) -> Explanation | None:
        """Return the explanation of the error of a failed test, or None. A report never fails a run."""
        if test.error is None:
            return None
        from pytest_netns_mysql.report.explanations.context import Context
        from pytest_netns_mysql.report.explanations.errornumbers import explain
        from pytest_netns_mysql.report.reportdata import Explanation
        from pytest_netns_mysql.run.leftovers import mode_of

        context = Context(
            test.network,
            test.servers,
            test.namespace,
            test.began,
            put_away=self._cleaner.put_away,
            leftovers=mode_of(item, self._session.settings.leftovers),
            changes_of_network=self._cleaner.changes_of_network,
        )
        try:
            return explain(test.error, context)
        except Exception as error:  # noqa: BLE001 - such as an error of a server that goes down meanwhile
            return Explanation(f"not known: the explanation failed with {type(error).__name__}: {_first_line(error)}")

    def _steps(self, error: BaseException | None) -> list[Event]:
        from pytest_netns_mysql.report.reportdata import FIXTURE, Event

        steps = [Event(start, "step", f"{phase} begins") for phase, start, _ in self._phases]
        steps += [Event(at, "step", f"{FIXTURE}{name}") for name, at in self._fixtures if not name.startswith("_")]
        if self._phases:
            phase, _, stop = self._phases[-1]
            failed = "" if error is None else f": {type(error).__name__}"
            steps.append(Event(stop, "failure", f"{phase} failed{failed}"))
        return steps

    def _test_at(self, moment: float) -> str:
        """Return the test that ran at a moment, in seconds since the epoch, or ''."""
        tests = list(self._tests)
        number = bisect_right(tests, moment, key=lambda test: test[0])
        return tests[number - 1][1] if number else ""


def _first_line(error: BaseException) -> str:
    return printable(next(iter(str(error).splitlines()), ""))


def hint_outside(fixture: pytest.FixtureDef[Any]) -> str:
    """Return a hint for a fixture of a wider scope that failed, perhaps because it ran outside of all namespaces."""
    return (
        f"the {fixture.scope}-scoped fixture {pytest_internals.name_of(fixture)} runs outside of all namespaces, where "
        'no endpoint can be reached: connect inside `with netns["red"]:` or with netns_mysqld.connect(namespace="red", '
        "...), or make the fixture function-scoped"
    )


def about_run(session: NetnsSession, items: Sequence[pytest.Item], *, is_verbose: bool) -> list[str]:
    """Return the lines about a run that follow the collection.

    Args:
        session: The networks and servers of the run.
        items: Its tests.
        is_verbose: Whether to return what only some users want to know, too.
    """
    needs_server = any("_netns_servers" in pytest_internals.fixture_names(item) for item in items)
    return [
        *(servers(session) if needs_server else ()),
        *session.hooks.describe(),
        *(notes(session) if is_verbose else ()),
        *([ORDER] if session.breaks_order else ()),
    ]


def servers(session: NetnsSession) -> list[str]:
    """Return a line for each server of the settings. Nothing is fetched: some may not be on this machine yet."""
    from pytest_netns_mysql.mysql.kinds.provenance import provenance

    topologies = [topology for topology in session.topologies.read if topology.mysqld.image is not None]
    others = [session.server_over(topology, choice) for topology in topologies for choice in session.kinds.names]
    lines = []
    for choice in dict.fromkeys([*session.kinds.names, *others]):
        kind = session.kinds.if_known(choice)
        lines.append(f"netns: {choice} is {'not on this machine yet' if kind is None else provenance(kind)}")
    for topology in topologies:
        choices = " and ".join(session.server_over(topology, choice) for choice in session.kinds.names)
        lines.append(
            f"netns: {topology.name} is written for the image {topology.mysqld.image}, and its tests run on {choices}"
        )
    return lines


def notes(session: NetnsSession) -> list[str]:
    """Return a line for each note on the topologies of the run: what of a compose file was not used."""
    return [f"netns: {topology.name}: {note}" for topology in session.topologies.read for note in topology.notes]


def _packets(network: Network, since: float) -> Iterator[str]:
    """Yield a text for each capture of the test whose packets are still in a variable."""
    for packets in network._captures_since(since):
        with contextlib.suppress(NetnsError):  # such as a socket that the test closed
            first, *lines = str(packets).splitlines()
            more = [f"  and {len(lines) - _MOST_PACKETS} more"] if len(lines) > _MOST_PACKETS else []
            yield "\n".join(map(printable, [f"netns.capture(): {first}", *lines[:_MOST_PACKETS], *more]))
