"""The report of a failed netns test, collected while its networks and servers are still up."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from pytest_netns_mysql.errors import NetnsError
from pytest_netns_mysql.mysql.mysqld.errorlog import ErrorLog
from pytest_netns_mysql.report.connections import connections, with_account
from pytest_netns_mysql.report.reportdata import (
    ERROR_EXPLAINS_ITSELF,
    Client,
    Connection,
    Event,
    Explanation,
    FaultState,
    NamespaceState,
    Statement,
    TestReport,
)
from pytest_netns_mysql.report.testplace import place
from pytest_netns_mysql.report.timeline import timeline

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

_MAX_LOG_LINES = 200
_OWN_PROBE = "user: 'unauthenticated' host: 'localhost'"  # MariaDB's message when this plugin tries its private socket
_T = TypeVar("_T")


@dataclass(frozen=True)
class FailedTest:
    """What the run knows of a failed test.

    Attributes:
        nodeid: The test, as pytest names it.
        namespace: The test's namespace.
        network: The network that the test ran in, or None if none was built.
        servers: The servers in that network.
        phase: ``setup``, ``call`` or ``teardown``: where it failed.
        began: When the test began, in seconds since the epoch.
        ended: When it failed, in seconds since the epoch.
        error: The exception that ended the test, or None for a failure without one.
        summary: The error in one line.
        traceback: The text that pytest shows of the failure.
        steps: The steps of the test until now.
        files: Where more files lie, by what they are.
        test_at: Returns the test that ran at a moment, in seconds since the epoch, or ''.
        changes: Returns what the test has changed in the network, as lines for a person.
    """

    nodeid: str
    namespace: str
    network: Network | None
    servers: Sequence[Instance]
    phase: str
    began: float
    ended: float
    error: BaseException | None
    summary: str
    traceback: str = ""
    steps: Sequence[Event] = ()
    files: dict[str, str] = field(default_factory=dict)
    test_at: Callable[[float], str] = lambda _moment: ""
    changes: Callable[[], Sequence[str]] = tuple


def collect(test: FailedTest, explain: Callable[[], Explanation | None] = lambda: None) -> TestReport:
    """Return the report of a failed test. What cannot be read, such as the connections of a dead server, is left out.

    Args:
        test: The test.
        explain: Returns the explanation of the error, or None. It is called before anything else asks the servers.
    """
    explanation = explain()
    if explanation is None and isinstance(test.error, NetnsError):
        explanation = Explanation(ERROR_EXPLAINS_ITSELF)
    attempts = connections(test.servers, test.began, test.error)
    attempts = _read(partial(with_account, attempts, test.servers)) or attempts
    log = {server.name: lines for server in test.servers if (lines := _read(partial(_logged, server, test.began)))}
    last = tuple(each for server in test.servers for each in _read(partial(_statements, server, test.began)))
    faults = _faults(test)
    during = [fault for fault in faults if fault.ended is None or fault.ended >= test.began]
    return TestReport(
        nodeid=test.nodeid,
        outcome="failed",
        phase=test.phase,
        began=test.began,
        duration=test.ended - test.began,
        place=place(test.namespace, test.network, test.servers),
        error=test.summary,
        traceback=test.traceback,
        explanation=explanation,
        log=log,
        statements=last,
        clients=_clients(test),
        connections=attempts,
        namespaces=_namespaces(test, attempts, faults),
        faults=faults,
        changes=_changes(test, faults),
        timeline=timeline([*test.steps, *_lifecycle(test)], attempts, last, log, during),
        files=_files(test),
    )


def _lifecycle(test: FailedTest) -> Iterator[Event]:
    for server in test.servers:
        for at, what in server._lifecycle:
            if at >= test.began:
                yield Event(at, "step", f"{server.name} is {what}", server.name)


def _read(read: Callable[[], Iterable[_T]]) -> tuple[_T, ...]:
    """Return what can be read; nothing if a server or the kernel does not answer."""
    import mysql.connector

    with contextlib.suppress(NetnsError, mysql.connector.Error, OSError, LookupError, ValueError):
        return tuple(read())
    return ()


def _logged(server: Instance, since: float) -> tuple[str, ...]:
    lines = ErrorLog(server.error_log).after_starts.since(datetime.fromtimestamp(since, timezone.utc))
    return tuple(line for line in lines if _OWN_PROBE not in line)[-_MAX_LOG_LINES:]


def _statements(server: Instance, since: float) -> Iterable[Statement]:
    from pytest_netns_mysql.report.statements import statements

    return statements(server, since) if server.is_running else ()


def _clients(test: FailedTest) -> tuple[Client, ...]:
    from pytest_netns_mysql.report.openconnections import clients

    owners: dict[str, str] = {}
    if test.network is not None:
        for name, interfaces in test.network.topology.addresses.items():
            owners.update({str(interface.ip): name for interface in interfaces if not interface.is_loopback})
    running = [server for server in test.servers if server.is_running]
    return tuple(each for server in running for each in _read(partial(clients, server, owners)))


def _namespaces(
    test: FailedTest, attempts: Iterable[Connection], faults: Iterable[FaultState]
) -> tuple[NamespaceState, ...]:
    from pytest_netns_mysql.report.namespaces import namespace_states

    network = test.network
    if network is None:
        return ()
    names = {test.namespace}
    for attempt in attempts:
        names |= {attempt.namespace, attempt.endpoint.partition("/")[2] or "global"}
    for fault in faults:
        if fault.ended is None:
            names |= set(fault.namespaces)
    return _read(lambda: namespace_states(network, names))


def _faults(test: FailedTest) -> tuple[FaultState, ...]:
    if test.network is None:
        return ()
    log = test.network.fault_log
    return tuple(
        FaultState(fault.what, fault.namespaces, fault.began, fault.ended, fault.healed_by, _earlier(test, fault.began))
        for fault in sorted([*log.healed, *log.in_force], key=lambda fault: fault.began)
    )


def _changes(test: FailedTest, faults: Iterable[FaultState]) -> tuple[str, ...]:
    """Return what the test changed in the network by other means than faults, whose own changes are among the lines."""
    if any(fault.ended is None for fault in faults):
        return ()
    return _read(test.changes)


def _earlier(test: FailedTest, moment: float) -> str:
    return "" if moment >= test.began else test.test_at(moment)


def _files(test: FailedTest) -> dict[str, str]:
    found = {f"data directory of {server.name}": str(server.datadir) for server in test.servers}
    return {**test.files, **found}
