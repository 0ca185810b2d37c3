"""A server in a container is as one of this machine: endpoints, fixtures, reports; and it ends with the run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytestmark = pytest.mark.slow
Suite = Callable[..., pytest.RunResult]

ORIGINS = """
    import pytest

    @pytest.mark.netns("red", "blue", "global")
    def test_origin(netns_mysql, netns):
        with netns_mysql.cursor() as cursor:
            cursor.execute("SELECT USER()")
            user, _, host = cursor.fetchone()[0].partition("@")
        assert host == {"red": "192.0.2.2", "blue": "198.51.100.2", "global": "127.0.0.1"}[user[:-5]]
"""


def test_origins_and_nothing_left(
    suite: Suite, image: str, left_of: Callable[..., list[str]], pytester: pytest.Pytester
) -> None:
    conftest = "import os, pathlib\n\npathlib.Path(__file__).with_name('pid').write_text(str(os.getpid()))"
    suite(ORIGINS, f"--netns-mysqld={image}", conftest=conftest).assert_outcomes(passed=3)
    assert left_of(int((pytester.path / "pid").read_text())) == []


def test_each_worker_has_its_own(suite: Suite, image: str) -> None:
    suite(ORIGINS, f"--netns-mysqld={image}", "-n2").assert_outcomes(passed=3)


def test_what_a_container_has(suite: Suite, image: str) -> None:
    """No network but its own loopback, no published port, CAP_SYS_ADMIN and no other capability, no root."""
    suite(
        """
        from pathlib import Path
        import pytest

        @pytest.mark.netns("red")
        def test_it(netns_mysqld, netns_mysql):
            process = Path("/proc", str(netns_mysqld.pid))
            links = (process / "net/dev").read_text().splitlines()[2:]
            assert [line.split(":")[0].strip() for line in links] == ["lo"]
            status = dict(line.split(":\\t", 1) for line in (process / "status").read_text().splitlines())
            assert int(status["CapBnd"], 16) == int(status["CapEff"], 16) == 1 << 21
            assert "0" not in status["Uid"].split()
            assert netns_mysqld.name == "mysqld"
            assert netns_mysqld.version >= (8, 0, 22)
        """,
        f"--netns-mysqld={image}",
    ).assert_outcomes(passed=1)


def test_restart_kill_and_what_is_said_of_it(suite: Suite, image: str) -> None:
    suite(
        """
        import os
        import signal
        import pytest
        from pytest_netns_mysql import ServerGoneError, factories

        server = factories.mysqld(
            options={"port": 3310, "max_connections": 33}, admin_address="127.0.0.1", scope="module"
        )

        def test_restart(server, netns):
            server.execute("CREATE SCHEMA kept")
            pid = server.pid
            server.restart(bind_address="192.0.2.2/red", max_connections=44)
            assert server.pid != pid
            assert server.execute("SELECT @@max_connections, @@bind_address") == [(44, "192.0.2.2/red")]
            assert server.execute("SHOW SCHEMAS LIKE 'kept'") == [("kept",)]
            assert str(server.endpoint("global", "admin")) == "127.0.0.1"
            server.execute("CREATE USER boss@'127.0.0.1'")
            server.execute("GRANT SERVICE_CONNECTION_ADMIN ON *.* TO boss@'127.0.0.1'")
            with server.connect(endpoint=server.endpoint("global", "admin"), user="boss") as connection:
                assert connection.is_connected()

        def test_kill(server):
            server.execute("CREATE SCHEMA kept")
            os.kill(server.pid, signal.SIGKILL)
            with pytest.raises(ServerGoneError, match="mysqld is not running: it ended with exit code -9"):
                server.execute("SELECT 1")
            server.restart()
            assert server.execute("SHOW SCHEMAS LIKE 'kept'") == [("kept",)]
        """,
        f"--netns-mysqld={image}",
    ).assert_outcomes(passed=2)


def test_a_failing_test_shows_its_error_log(suite: Suite, image: str) -> None:
    result = suite(
        """
        import pytest

        @pytest.mark.netns("red")
        def test_it(netns_mysqld, netns_mysql):
            netns_mysqld.restart(log_error_verbosity=3)
            assert False
        """,
        f"--netns-mysqld={image}",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*mysqld: 127.0.0.1, 192.0.2.2/red, 198.51.100.2/blue, pid *", "*error log of mysqld*"]
    )
    result.stdout.fnmatch_lines(["*ready for connections*"])


def test_replication_between_a_container_and_a_local_server(suite: Suite, image: str) -> None:
    suite(
        f"""
        from pytest_netns_mysql import factories

        local = factories.source(bind_address="192.0.2.2/red", options={{"port": 3307}})
        contained = factories.source(mysqld="{image}", bind_address="192.0.2.2/red", options={{"port": 3308}})
        of_local = factories.replica(
            local, mysqld="{image}", bind_address="198.51.100.2/blue", options={{"port": 3309}}
        )
        of_contained = factories.replica(contained, bind_address="198.51.100.2/blue", options={{"port": 3310}})
        from_global = factories.replica(
            local, mysqld="{image}", bind_address="198.51.100.2/blue", network_namespace="", options={{"port": 3311}}
        )

        def test_both_ways(local, contained, of_local, of_contained, from_global):
            for source, replica in ((local, of_local), (contained, of_contained)):
                assert replica.channel.origin == "198.51.100.2"
                source.execute("CREATE SCHEMA copied")
                replica.wait_until_caught_up()
                assert replica.execute("SHOW SCHEMAS LIKE 'copied'") == [("copied",)]
            assert from_global.channel.origin == "192.0.2.1"
            assert from_global.status["Network_Namespace"] == "global"
        """
    ).assert_outcomes(passed=1)


def test_the_entrypoint_gets_its_variables_and_scripts(suite: Suite, image: str, pytester: pytest.Pytester) -> None:
    scripts = pytester.mkdir("scripts")
    (scripts / "1.sql").write_text("CREATE TABLE item (name VARCHAR(20)); INSERT INTO item VALUES ('by sql');")
    (scripts / "2.sh").write_text("run shop -e \"INSERT INTO item VALUES ('by sh')\"\n")
    pytester.makeini(
        f"""
        [pytest]
        netns_mysqld = {image}
        netns_image_initdb = scripts
        netns_image_env = MYSQL_DATABASE=shop,MYSQL_USER=app,MYSQL_PASSWORD=secret,MYSQL_ROOT_PASSWORD=it's
        """
    )
    pytester.path.joinpath("more.sql").write_text("CREATE SCHEMA more; CREATE TABLE more.row (n INT PRIMARY KEY);")
    result = suite(
        """
        import pytest
        from pytest_netns_mysql import factories

        loaded = factories.mysqld(load="more.sql", options={"port": 3310})

        @pytest.mark.parametrize("turn", range(2))
        def test_its_password_is_known_to_client_programs(loaded, turn):
            assert loaded.execute("SELECT * FROM more.row") == []
            loaded.execute("INSERT INTO more.row VALUES (1)")

        @pytest.mark.netns("red")
        def test_it(netns_mysqld):
            assert netns_mysqld.execute("SELECT name FROM shop.item ORDER BY name") == [("by sh",), ("by sql",)]
            with netns_mysqld.connect(namespace="red", user="app", password="secret", database="shop") as connection:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT USER()")
                    assert cursor.fetchone() == ("app@192.0.2.2",)
            assert netns_mysqld.execute("SELECT Host FROM mysql.user WHERE User = 'root'") == [("localhost",)]
        """
    )
    result.assert_outcomes(passed=3)
    result.stdout.no_fnmatch_line("*secret*")


def test_both_in_one_run(suite: Suite, image: str) -> None:
    result = suite(
        """
        import pytest

        @pytest.mark.netns("red")
        def test_origin(netns_mysql):
            with netns_mysql.cursor() as cursor:
                cursor.execute("SELECT USER()")
                assert cursor.fetchone() == ("red_user@192.0.2.2",)

        @pytest.mark.netns_mysqld(local=True)
        def test_here(netns_mysqld):
            assert netns_mysqld.command[0].startswith("/")

        @pytest.mark.netns_mysqld(min="99.1")
        def test_later(netns_mysqld):
            pass

        @pytest.mark.netns_mysqld(flavor=["mariadb"])
        def test_others(netns_mysqld):
            pass

        def test_unmarked():
            pass
        """,
        f"--netns-mysqld=auto,{image}",
        "-v",
        "-rs",
    )
    result.assert_outcomes(passed=4, skipped=5)
    result.stdout.re_match_lines_random(
        [
            r"test_inner\.py::test_origin\[mysql-\d+\.\d+\.\d+\] PASSED.*",
            r"test_inner\.py::test_origin\[mysql-\d+\.\d+\.\d+-docker\] PASSED.*",
            r".*not applicable: the test requires a program of this machine, and the server is mysql [\d.]+ \(docker\)",
            r".*not applicable: the test requires version 99\.1 or newer, and the server is mysql [\d.]+",
            r".*not applicable: the test requires mariadb, and the server is mysql [\d.]+",
        ]
    )
