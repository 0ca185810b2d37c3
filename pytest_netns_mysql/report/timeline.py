"""The timeline of a test: its steps, connections, statements, the servers' messages and faults, in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pytest_netns_mysql.mysql.mysqld.errorlog import time_of, without_time
from pytest_netns_mysql.report.model import Connection, Event, FaultState, Statement


def timeline(
    steps: Iterable[Event],
    connections: Iterable[Connection],
    statements: Iterable[Statement],
    log: Mapping[str, Sequence[str]],
    faults: Iterable[FaultState],
) -> tuple[Event, ...]:
    """Return all events in the order of their times.

    Args:
        steps: The test's own steps, and its failure.
        connections: The attempts to connect.
        statements: The last statements of clients.
        log: The lines of each server's error log.
        faults: The faults of the network.
    """
    events = [*steps, *_connections(connections), *_statements(statements), *_log(log), *_faults(faults)]
    return tuple(sorted(events, key=lambda event: event.at))


def _connections(connections: Iterable[Connection]) -> Iterator[Event]:
    for one in connections:
        result = f"error {one.errno}" if one.errno else one.error or "connected"
        text = f"{one.user} from {one.namespace} to {one.endpoint}, port {one.port}: {result}"
        yield Event(one.at, "connection", text, one.server)


def _statements(statements: Iterable[Statement]) -> Iterator[Event]:
    for one in statements:
        if one.at is not None:
            text = f"{one.account}: {' '.join(one.text.split())}"
            yield Event(one.at, "statement", f"{text} ({one.error})" if one.error else text, one.server)


def _log(log: Mapping[str, Sequence[str]]) -> Iterator[Event]:
    for server, lines in log.items():
        for line in lines:
            moment = time_of(line)
            if moment is not None:
                yield Event(moment.timestamp(), "log", without_time(line), server)


def _faults(faults: Iterable[FaultState]) -> Iterator[Event]:
    for fault in faults:
        yield Event(fault.began, "fault", fault.what)
        if fault.ended is not None:
            by = f" by {fault.healed_by}" if fault.healed_by else ""
            yield Event(fault.ended, "fault", f"healed{by}: {fault.what}")
