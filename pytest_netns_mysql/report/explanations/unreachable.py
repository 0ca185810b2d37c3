"""A client that cannot reach a server: 2002, 2003, 2005, and the errors of sockets."""

from __future__ import annotations

import contextlib
import re
import time
from dataclasses import dataclass, replace
from pathlib import Path

from pytest_netns_mysql import clock
from pytest_netns_mysql.endpoint import GLOBAL, Endpoint
from pytest_netns_mysql.errors import EndpointError, UnknownNamespaceError
from pytest_netns_mysql.kernel.faultlog import Fault
from pytest_netns_mysql.report.explanations.calls import call_of, options_of
from pytest_netns_mysql.report.explanations.context import Context
from pytest_netns_mysql.report.explanations.drivererror import SOME_CLIENT, Failure
from pytest_netns_mysql.report.explanations.loginaccounts import fixture_of
from pytest_netns_mysql.report.reportdata import Explanation

_TARGET = re.compile(r"server on '([^']+?)(?::(\d+))?'")
_SOCKET_FILE = re.compile(r"through socket '([^']+)'")
_ERRNO = re.compile(r"(?:Errno |\()(-?\d+)\b")
_REFUSED, _UNREACHABLE, _NO_ROUTE, _TIMED_OUT = 111, 101, 113, 110
_NAMES = (-2, -3, -5)
_JUST_NOW, _MILLISECOND = 1.0, 0.001  # seconds
_TIMEOUTS = ("timed out", "Timeout of", "timeout")


@dataclass(frozen=True)
class _Reach:
    """Who could not reach what.

    Attributes:
        client: The client's namespace, or ``the client``.
        address: The address or name that it connected to.
        port: The port, or None if it is not known.
        place: The namespace that has the address, or ''.
    """

    client: str
    address: str
    port: int | None
    place: str

    @property
    def target(self) -> str:
        """The address and the port, with the namespace."""
        port = "" if self.port is None else f" port {self.port}"
        return f"{self.address}{port}" + (f" (namespace {self.place})" if self.place else "")


def cannot_connect(failure: Failure, context: Context) -> Explanation | None:
    """Explain 2002, 2003 and 2005, and the error of a socket: no connection came about."""
    if context.network is None:
        return None
    if file := _SOCKET_FILE.search(failure.message):
        return _socket_file(file[1])
    reach = _reach(failure, context)
    number = _errno(failure)
    if number in _NAMES or failure.number == 2005:
        return _unknown_name(reach, failure, context)
    if faults := _faults(number, failure, context, reach):
        return _by_fault(faults[-1], faults, reach, failure)
    if failure.server is not None and not failure.server.is_running:
        return Explanation(
            f"{fixture_of(failure.server)} does not run, so nothing listens at {reach.target}",
            tuple(filter(None, [failure.server.crash or failure.server._describe()])),
            (f"{fixture_of(failure.server)}.restart(), if the test stopped it",),
        )
    if number in (_UNREACHABLE, _NO_ROUTE, _TIMED_OUT) and (changes := _changes(context, reach)):
        return Explanation(
            f"{reach.client} cannot reach {reach.target}: this test changed {changes[0]}",
            tuple(f"it changed as well: {change}" for change in changes[1:3]),
            ("undo the change before you connect: each test begins with the network of its topology",),
        )
    found = _by_errno(number, reach, failure, context)
    elsewhere = [f"in force elsewhere: {each.what}, {since(each)}" for each in faults_between(failure, context)]
    return found and replace(found, details=(*elsewhere, *found.details)[:3])


def _socket_file(file: str) -> Explanation:
    return Explanation(
        f"the client looked for the socket file {file} and did not connect over the network",
        ("a client without a host, or with the host localhost, uses a socket file",),
        ("name the address: --host=192.0.2.2 --protocol=TCP", 'or let netns_argv("mysql", ...) write the command line'),
    )


def _changes(context: Context, reach: _Reach) -> list[str]:
    """Return what the test changed in the network by its own commands, the namespaces of both sides first."""
    sides = (f"{reach.client}:", f"{reach.place}:")
    return sorted(context.changes_of_network(), key=lambda change: not change.startswith(sides))


def _faults(number: int | None, failure: Failure, context: Context, reach: _Reach) -> list[Fault]:
    names = (reach.client, reach.place) if reach.client != SOME_CLIENT else ()
    faults = faults_between(failure, context, *names)
    return [fault for fault in faults if number != _REFUSED or fault.kind == "rejection"]


def _reach(failure: Failure, context: Context) -> _Reach:
    found, attempt = _TARGET.search(failure.message), failure.attempt
    client = attempt.namespace if attempt else failure.namespace
    address, port = (attempt.endpoint.address, attempt.endpoint.port) if attempt else failure.target
    if found and not (attempt and found[1] == address and found[2] is None):
        address, port = found[1], int(found[2]) if found[2] else None
    place = context.namespace_of(address)
    if attempt and failure.server and failure.server._kinds_of(attempt.endpoint):
        place = attempt.endpoint.namespace
    elif address.startswith("127."):
        place = "" if client == SOME_CLIENT else client
    return _Reach(client, address, port, place)


def _errno(failure: Failure) -> int | None:
    if any(text in failure.message for text in _TIMEOUTS) or isinstance(failure.error, TimeoutError):
        return _TIMED_OUT
    if isinstance(failure.error, OSError):
        return failure.error.errno
    found = _ERRNO.search(failure.message)
    return None if found is None else int(found[1])


def faults_between(failure: Failure, context: Context, *names: str) -> list[Fault]:
    """Return the faults that were in force when something failed; a block that caused one may have ended since.

    Args:
        failure: The failure. Without an attempt to connect, faults that ended less than a second ago count.
        context: The network.
        names: The namespaces that the faults must concern, or none for all faults.
    """
    if context.network is None:
        return []
    wanted = {*names} - {"", GLOBAL}  # most links of all namespaces lead to global
    log = context.network.fault_log
    moment = failure.attempt.at if failure.attempt else clock.now() - _JUST_NOW
    ended = [fault for fault in log.healed if (fault.ended or 0) >= max(moment, context.began)]
    if failure.attempt:
        ended = [fault for fault in ended if fault.began <= moment]
    faults = [*ended, *log.in_force]
    return [fault for fault in faults if not names or wanted & {*fault.namespaces}]


def since(fault: Fault) -> str:
    """Return when a fault began, and where, such as ``since 12:00:01, caused at test_shop.py:7``."""
    moment = f"since {time.strftime('%H:%M:%S', time.localtime(fault.began))}"
    return f"{moment}, caused at {_as_pytest_writes(fault.caused_at)}" if fault.caused_at else moment


def _as_pytest_writes(place: str) -> str:
    """Return a file and a line as pytest shows them: ``test_shop.py:7``, relative to the current directory."""
    file, _, line = place.partition(", line ")
    path = Path(file)
    with contextlib.suppress(OSError, ValueError):
        path = path.relative_to(Path.cwd())
    return f"{path}:{line}" if line else str(path)


def _before(seconds: float) -> str:
    """Return a span of time in a unit that fits."""
    if seconds < _MILLISECOND:
        return "less than 1 ms"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _by_fault(fault: Fault, faults: list[Fault], reach: _Reach, failure: Failure) -> Explanation:
    before = f", {_before(failure.attempt.at - fault.began)} before this attempt" if failure.attempt else ""
    others = [f"in force as well: {other.what}, {since(other)}" for other in faults if other is not fault]
    return Explanation(
        f"{reach.client} cannot reach {reach.target}: {fault.what}",
        (f"{since(fault)}{before}", *others[:2]),
        (heal(fault),),
    )


def heal(fault: Fault) -> str:
    """Return what ends a fault."""
    if fault.kind == "link" and fault.namespaces:
        return f'end the fault before you connect: netns.link("{fault.namespaces[0]}").up()'
    if fault.kind in ("partition", "rejection"):
        return "connect after the block `with netns.partition(...)` has ended"
    return "connect after the fault has ended: leave its `with` block first"


def _by_errno(number: int | None, reach: _Reach, failure: Failure, context: Context) -> Explanation | None:
    endpoints = _endpoints(context)
    client = context.namespace if reach.client == SOME_CLIENT else reach.client
    if number == _REFUSED:
        return Explanation(
            f"nothing listens at {reach.target}: the connection from {reach.client} was refused",
            (*_gateway(reach, context), *_listening(endpoints), *_unpublished(context)),
            (_connect_to(reach, failure),),
        )
    if number == _UNREACHABLE:
        return Explanation(
            f"{reach.client} has no route to {reach.target}",
            _listening(endpoints),
            (
                _connect_to(reach, failure),
                "or give the namespace a route in the topology: netns-mysql show draws it",
            ),
        )
    if number == _NO_ROUTE:
        nobody = "a link is down, or a route says unreachable" if reach.place else "no namespace has this address"
        return Explanation(
            f"{reach.client} cannot reach {reach.target}: {nobody}",
            _listening(endpoints),
            (_connect_to(reach, failure),),
        )
    if number == _TIMED_OUT:
        return Explanation(
            f"{reach.target} did not answer {reach.client} in time",
            _listening(endpoints),
            (
                _connect_to(reach, failure),
                f'see where packets go: netns["{client}"].run(["ip", "route", "get", "{reach.address}"])',
            ),
        )
    return None


def _endpoints(context: Context) -> list[Endpoint]:
    return [endpoint for server in context.servers if server.is_running for endpoint in server.endpoints]


def _listening(endpoints: list[Endpoint]) -> tuple[str, ...]:
    if not endpoints:
        return ("no server listens in this network",)
    return (f"the server listens at {', '.join(f'{each} port {each.port}' for each in endpoints[:4])}",)


def _unpublished(context: Context) -> list[str]:
    """Return what the topology says of ports that its compose file publishes, but nobody forwards."""
    notes = () if context.network is None else context.network.topology.notes
    return [note for note in notes if "is not published" in note]


def _connect_to(reach: _Reach, failure: Failure) -> str:
    server = failure.server
    if server is None or not server.is_running:
        return "start a server in this network: netns_mysqld"
    if reach.client == SOME_CLIENT:
        name = next((each.namespace for each in server.endpoints if each.namespace != GLOBAL), GLOBAL)
        return f'connect to an endpoint that the client has a route to, such as {fixture_of(server)}.endpoint("{name}")'
    try:
        near = server.endpoint_for(reach.client)
    except (EndpointError, UnknownNamespaceError):
        no_endpoint = f"no endpoint of {fixture_of(server)} can be reached from {reach.client}"
        return f"{no_endpoint}: add an address to bind_address"
    named = [name for name in ("host", "port") if name in options_of(failure)]
    call = f'{call_of(failure)}("{reach.client}"{", ..." if "." in call_of(failure) else ""})'
    if named:
        return f"leave {' and '.join(f'{name}=' for name in named)} out: {call} goes to {near} port {near.port}"
    return f"connect to {near} port {near.port}: {call} does"


def _gateway(reach: _Reach, context: Context) -> tuple[str, ...]:
    """Return the sentence that says that an address is the gateway of the client, if it is."""
    if context.network is None or reach.client not in context.network or reach.place != GLOBAL:
        return ()
    routes = context.network.topology.plan.routes
    is_gateway = any((route.namespace, str(route.gateway)) == (reach.client, reach.address) for route in routes)
    return (f"{reach.address} is the gateway of {reach.client}, an address of {GLOBAL}",) if is_gateway else ()


def _unknown_name(reach: _Reach, failure: Failure, context: Context) -> Explanation:
    for fault in faults_between(failure, context):
        if fault.kind == "names":
            return _by_fault(fault, [], reach, failure)
    hosts = [] if context.network is None else [name for name, _ in context.network.topology.plan.hosts]
    known = ", ".join(dict.fromkeys(hosts)) or "none but localhost"
    return Explanation(
        f"the host name {reach.address} has no address in the sandbox",
        (f"names that the topology gives: {known}", "the sandbox asks no name server outside"),
        ("connect to an address, or add the name to the topology",),
    )
