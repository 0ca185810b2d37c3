"""The report of a failed test as the terminal shows it: short, and one line for each part that has nothing to say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pytest_netns_mysql.errors import printable
from pytest_netns_mysql.report.connections import shown
from pytest_netns_mysql.report.pagetexts import clock, outside
from pytest_netns_mysql.report.reportdata import FIXTURE, Connection, Explanation, TestReport

WIDTH = 11
_LONGEST = 240  # characters of a line
_MOST_LOG, _MOST_STATEMENTS, _MOST_CLIENTS, _MOST_ROUTES, _MOST_EVENTS, _MOST_EARLIER = 5, 3, 3, 3, 4, 2
_CRASH = " got signal "
# What drivers send by themselves when they connect.
_OF_DRIVERS = ("SET NAMES", "SET @@SESSION.", "SET AUTOCOMMIT", "SET CHARACTER_SET")


def lines(report: TestReport) -> list[str]:
    """Return the lines of a report, in its order; each begins with the name of its part, or with blanks."""
    parts: list[tuple[str, Iterable[str], str]] = [
        ("ran", _place(report), ""),
        ("because", _explanation(report.explanation), "no rule of the server or of the network explains this failure"),
        ("logged", _log(report), "nothing during this test"),
        ("statements", _statements(report), "none of a connection that is still open; --netns-general-log=on has all"),
        ("connected", _clients(report), "nobody"),
        ("listening", _sockets(report), "not known"),
        ("network", _network(report), "not known"),
        ("faults", _faults(report), "none"),
        ("timeline", _timeline(report), "empty"),
        ("files", [f"{what}: {path}" for what, path in report.files.items()], "none"),
    ]
    if not report.place.topology:  # no network was built, so there is nothing to say of one
        parts = [part for part in parts[:2] if part[0] == "ran" or report.explanation is not None]
    return [line for name, texts, otherwise in parts for line in _part(name, list(texts) or [otherwise])]


def _part(name: str, texts: Sequence[str]) -> Iterator[str]:
    for number, text in enumerate(texts):
        yield f"{'' if number else name:<{WIDTH}}{_cut(text)}"


def _place(report: TestReport) -> Iterator[str]:
    place = report.place
    addresses = outside(place.addresses)
    where = f" ({', '.join(addresses)})" if addresses else ""
    if not place.topology:
        yield f"in {place.namespace}, no network was built"
        return
    yield f"in {place.namespace}{where}, topology {place.topology} ({place.source})"
    for server in place.servers:
        yield from server.splitlines()  # a replica has a line for each channel
    yield from _connections(report.connections)


def _connections(connections: Sequence[Connection]) -> Iterator[str]:
    """Yield the connection whose error ended the test, else the last one."""
    found = shown(connections)
    if found is not None:
        origin = f" ({found.origin})" if found.origin else ""
        account = f" as {found.account}" if found.account else ""
        tls = {"yes": " with TLS", "no": " without TLS"}.get(found.tls, "")
        failure = f"error {found.errno}" if found.errno else found.error  # the text stands in the traceback
        place = f"{found.namespace}{origin} to {found.endpoint}, port {found.port}{tls}"
        yield f"{found.user} from {place}: {failure or f'connected{account}'}"


def _explanation(explanation: Explanation | None) -> Iterator[str]:
    if explanation is not None:
        yield explanation.what
        yield from explanation.details
        yield from (f"do: {remedy}" for remedy in explanation.remedies)


def _log(report: TestReport) -> Iterator[str]:
    for server, logged in report.log.items():
        told = logged[-_MOST_LOG:]
        crash = next((number for number, line in enumerate(logged) if _CRASH in line), None)
        if crash is not None:  # what matters comes first, and the last lines of a stack trace say nothing
            told = logged[crash : crash + _MOST_LOG]
        if len(logged) > _MOST_LOG:
            yield f"{server}: {_MOST_LOG} of {len(logged)} lines"
        yield from (f"{server}: {line}" for line in told)


def _statements(report: TestReport) -> Iterator[str]:
    told = [statement for statement in report.statements if not statement.text.upper().startswith(_OF_DRIVERS)]
    for statement in told[-_MOST_STATEMENTS:]:
        number = "" if statement.connection is None else f"{statement.connection}: "
        error = f" ({statement.error})" if statement.error else ""
        yield f"{number}{statement.account} ran {_one_line(statement.text)}{error}"


def _clients(report: TestReport) -> Iterator[str]:
    for client in report.clients[:_MOST_CLIENTS]:
        where = f" ({client.namespace})" if client.namespace else ""
        yield f"{client.number}: {client.user} from {client.host}{where}, {_one_line(client.state)}"
    if len(report.clients) > _MOST_CLIENTS:
        yield f"and {len(report.clients) - _MOST_CLIENTS} more"


def _sockets(report: TestReport) -> Iterator[str]:
    if report.namespaces:
        yield "; ".join(f"{state.name}: {', '.join(state.sockets) or 'nothing'}" for state in report.namespaces)


def _network(report: TestReport) -> Iterator[str]:
    for state in report.namespaces:
        routes = [*state.routes[:_MOST_ROUTES], *(["..."] if len(state.routes) > _MOST_ROUTES else [])]
        yield f"{state.name}: {'; '.join([*state.addresses, *routes]) or 'no link'}"


def _faults(report: TestReport) -> Iterator[str]:
    own = [fault for fault in report.faults if fault.ended is None or fault.ended >= report.began]
    for fault in own:
        since = f"{fault.what}, since {clock(fault.began)}{f', in {fault.test}' if fault.test else ''}"
        if fault.ended is None:
            yield f"in force: {since}"
        else:
            by = f" by {fault.healed_by}" if fault.healed_by else ""
            yield f"healed{by} at {clock(fault.ended)}: {since}"
    yield from (f"changed: {line}" for line in report.changes)
    earlier = [fault for fault in report.faults if fault not in own][-_MOST_EARLIER:]
    if earlier:
        healed = "; ".join(f"{fault.what} ({fault.test or 'an earlier test'})" for fault in earlier)
        yield f"{'' if own or report.changes else 'none; '}healed before this test: {healed}"


def _timeline(report: TestReport) -> Iterator[str]:
    # Statements and messages have parts of their own, and there are many fixtures.
    told = [
        event
        for event in report.timeline
        if event.kind not in ("statement", "log") and not event.text.startswith((FIXTURE, "setup begins"))
    ]
    left_out = len(told) - _MOST_EVENTS
    for number, event in enumerate(told[-_MOST_EVENTS:]):
        more = f", after {left_out} more" if left_out > 0 and not number else ""
        yield f"{event.at - report.began:+.3f} s  {_one_line(event.text)}{more}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _cut(text: str) -> str:
    text = printable(text)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
