"""MariaDB: origins through inherited sockets, the features that it lacks, and its clean-up."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest

from pytest_netns_mysql import settings
from pytest_netns_mysql.mysql.kinds import mariadb
from tests.support.processes import wait_for, wait_for_end, wait_for_file
from tests.support.suites import Suite, source

pytestmark = [pytest.mark.as_user, pytest.mark.slow]


@pytest.mark.parametrize("mode", ["auto", "rootless"])
@pytest.mark.parametrize("start", ["early", "late"])
def test_mariadb_sees_the_address_of_each_namespace(suite: Suite, mode: str, start: str) -> None:
    options = "--netns-mysqld=mariadb", f"--netns-mode={mode}", f"--netns-start={start}"
    suite("mariadb/origins", *options).assert_outcomes(passed=12)


def test_mariadb_and_mysql_run_side_by_side(suite: Suite) -> None:
    program = mariadb.find(cache=settings.resolve().cache, progress=print).mysqld
    result = suite(
        "mariadb/beside_mysql",
        f"--netns-mysqld=auto,{program}",
        "-v",
        "-rs",
    )
    result.assert_outcomes(passed=3, skipped=1)
    result.stdout.fnmatch_lines(
        [
            "*test_origin?mariadb-1*PASSED*",
            "SKIPPED*not applicable: the test requires mysql, and the server is mariadb 1*",
        ]
    )


REFUSED = [
    (
        'factories.mysqld(bind_address="192.0.2.2/red", admin_address="192.0.2.2/red")',
        "administrative address, which admin_address needs",
        "factories.mysqld",
    ),
    (
        'factories.mysqld(mysqlx_bind_address="192.0.2.2/red")',
        "X Protocol, which mysqlx_bind_address needs",
        "factories.mysqld",
    ),
    (
        'factories.mysqld(bind_address="192.0.2.2/red", check_endpoints=False)',
        "addr/ns notation of its own, which check_endpoints=False needs",
        "factories.mysqld",
    ),
    (
        'factories.mysqld(options={"gtid_mode": "ON"})',
        "GTIDs as MySQL has them, which the option gtid_mode needs",
        "factories.mysqld",
    ),
    (
        'factories.source(bind_address="192.0.2.2/red")',
        "GTIDs as MySQL has them, which factories.source needs",
        "factories.source",
    ),
    (
        'factories.replica("netns_mysqld", bind_address="192.0.2.2/red", network_namespace="red")',
        "GTIDs as MySQL has them, which factories.replica needs",
        "factories.replica",
    ),
    ('factories.group(["red", "blue"])', "Group Replication, which factories.group needs", "factories.group"),
]


@pytest.mark.parametrize(("fixture", "what", "factory"), REFUSED, ids=[what for _, what, _ in REFUSED])
def test_a_feature_that_mariadb_lacks_is_refused_at_collection(
    suite: Suite, fixture: str, what: str, factory: str
) -> None:
    result = suite(
        f"""
        from pytest_netns_mysql import factories

        other = {fixture}

        def test_it(other): pass
        """,
        "--netns-mysqld=mariadb",
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            f"MariaDB * has no {what}",
            f"  where: {factory} of the fixture other, for test_inner.py::test_it",
            '  do: mark the test @pytest.mark.netns_mysqld(flavor="mysql"): it is then not applicable on MariaDB',
            "  do: or have it run on a MySQL: netns_mysqld = auto",
        ]
    )


def test_an_x_session_is_refused_at_collection(suite: Suite) -> None:
    result = suite("def test_it(netns_mysqlx): pass", "--netns-mysqld=mariadb")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "MariaDB * has no X Protocol, which mysqlx_bind_address needs",
            "  where: netns_mysqlx of test_inner.py::test_it",
        ]
    )


def test_a_feature_that_mariadb_lacks_is_refused_at_run_time(suite: Suite) -> None:
    result = suite(
        "mariadb/lacking",
        "--netns-mysqld=mariadb",
    )
    result.assert_outcomes(passed=5)


def test_what_a_test_changes_of_a_seed_is_put_back(suite: Suite) -> None:
    suite("mariadb/seeded", "--netns-mysqld=mariadb").assert_outcomes(passed=21)


def test_a_blocked_host_is_let_in_again(suite: Suite, pytester: pytest.Pytester) -> None:
    topology = """
        [namespaces.red]
        address = "192.0.2.2/24"
        hosts = ["red.db.test"]

        [mysqld]
        bind_address = "192.0.2.2/red"
        options = {skip_name_resolve = false, max_connect_errors = 1}
    """
    pytester.makefile(".toml", **{"netns-topology": topology})
    result = suite(
        "mariadb/blocked_host",
        "--netns-leftovers=fail",
        "--netns-mysqld=mariadb",
    )
    result.assert_outcomes(passed=2)


def test_leftovers_fail_a_test_by_their_names(suite: Suite) -> None:
    result = suite(
        """
        def test_it(netns_mysqld):
            netns_mysqld.execute("CREATE USER stray@localhost")
            netns_mysqld.execute("SET GLOBAL max_connections = 33")
        """,
        "--netns-leftovers=fail",
        "--netns-mysqld=mariadb",
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines_random(
        ["*account 'stray'@'localhost' is new*", "*global variable max_connections is 33, was 151*"]
    )


@pytest.mark.parametrize("mode", ["auto", "rootless"])
def test_nothing_is_left_of_mariadb(pytester: pytest.Pytester, mode: str) -> None:
    pytester.makepyfile(test_inner=source("mariadb/waiting"))
    command = [sys.executable, "-m", "pytest", "-p", "no:asyncio", "--netns-mysqld=mariadb", f"--netns-mode={mode}"]
    running = subprocess.Popen(command, cwd=pytester.path, stdout=subprocess.DEVNULL)
    state = pytester.path / "state"
    wait_for_file(state, running)
    pids, namespace = json.loads(state.read_text())
    running.send_signal(signal.SIGKILL)
    running.wait()
    wait_for_end(*pids)
    wait_for(lambda: namespace not in _namespaces(), "the namespace is gone")


def _namespaces() -> set[int]:
    listed = subprocess.run(["lsns", "-t", "net", "-n", "-o", "NS"], capture_output=True, text=True, check=True).stdout
    return set(map(int, listed.split()))


def test_a_crash_is_named(suite: Suite) -> None:
    """A signal that is sent to the whole process comes to the thread that waits for connections."""
    result = suite(
        "mariadb/crash",
        "--netns-mysqld=mariadb",
    )
    result.assert_outcomes(passed=1)
