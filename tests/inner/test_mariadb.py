"""MariaDB: true origins by sockets that it is handed, what of MySQL's it lacks, and what is left of it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_netns_mysql import settings
from pytest_netns_mysql.mysql.kinds import mariadb

pytestmark = pytest.mark.slow
Suite = Callable[..., pytest.RunResult]

ORIGINS = """
    import pytest
    from pytest_netns_mysql import factories

    everywhere = factories.mysqld(bind_address="*", options={"port": 3307})
    ipv4 = factories.mysqld(bind_address="0.0.0.0", options={"port": 3308})
    named = factories.mysqld(bind_address="localhost", options={"port": 3309})
    nowhere = factories.mysqld(options={"skip_networking": True})

    def user(connection):
        with connection.cursor() as cursor:
            cursor.execute("SELECT USER()")
            return cursor.fetchone()[0]

    def test_its_accounts(netns_mysqld):
        accounts = netns_mysqld.execute("SELECT User, Host FROM mysql.global_priv ORDER BY User")
        assert accounts == [("mariadb.sys", "localhost"), ("root", "localhost")]
        assert ("test",) not in netns_mysqld.execute("SHOW SCHEMAS")
        assert "[Warning]" not in netns_mysqld.error_log

    @pytest.mark.netns("red", "blue", "global")
    def test_each_namespace(netns_mysql, request):
        name = request.node.callspec.id
        host = {"red": "192.0.2.2", "blue": "198.51.100.2", "global": "127.0.0.1"}[name]
        assert user(netns_mysql) == f"{name}_user@{host}"

    def test_from_one_to_another(netns_connect):
        assert user(netns_connect("red", endpoint="blue")) == "red_user@192.0.2.2"
        assert user(netns_connect("global", endpoint="red")) == "global_user@192.0.2.1"

    def test_drivers(netns_connect, netns_account):
        app = netns_account("app", host="192.0.2.2", password="secret", grants="SELECT ON *.*")
        for driver in (None, "pymysql"):
            assert user(netns_connect("red", account=app, driver=driver)) == "app@192.0.2.2"
        with netns_connect("red", account=app, charset="latin1").cursor() as cursor:
            cursor.execute("SELECT @@collation_connection")
            assert cursor.fetchone() == ("latin1_swedish_ci",)

    def test_wildcards_and_names(everywhere, ipv4, named, netns_connect):
        for server in (everywhere, ipv4):
            assert user(netns_connect("blue", server=server)) == "blue_user@198.51.100.2"
        for server in (everywhere, ipv4, named):
            assert user(netns_connect("global", server=server)).startswith("global_user@")

    def test_by_the_private_socket_alone(nowhere):
        assert nowhere.endpoints == ()
        assert user(nowhere.connect()) == "root@localhost"

    def test_again_and_again(netns_mysqld, netns_connect):
        for number in (20, 21):
            netns_connect("red")  # left open
            netns_mysqld.restart(max_connections=number)
            assert netns_mysqld.execute("SELECT @@max_connections") == [(number,)]
        netns_mysqld.restart(bind_address="198.51.100.2/blue", drop_capabilities="CAP_SYS_ADMIN")
        assert user(netns_connect("red")) == "red_user@192.0.2.2"
        netns_mysqld.kill()
        netns_mysqld.restart()
        assert user(netns_connect("blue")) == "blue_user@198.51.100.2"

    def test_after_a_restart_that_failed(netns_mysqld, netns_connect):
        with pytest.raises(Exception, match="unknown variable 'nonsense=1'"):
            netns_mysqld.restart(nonsense=1)
        netns_mysqld.restart()
        assert user(netns_connect("red")) == "red_user@192.0.2.2"

    def test_client_programs(netns, netns_argv, netns_account):
        import subprocess

        app = netns_account("app", host="192.0.2.2", password="p #'x")
        for program in ("mysql", "mariadb"):
            argv = netns_argv(program, "--skip-column-names", "--execute=SELECT USER()", namespace="red", account=app)
            assert subprocess.run(argv, check=True, capture_output=True, text=True).stdout == "app@192.0.2.2\\n"
        netns["blue"].run(netns_argv("mysqladmin", "ping", namespace="blue"), check=True)

    def test_one_moment(netns_mysqld):
        netns_mysqld.execute("CREATE SCHEMA shop")
        netns_mysqld.execute("CREATE TABLE shop.item (id INT)")
        netns_mysqld.execute("CREATE TABLE shop.price (id INT) ENGINE=Aria")
        netns_mysqld.execute("INSERT INTO shop.item VALUES (1)")
        netns_mysqld.execute("INSERT INTO shop.price VALUES (1)")
        netns_mysqld.execute("CREATE USER early@localhost")
        moment = netns_mysqld.snapshot()
        netns_mysqld.execute("DROP SCHEMA shop")
        netns_mysqld.execute("DROP USER early@localhost")
        netns_mysqld.execute("SET GLOBAL max_connections = 33")
        netns_mysqld.restore(moment)
        assert netns_mysqld.execute("SELECT * FROM shop.item JOIN shop.price USING (id)") == [(1,)]
        assert netns_mysqld.execute("SELECT Host FROM mysql.global_priv WHERE User = 'early'") == [("localhost",)]
        assert netns_mysqld.execute("SELECT @@max_connections") == [(151,)]
"""


@pytest.mark.parametrize("mode", ["auto", "rootless"])
@pytest.mark.parametrize("start", ["early", "late"])
def test_it_sees_true_origins(suite: Suite, mode: str, start: str) -> None:
    options = "--netns-mysqld=mariadb", f"--netns-mode={mode}", f"--netns-start={start}"
    suite(ORIGINS, *options).assert_outcomes(passed=12)


def test_beside_mysql_in_one_run(suite: Suite) -> None:
    program = mariadb.find(cache=settings.resolve().cache, progress=print).mysqld
    result = suite(
        """
        import pytest

        @pytest.mark.netns("red")
        def test_origin(netns_mysql, netns_mysqld):
            with netns_mysql.cursor() as cursor:
                cursor.execute("SELECT USER(), @@version LIKE '%MariaDB%'")
                assert cursor.fetchone() == ("red_user@192.0.2.2", netns_mysqld.version[0] >= 10)

        @pytest.mark.netns_mysqld(flavor="mysql")
        def test_of_mysql(netns_mysqlx): pass
        """,
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
def test_what_it_lacks_is_refused_at_collection(suite: Suite, fixture: str, what: str, factory: str) -> None:
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
            "MariaDB * has no X Protocol, which netns_mysqlx needs",
            "  where: netns_mysqlx of test_inner.py::test_it",
        ]
    )


def test_what_it_lacks_is_refused_at_run_time(suite: Suite) -> None:
    result = suite(
        """
        import pytest
        from pytest_netns_mysql import ServerVersionError

        @pytest.mark.parametrize("change", [{"admin_address": "192.0.2.2/red"}, {"mysqlx_bind_address": "192.0.2.2"},
                                            {"check_endpoints": False}, {"enforce_gtid_consistency": "ON"}])
        def test_a_restart(netns_mysqld, change):
            with pytest.raises(ServerVersionError, match="MariaDB .* has no .*, which .* needs"):
                netns_mysqld.restart(**change)
            assert netns_mysqld.pid is not None

        def test_certificates(netns_mysqld):
            with pytest.raises(ServerVersionError, match="MariaDB .* has no certificate authority"):
                netns_mysqld.tls
        """,
        "--netns-mysqld=mariadb",
    )
    result.assert_outcomes(passed=5)


SEEDED = """
    import pytest
    from pytest_netns_mysql import factories

    def shop(connection):
        with connection.cursor() as cursor:
            for statement in (
                "CREATE SCHEMA shop",
                "CREATE TABLE shop.item (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(9)) "
                "PARTITION BY HASH (id) PARTITIONS 2",
                "CREATE TABLE shop.price (id INT) ENGINE=Aria",
                "CREATE TABLE shop.old (id INT) ENGINE=MyISAM",
                "INSERT INTO shop.item (name) VALUES ('milk'), ('bread')",
                "INSERT INTO shop.price VALUES (1)",
                "INSERT INTO shop.old VALUES (1)",
                "CREATE VIEW shop.v AS SELECT 1",
            ):
                cursor.execute(statement)

    seeded = factories.mysqld(load=shop, options={"port": 3307}, scope="module")
    PIDS = []
    CHANGES = [
        "UPDATE shop.item SET name = 'tea' WHERE id = 1", "INSERT INTO shop.item (name) VALUES ('tea')",
        "DELETE FROM shop.price", "INSERT INTO shop.old VALUES (2)", "TRUNCATE TABLE shop.item",
        "CREATE TABLE shop.new (a INT)", "CREATE PROCEDURE shop.p() SELECT 1", "CREATE SEQUENCE shop.s",
    ]

    @pytest.mark.parametrize("step", ["change", "look"])
    @pytest.mark.parametrize("change", CHANGES)
    def test_it(seeded, change, step):
        PIDS.append(seeded.pid)
        if step == "change":
            seeded.execute(change)
        else:
            assert seeded.execute("SELECT * FROM shop.item ORDER BY id") == [(1, "milk"), (2, "bread")]
            assert seeded.execute("SELECT * FROM shop.price") == [(1,)]
            assert seeded.execute("SELECT * FROM shop.old") == [(1,)]
            assert len(seeded.execute("SHOW TABLES FROM shop")) == 4
            assert seeded.execute("SHOW PROCEDURE STATUS WHERE Db = 'shop'") == []

    def test_it_was_the_same_server(seeded):
        assert set(PIDS) == {seeded.pid}

    @pytest.mark.parametrize("change", ["DROP TABLE shop.item", "ALTER TABLE shop.price ADD b INT", "DROP VIEW shop.v"])
    def test_what_takes_a_fresh_one(seeded, change):
        assert len(seeded.execute("SELECT * FROM shop.item, shop.price")) == 2
        PIDS.append(seeded.pid)
        seeded.execute(change)

    def test_and_there_it_is(seeded):
        assert len(set(PIDS) | {seeded.pid}) == 4
"""


def test_what_a_test_changes_of_a_seed_is_put_back(suite: Suite) -> None:
    suite(SEEDED, "--netns-mysqld=mariadb").assert_outcomes(passed=21)


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
        """
        import socket
        import mysql.connector
        import pytest

        def test_it_blocks(netns, netns_account, netns_connect):
            account = netns_account("app", host="red.db.test", password="right")
            netns_connect("red", account=account)
            greeting = b""
            while b"is blocked" not in greeting:  # an error is counted some time after the connection has ended
                with netns["red"], socket.create_connection(("192.0.2.2", 3306)) as sock:
                    greeting = sock.recv(200)
            with pytest.raises(mysql.connector.Error, match="is blocked because of many connection errors"):
                netns_connect("red", account=account)

        @pytest.mark.netns("red")
        def test_it_is_let_in(netns_mysql):
            pass
        """,
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


KILLED = """
    import json, os, pathlib, time
    import pytest
    from pytest_netns_mysql import factories

    second = factories.mysqld(bind_address="192.0.2.2/red", options={"port": 3307})

    @pytest.mark.netns("red")
    def test_it(netns_mysqld, netns_mysql, second, request):
        state = [os.getpid(), netns_mysqld.pid, second.pid], os.stat("/proc/thread-self/ns/net").st_ino
        draft = pathlib.Path(request.config.rootpath, "draft")
        draft.write_text(json.dumps(state))
        draft.rename(draft.with_name("state"))
        time.sleep(600)
"""


@pytest.mark.parametrize("mode", ["auto", "rootless"])
def test_nothing_is_left_of_it(pytester: pytest.Pytester, mode: str) -> None:
    pytester.makepyfile(test_inner=KILLED)
    command = [sys.executable, "-m", "pytest", "-p", "no:asyncio", "--netns-mysqld=mariadb", f"--netns-mode={mode}"]
    running = subprocess.Popen(command, cwd=pytester.path, stdout=subprocess.DEVNULL)
    state = pytester.path / "state"
    _until(lambda: state.exists() or running.poll() is not None)
    pids, namespace = json.loads(state.read_text())
    running.send_signal(signal.SIGKILL)
    running.wait()
    _until(lambda: not any(Path("/proc", str(pid)).exists() for pid in pids) and namespace not in _namespaces())


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _namespaces() -> set[int]:
    listed = subprocess.run(["lsns", "-t", "net", "-n", "-o", "NS"], capture_output=True, text=True, check=True).stdout
    return set(map(int, listed.split()))


def test_a_crash_is_named(suite: Suite) -> None:
    """A signal that is sent to the whole process comes to the thread that waits for connections."""
    result = suite(
        """
        import os, signal
        import pytest
        from pytest_netns_mysql import ServerGoneError

        def test_it(netns_start_mysqld):
            server = netns_start_mysqld(options={"port": 3307})
            os.kill(server.running_pid(), signal.SIGSEGV)
            while server.is_running:
                pass
            with pytest.raises(ServerGoneError) as error:
                server.execute("SELECT 1")
            first, _, stack, *_ = str(error.value).splitlines()
            assert first == (
                "mysqld crashed: signal 11 (SIGSEGV) in a thread of its own, which served no connection"
            )
            assert stack == "  tried: stack: handle_connections_sockets, mysqld_main"
        """,
        "--netns-mysqld=mariadb",
    )
    result.assert_outcomes(passed=1)
