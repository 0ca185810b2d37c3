"""The timeline of a test: its steps, connections, statements, the servers' messages and faults, in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pytest_netns_mysql.mysql.mysqld.errorlog import time_of, without_time
from pytest_netns_mysql.report.reportdata import Connection, Event, FaultState, Statement


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
    for connection in connections:
        result = f"error {connection.errno}" if connection.errno else connection.error or "connected"
        place = f"{connection.endpoint}, port {connection.port}"
        text = f"{connection.user} from {connection.namespace} to {place}: {result}"
        yield Event(connection.at, "connection", text, connection.server)


def _statements(statements: Iterable[Statement]) -> Iterator[Event]:
    for statement in statements:
        if statement.at is not None:
            error = f" ({statement.error})" if statement.error else ""
            text = f"{statement.account}: {' '.join(statement.text.split())}{error}"
            yield Event(statement.at, "statement", text, statement.server)


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
