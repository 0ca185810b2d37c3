"""What netns tests add to other reports: properties for JUnit, extras for pytest-html, drawings for our own."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, cast

import pytest

from pytest_netns_mysql import clock
from pytest_netns_mysql.errors import NetnsError, printable
from pytest_netns_mysql.run.stash import CAPTURE_FILE, NAMESPACE, SESSION, TOPOLOGY_IN_FORCE
from pytest_netns_mysql.run.wanted import writes_report

if TYPE_CHECKING:
    from pytest_netns_mysql.report.reportdata import TestReport
    from pytest_netns_mysql.topology.topology import Topology

_PROPERTIES = tuple(f"netns.{name}" for name in ("namespace", "topology", "server", "origin", "explanation"))


class ReportExtras:
    """The hooks that add to pytest's reports what others take from them, in each process that runs tests."""

    def __init__(self, config: pytest.Config) -> None:
        """Draw nothing yet.

        Args:
            config: The configuration of the run.
        """
        self._config = config
        self._drawn: dict[str, Topology] = {}
        self._colours: dict[str, dict[str, str]] = {}
        self._draws = writes_report(config)
        self._began = 0.0
        self._short: dict[str, Any] | None = None
        self._has_html = bool(getattr(config.option, "htmlpath", None))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self) -> Generator[None, None, None]:
        """Note when a test begins, by a clock that no test can freeze."""
        self._began, self._short = clock.now(), None
        yield

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Add to the report of a netns test. This is after all other plugins have added to it."""
        result = yield
        if NAMESPACE in item.stash:
            try:
                self._add(result, item)
            except Exception as error:  # noqa: BLE001 - a report never fails a run
                text = f"the report of this test could not be made: {type(error).__name__}: {printable(str(error))}"
                result.sections.append(("netns report", text))
        return result

    def _add(self, result: pytest.TestReport, item: pytest.Item) -> None:
        if not hasattr(result, "netns_report"):
            self._add_short_report(result, item)
        found: dict[str, Any] | None = getattr(result, "netns_report", None)
        if found is None:
            return
        import msgspec

        from pytest_netns_mysql.report.reportdata import TestReport as Report

        report = msgspec.convert(found, Report)
        drawing = self._drawing(item)
        if drawing is not None and self._draws:
            result.netns_drawing = drawing  # type: ignore[attr-defined] # the controller of xdist gets it, too
        # JUnit's file has the properties of the report of the teardown, which pytest makes of those of the test.
        for properties in (result.user_properties, item.user_properties):
            properties[:] = [pair for pair in properties if pair[0] not in _PROPERTIES] + _properties(report)
        if self._has_html:
            extras = _extras(report, self._colours)
            result.extras = [*getattr(result, "extras", ()), *extras]  # type: ignore[attr-defined]

    def _add_short_report(self, result: pytest.TestReport, item: pytest.Item) -> None:
        """Add the report of a test that passed or was skipped; once more if its packets are written when it is over."""
        if result.when == "teardown":
            if self._short is not None and not result.failed and CAPTURE_FILE in item.stash:
                files = {"packets": str(item.stash[CAPTURE_FILE])}
                result.netns_report = {**self._short, "files": files}  # type: ignore[attr-defined]
        elif not result.failed and (result.when == "call" or result.skipped):
            self._short = result.netns_report = self._short_report(result, item)  # type: ignore[attr-defined]

    def _short_report(self, result: pytest.TestReport, item: pytest.Item) -> dict[str, Any]:
        import msgspec

        from pytest_netns_mysql.report.connections import connections
        from pytest_netns_mysql.report.reportdata import TestReport as Report
        from pytest_netns_mysql.report.testplace import place

        session = self._config.stash[SESSION]
        network = session.networks.current
        servers = [server for server in session.servers.running if server.network is network]
        report = Report(
            nodeid=item.nodeid,
            outcome=result.outcome,
            phase=result.when,
            began=self._began,
            duration=clock.now() - self._began,
            place=place(item.stash[NAMESPACE], network, servers),
            error=_reason(result),
            connections=connections(servers, self._began, None),
        )
        return cast("dict[str, Any]", msgspec.to_builtins(report))

    def _drawing(self, item: pytest.Item) -> dict[str, Any] | None:
        """Return the drawing of the topology of a test, the first time that a test of this process ran over it."""
        network = self._config.stash[SESSION].networks.current
        topology = item.stash.get(TOPOLOGY_IN_FORCE, None) if network is None else network.topology
        if topology is None or topology in self._drawn.values():
            return None
        name = topology.name if topology.name not in self._drawn else f"{topology.name} ({topology.source})"
        self._drawn[name] = topology
        from pytest_netns_mysql.topology.diagram import draw
        from pytest_netns_mysql.topology.diagram.graph import graph
        from pytest_netns_mysql.topology.diagram.tones import tones

        try:
            self._colours[name] = dict(tones(graph(topology.plan).namespaces))
            svg, mermaid = draw(topology, "svg"), draw(topology, "mermaid")
        except NetnsError:  # the topology has faults, with which the test fails
            return None
        return {"name": name, "svg": svg, "mermaid": mermaid, "colours": self._colours[name]}


def _reason(result: pytest.TestReport) -> str:
    """Return why a test was skipped, or was expected to fail."""
    if result.skipped and hasattr(result, "wasxfail"):
        return f"expected to fail: {result.wasxfail}"
    return result.longrepr[2] if isinstance(result.longrepr, tuple) else ""


def _properties(report: TestReport) -> list[tuple[str, object]]:
    from pytest_netns_mysql.report.pagetexts import origin

    place, explanation = report.place, "" if report.explanation is None else report.explanation.what
    values = (place.namespace, place.topology, "; ".join(place.servers), origin(report), explanation)
    return [(name, value) for name, value in zip(_PROPERTIES, values, strict=True) if value]


def _extras(report: TestReport, colours: dict[str, dict[str, str]]) -> list[dict[str, Any]]:
    """Return what pytest-html shows beside a test."""
    from pytest_html import extras

    from pytest_netns_mysql.report import htmlpage, jsonfile

    found = [extras.html(htmlpage.part(report, colours)), extras.json(jsonfile.dump(report), "netns report")]
    if report.explanation is not None:
        why = report.explanation
        remedies = [f"would have made it succeed: {line}" for line in why.remedies]
        found.append(extras.text("\n".join([why.what, *why.details, *remedies]), "netns explanation"))
    return found
