"""Reports with something in each of their parts, as a run would leave them."""

from __future__ import annotations

from pytest_netns_mysql.report.reportdata import (
    Client,
    Connection,
    Event,
    Explanation,
    FaultState,
    NamespaceState,
    Place,
    RunReport,
    Statement,
    TestReport,
)
from pytest_netns_mysql.topology.diagram import draw
from pytest_netns_mysql.topology.diagram.tones import tones
from pytest_netns_mysql.topology.file.load import load

BEGAN = 1_790_000_000.0

BLUE = Place(
    "blue",
    ("198.51.100.2/24",),
    "red-blue",
    "preset red-blue",
    ("netns_mysqld: MySQL 9.7.4, pid 4711",),
)
RED = Place("red", ("192.0.2.2/24",), "red-blue", "preset red-blue", BLUE.servers)


def passed(number: int = 0, began: float = BEGAN + 4) -> TestReport:
    """Return the short report of a test that passed."""
    attempt = Connection(
        began + 0.01, "netns_mysqld", "red", "192.0.2.2", "192.0.2.2/red", 3306, "red_user",
        "red_user@192.0.2.2", "mysql.connector", "yes", "",
    )  # fmt: skip
    nodeid = f"tests/test_orders.py::test_order_is_kept[{number}]"
    return TestReport(nodeid, "passed", "call", began, 0.04, RED, connections=(attempt,))


def denied(began: float = BEGAN + 0.4) -> TestReport:
    """Return the report of a test whose login was refused."""
    error = "1045 (28000): Access denied for user 'app'@'198.51.100.2' (using password: YES)"
    attempts = (
        Connection(
            began + 0.031, "netns_mysqld", "red", "192.0.2.2", "192.0.2.2/red", 3306, "app", "app@192.0.2.%",
            "mysql.connector", "yes", "",
        ),
        Connection(
            began + 0.342, "netns_mysqld", "blue", "198.51.100.2", "192.0.2.2/red", 3306, "app", "",
            "mysql.connector", "yes", error, failed_test=True,
        ),
    )  # fmt: skip
    return TestReport(
        "tests/access/test_shop.py::TestShop::test_the_app_reads_orders_from_everywhere[blue]",
        "failed",
        "call",
        began,
        0.361,
        BLUE,
        error=f"mysql.connector.errors.ProgrammingError: {error}",
        traceback=(
            "    def test_the_app_reads_orders_from_everywhere(netns_connect, app):\n"
            '        with netns_connect("red", account=app) as red:\n'
            '            red.cmd_query("SELECT COUNT(*) FROM shop.orders")\n'
            '>       with netns_connect("blue", account=app) as blue:\n'
            f"E       mysql.connector.errors.ProgrammingError: {error}\n\n"
            "tests/access/test_shop.py:31: ProgrammingError"
        ),
        explanation=Explanation(
            "No account of the user 'app' matches a client from 198.51.100.2.",
            (
                "'app'@'192.0.2.%' does not match: 198.51.100.2 is not in 192.0.2.%",
                "'app'@'localhost' does not match: it is for the server's own machine",
            ),
            (
                "CREATE USER 'app'@'198.51.100.%' IDENTIFIED BY ...",
                "connect from red, whose address 192.0.2.2 'app'@'192.0.2.%' matches",
            ),
        ),
        log={
            "netns_mysqld": (
                "2026-09-21T14:13:20.742103Z 12 [Note] [MY-010926] [Server] Access denied for user "
                "'app'@'198.51.100.2' (using password: YES)",
            )
        },
        statements=(
            Statement(began + 0.052, "netns_mysqld", "app@192.0.2.2", "SELECT COUNT(*) FROM shop.orders"),
            Statement(
                began + 0.067, "netns_mysqld", "app@192.0.2.2", "SELECT * FROM shop.invoices WHERE id = 7",
                "1142 (42000): SELECT command denied to user 'app'@'192.0.2.2' for table 'invoices'",
            ),
        ),
        clients=(
            Client("netns_mysqld", 11, "app", "192.0.2.2:43122", "red", "Sleep for 0 s"),
            Client("netns_mysqld", 8, "root", "localhost", "", "SHOW PROCESSLIST"),
        ),
        connections=attempts,
        namespaces=(
            NamespaceState(
                "blue", ("lo 127.0.0.1/8", "vpeer-blue 198.51.100.2/24"),
                ("default via 198.51.100.1 dev vpeer-blue", "198.51.100.0/24 dev vpeer-blue"), ("198.51.100.2:3306",),
            ),
            NamespaceState(
                "red", ("lo 127.0.0.1/8", "vpeer-red 192.0.2.2/24"),
                ("default via 192.0.2.1 dev vpeer-red", "192.0.2.0/24 dev vpeer-red"),
                ("192.0.2.2:3306", "192.0.2.2:33060"),
            ),
        ),
        timeline=(
            Event(began, "step", "setup"),
            Event(began + 0.028, "step", "call"),
            Event(began + 0.031, "connection", "red to 192.0.2.2/red as app: open", "netns_mysqld"),
            Event(began + 0.052, "statement", "SELECT COUNT(*) FROM shop.orders", "netns_mysqld"),
            Event(began + 0.067, "statement", "SELECT * FROM shop.invoices WHERE id = 7: denied", "netns_mysqld"),
            Event(began + 0.341, "log", "MY-010926 Access denied for user 'app'@'198.51.100.2'", "netns_mysqld"),
            Event(began + 0.342, "connection", "blue to 192.0.2.2/red as app: 1045 access denied", "netns_mysqld"),
            Event(began + 0.345, "failure", "ProgrammingError: 1045 (28000): Access denied"),
        ),
        files={
            "error log of netns_mysqld": "/tmp/netns-4701/mysqld/error.log",
            "data directory of netns_mysqld": "/tmp/netns-4701/mysqld/data",
        },
    )  # fmt: skip


def unreachable(began: float = BEGAN + 1.2) -> TestReport:
    """Return the report of a test that lost its network."""
    error = "2003 (HY000): Can't connect to MySQL server on '192.0.2.2:3306' (113: No route to host)"
    attempt = Connection(
        began + 2.3, "netns_mysqld", "blue", "", "192.0.2.2/red", 3306, "app", "", "mysql.connector", "", error, True
    )
    return TestReport(
        "tests/access/test_failover.py::test_blue_survives",
        "failed",
        "setup",
        began,
        2.41,
        BLUE,
        error=f"mysql.connector.errors.InterfaceError: {error}",
        explanation=Explanation(
            "The link of red to global is down, so blue does not reach 192.0.2.2/red.",
            ("the link is down since 0.3 s after the test began",),
            ('netns.link("red").up()',),
        ),
        connections=(attempt,),
        namespaces=(
            NamespaceState(
                "red", ("lo 127.0.0.1/8", "vpeer-red 192.0.2.2/24, DOWN"), ("192.0.2.0/24 dev vpeer-red",), ()
            ),
        ),
        faults=(
            FaultState("the link of red to global is down", ("red", "global"), began + 0.3, None),
            FaultState(
                "port 3306 is rejected", ("blue",), began - 3, began + 1.1, "the cleaning after the test",
                "tests/access/test_failover.py::test_red_survives",
            ),
        ),
        timeline=(
            Event(began, "step", "setup"),
            Event(began + 0.3, "fault", "the link of red to global is down"),
            Event(began + 2.3, "connection", "blue to 192.0.2.2/red as app: no route to host", "netns_mysqld"),
            Event(began + 2.31, "failure", "InterfaceError: 2003 (HY000): Can't connect to MySQL server"),
        ),
    )  # fmt: skip


def skipped() -> TestReport:
    """Return the report of a test that was skipped."""
    reason = "needs a server of version 10.0"
    return TestReport("tests/test_new.py::test_a_new_option", "skipped", "setup", BEGAN + 3.8, 0.0, RED, error=reason)


def run(*tests: TestReport) -> RunReport:
    """Return the report of a run of these tests, by default of one test of each kind and several that passed."""
    topology = load("red-blue")
    others = (passed(number, BEGAN + 4 + number * 0.3) for number in range(5))
    return RunReport(
        tests or (denied(), unreachable(), skipped(), *others),
        {"red-blue": (draw(topology, "svg"), draw(topology, "mermaid"))},
        BEGAN,
        6.1,
        {
            "Python": "3.13.5",
            "pytest": "9.2.0",
            "pytest-netns-mysql": "0.1.0",
            "netns_mysqld": "MySQL 9.7.4",
        },
        {"red-blue": dict(tones(("global", "red", "blue")))},
    )
