"""The report of one netns test as plain data: what the terminal, JSON, HTML and Markdown show."""

from __future__ import annotations

from dataclasses import dataclass, field

ERROR_EXPLAINS_ITSELF = "the error itself says what is wrong, and what to do"
"""The explanation of an error of this plugin."""
FIXTURE = "fixture "
"""How the text of an event begins that is the setup of a fixture."""


@dataclass(frozen=True)
class Explanation:
    """Why a test failed, in words.

    Attributes:
        what: What happened, in one sentence.
        details: The accounts, grants, links or schemas that mattered, one line for each.
        remedies: What would have made the test succeed, the best first, one line for each.
    """

    what: str
    details: tuple[str, ...] = ()
    remedies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Place:
    """Where a test ran.

    Attributes:
        namespace: The test's namespace.
        addresses: The addresses of the namespace, in CIDR notation.
        topology: The name of the topology.
        source: The preset or file that the topology comes from.
        servers: For each server the name, product and version, endpoints and state, such as
            ``mysqld: MySQL 9.7.4 at 192.0.2.2/red, pid 4711``. A replica has a line for each channel.
    """

    namespace: str
    addresses: tuple[str, ...]
    topology: str
    source: str
    servers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Connection:
    """An attempt of the test to connect.

    Attributes:
        at: When the attempt began, in seconds since the epoch.
        server: The server's name.
        namespace: The namespace of the client.
        origin: The source address as the server sees it, or '' if that is not known.
        endpoint: The endpoint, as ``addr/ns``.
        port: The port of the endpoint.
        user: The user name that the client gave.
        account: The account that the server picks. It is given for the connection whose error is the test's error, or
            else for the last connection, and is '' for all others.
        driver: The driver's name.
        tls: ``yes``, ``no``, or '' if that is not known.
        error: The error in one line, or '' for a connection that was opened.
        failed_test: Whether this error is the error of the test.
        errno: The number of the error, or None.
    """

    at: float
    server: str
    namespace: str
    origin: str
    endpoint: str
    port: int
    user: str
    account: str
    driver: str
    tls: str
    error: str
    failed_test: bool = False
    errno: int | None = None


@dataclass(frozen=True)
class Statement:
    """A statement that a server ran during the test.

    Attributes:
        at: When the statement ended, in seconds since the epoch, or None if that is not known. For a statement from
            the general query log, when it began.
        server: The server's name.
        account: The account, such as ``app@192.0.2.2``.
        text: The first 2,000 characters of the statement, without passwords.
        error: The error of the statement, or ''.
        connection: The number of the connection on the server, or None.
    """

    at: float | None
    server: str
    account: str
    text: str
    error: str = ""
    connection: int | None = None


@dataclass(frozen=True)
class Client:
    """A connection that is open when the report is made.

    Attributes:
        server: The server's name.
        number: The number of the connection on the server.
        user: The user.
        host: The host that the server sees, with the port.
        namespace: The namespace that the host belongs to, or ''.
        state: What the connection does: ``idle for 3 s``, or the running statement.
    """

    server: str
    number: int
    user: str
    host: str
    namespace: str
    state: str


@dataclass(frozen=True)
class NamespaceState:
    """The state of one namespace when the report is made.

    Attributes:
        name: The namespace's name.
        addresses: ``interface address/prefix`` for each address, with ``, DOWN`` if the interface is down.
        routes: The routes, as ip-route(8) shows them.
        sockets: The listening TCP sockets, such as ``192.0.2.2:3306``.
    """

    name: str
    addresses: tuple[str, ...]
    routes: tuple[str, ...]
    sockets: tuple[str, ...]


@dataclass(frozen=True)
class FaultState:
    """A fault of the network, in force or healed.

    Attributes:
        what: The fault as a clause, such as ``the link of red to global is down``.
        namespaces: The namespaces that the fault concerns.
        began: When the fault began, in seconds since the epoch.
        ended: When the fault was healed, or None if it is in force.
        healed_by: What healed the fault, or '' for the test's own code.
        test: The test that caused the fault if that was an earlier test, else ''.
    """

    what: str
    namespaces: tuple[str, ...]
    began: float
    ended: float | None
    healed_by: str = ""
    test: str = ""


@dataclass(frozen=True)
class Event:
    """A line of the timeline.

    Attributes:
        at: When it happened, in seconds since the epoch.
        kind: ``step`` (of the test), ``connection``, ``statement``, ``log``, ``fault`` or ``failure``.
        text: What happened, in one line.
        server: The server that the event concerns, or ''.
    """

    at: float
    kind: str
    text: str
    server: str = ""


@dataclass(frozen=True)
class Section:
    """A section that the project added with the hook pytest_netns_report_sections.

    Attributes:
        title: The title, in one line.
        text: The text.
    """

    title: str
    text: str


@dataclass(frozen=True)
class TestReport:
    """The report of one netns test. For a test that passed, only the place, the times and the connections are given.

    Attributes:
        nodeid: The test, as pytest names it.
        outcome: ``passed``, ``failed`` or ``skipped``.
        phase: The phase that failed: ``setup``, ``call`` or ``teardown``.
        began: When the test began, in seconds since the epoch.
        duration: How long the test took, in seconds.
        place: Where the test ran.
        error: The error in one line, or ''.
        traceback: The text of the failure that pytest shows, or ''.
        explanation: Why the test failed, or None if that is not known.
        log: The lines of the error log that were written during the test, for each server.
        statements: The last statements.
        clients: The open connections, with where they come from.
        connections: The test's attempts to connect.
        namespaces: The namespaces that the failure involves.
        faults: The faults in force, and those that were healed.
        changes: What the test changed in the network by other means, such as ip-link(8).
        timeline: Everything that happened, in order.
        files: The paths of the files by what they are, such as the data directories and the packets.
        sections: The sections that the project added with the hook pytest_netns_report_sections.
    """

    __test__ = False  # pytest must not collect it

    nodeid: str
    outcome: str
    phase: str
    began: float
    duration: float
    place: Place
    error: str = ""
    traceback: str = ""
    explanation: Explanation | None = None
    log: dict[str, tuple[str, ...]] = field(default_factory=dict)
    statements: tuple[Statement, ...] = ()
    clients: tuple[Client, ...] = ()
    connections: tuple[Connection, ...] = ()
    namespaces: tuple[NamespaceState, ...] = ()
    faults: tuple[FaultState, ...] = ()
    changes: tuple[str, ...] = ()
    timeline: tuple[Event, ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    sections: tuple[Section, ...] = ()


@dataclass(frozen=True)
class RunReport:
    """The report of a run: its netns tests, and its topologies.

    Attributes:
        tests: The tests, in the order in which they ended.
        topologies: The drawing of each topology, by name: an SVG and a Mermaid diagram.
        began: When the run began, in seconds since the epoch.
        duration: How long the run took, in seconds.
        versions: The versions of Python, pytest, this plugin and the servers, by name.
        colours: The colour of each namespace in the drawing of each topology, such as ``#b83a3a``.
        remarks: What else happened to the run, such as an interruption, one sentence for each.
        format: The version of this format. It grows when a key is renamed or removed, or changes its meaning.
    """

    tests: tuple[TestReport, ...]
    topologies: dict[str, tuple[str, str]]
    began: float
    duration: float
    versions: dict[str, str]
    colours: dict[str, dict[str, str]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    format: int = 1
