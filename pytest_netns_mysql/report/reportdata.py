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
        details: Which account, grant, link or schema counted: a line each.
        remedies: What would have made it succeed, the best first: a line each.
    """

    what: str
    details: tuple[str, ...] = ()
    remedies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Place:
    """Where a test ran.

    Attributes:
        namespace: The test's namespace.
        addresses: Its addresses, each in CIDR notation.
        topology: The name of the topology.
        source: The preset or file that the topology comes from.
        servers: For each server its name, product and version, endpoints and state, such as
            ``mysqld: MySQL 9.7.4 at 192.0.2.2/red, pid 4711``; a replica has a line for each channel.
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
        at: When it began, in seconds since the epoch.
        server: The server's name.
        namespace: The namespace of the client.
        origin: The source address as the server sees it, or '' if it is not known.
        endpoint: The endpoint, as ``addr/ns``.
        port: Its port.
        user: The user name that the client gave.
        account: The account that the server picks, for the connection whose error is the test's, else for the last
            one; '' for all others.
        driver: The driver's name.
        tls: ``yes``, ``no`` or ''.
        error: The error in one line, or '' for a connection that was opened.
        failed_test: Whether its error is the error of the test.
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
        at: When it ended, in seconds since the epoch, or None if that is not known. In the general query log it is
            when it began.
        server: The server's name.
        account: The account, such as ``app@192.0.2.2``.
        text: The statement, without passwords; the first 2,000 characters.
        error: Its error, or ''.
        connection: The number of the connection on its server, or None.
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
        number: The number of the connection on its server.
        user: The user.
        host: The host that the server sees, with the port.
        namespace: The namespace that the host belongs to, or ''.
        state: What it does: ``idle for 3 s``, or the running statement.
    """

    server: str
    number: int
    user: str
    host: str
    namespace: str
    state: str


@dataclass(frozen=True)
class NamespaceState:
    """What one namespace has when the report is made.

    Attributes:
        name: The namespace's name.
        addresses: ``interface address/prefix`` of each address, with ``, DOWN`` for an interface that is down.
        routes: Its routes, as ip-route(8) shows them.
        sockets: Its listening TCP sockets, such as ``192.0.2.2:3306``.
    """

    name: str
    addresses: tuple[str, ...]
    routes: tuple[str, ...]
    sockets: tuple[str, ...]


@dataclass(frozen=True)
class FaultState:
    """A fault of the network, in force or healed.

    Attributes:
        what: The fault as a clause.
        namespaces: The namespaces that it concerns.
        began: When it began, in seconds since the epoch.
        ended: When it was healed, or None.
        healed_by: Who healed it, '' for the test's own code.
        test: The test that caused it, where that is an earlier one, else ''.
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
        at: In seconds since the epoch.
        kind: ``step`` (of the test), ``connection``, ``statement``, ``log``, ``fault`` or ``failure``.
        text: What happened, in one line.
        server: The server that it concerns, or ''.
    """

    at: float
    kind: str
    text: str
    server: str = ""


@dataclass(frozen=True)
class Section:
    """A section that the project added by the hook pytest_netns_report_sections.

    Attributes:
        title: The title, in one line.
        text: The text.
    """

    title: str
    text: str


@dataclass(frozen=True)
class TestReport:
    """The report of one netns test. A test that passed has its place, its times and its connections alone.

    Attributes:
        nodeid: The test, as pytest names it.
        outcome: ``passed``, ``failed`` or ``skipped``.
        phase: ``setup``, ``call`` or ``teardown``: where it failed.
        began: When the test began, in seconds since the epoch.
        duration: In seconds.
        place: Where it ran.
        error: The error in one line, or ''.
        traceback: The text that pytest shows of the failure, or ''.
        explanation: Why it failed, or None if there is nothing to say.
        log: For each server the lines of its error log that were written during the test.
        statements: The last statements.
        clients: Who is connected from where.
        connections: The test's attempts to connect.
        namespaces: The namespaces involved.
        faults: The faults in force, and those that were healed.
        changes: What the test changed in the network by other means, such as ip-link(8).
        timeline: All that happened, in order.
        files: Where the files lie, by what they are: the data directories, the packets.
        sections: What the project added by the hook pytest_netns_report_sections.
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
        topologies: The drawing of each topology by name: its SVG, and its Mermaid diagram.
        began: In seconds since the epoch.
        duration: In seconds.
        versions: Python, pytest, this plugin and the servers, by name.
        colours: For each topology the colour of each namespace in its drawing, such as ``#b83a3a``.
        remarks: What else happened to the run, such as an interruption: a sentence each.
        format: The version of this format. It grows when a field is renamed or removed, or changes its meaning.
    """

    tests: tuple[TestReport, ...]
    topologies: dict[str, tuple[str, str]]
    began: float
    duration: float
    versions: dict[str, str]
    colours: dict[str, dict[str, str]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    format: int = 1
