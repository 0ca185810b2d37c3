"""The server's part of a topology: its endpoints, its options, the names it resolves."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Suite = Callable[..., pytest.RunResult]

EVERYTHING = """
[namespaces.red]
address = "192.0.2.2/24"
hosts = ["red.db.test"]

[mysqld]
bind_address = ["127.0.0.1", "red.db.test/red"]
admin_address = "192.0.2.2/red"
mysqlx_bind_address = ["192.0.2.2/red"]
options = {max_connections = 7, skip_name_resolve = false, skip_log_bin = true}
"""


def test_the_session_server_is_as_the_topology_says(suite: Suite, pytester: pytest.Pytester) -> None:
    (pytester.path / "netns-topology.toml").write_text(EVERYTHING)
    result = suite(
        """
        import time
        from pathlib import Path

        import pytest

        def test_options_and_endpoints(netns_mysqld):
            assert netns_mysqld.execute("SELECT @@max_connections, @@log_bin") == [(7, 0)]
            places = {kind: str(netns_mysqld.endpoint("red", kind)) for kind in ("mysql", "admin", "mysqlx")}
            assert places == {"mysql": "red.db.test/red", "admin": "192.0.2.2/red", "mysqlx": "192.0.2.2/red"}
            ports = [netns_mysqld.endpoint("red", kind).port for kind in ("mysql", "admin", "mysqlx")]
            assert ports == [3306, 33062, 33060]

        def test_they_listen(netns):
            shown = netns["red"].run(["ss", "-Hltn"], capture_output=True, text=True, check=True).stdout
            assert {line.split()[3] for line in shown.splitlines()} == {
                "192.0.2.2:3306", "192.0.2.2:33062", "192.0.2.2:33060"
            }

        def test_the_server_alone_has_nobody_to_ask_for_names(netns, netns_mysqld):
            assert Path(f"/proc/{netns_mysqld.pid}/root/etc/resolv.conf").read_text() == ""
            with netns["red"]:
                assert Path("/etc/resolv.conf").read_text() == HERE

        def test_an_address_without_a_name_is_told_at_once(netns_connect):
            begin = time.monotonic()
            with netns_connect("global", endpoint="red", host="192.0.2.2").cursor() as cursor:
                cursor.execute("SELECT USER()")
                assert cursor.fetchone() == ("global_user@192.0.2.1",)
            assert time.monotonic() - begin < 2

        HERE = Path("/etc/resolv.conf").read_text()
        """
    )
    result.assert_outcomes(passed=4)


@pytest.mark.parametrize(
    ("mysqld", "factory", "where"),
    [
        ('bind_address = ["127.0.0.1", "nowhere.db.test/red"]', "", "*netns-topology.toml: mysqld"),
        (
            'bind_address = "127.0.0.1"',
            "bind_address='nowhere.db.test/red'",
            "factories.mysqld of the fixture own, for test_inner.py::test_it",
        ),
    ],
)
def test_a_name_that_nobody_knows_fails_at_collection(
    suite: Suite, pytester: pytest.Pytester, mysqld: str, factory: str, where: str
) -> None:
    (pytester.path / "netns-topology.toml").write_text(
        f'[namespaces]\nred = {{address = "192.0.2.2/24", hosts = "red.db.test"}}\n[mysqld]\n{mysqld}\n'
    )
    result = suite(
        f"""
        from pytest_netns_mysql import factories
        own = factories.mysqld({factory})
        def test_it({"own" if factory else "netns_mysqld"}): pass
        """
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "bind_address = 'nowhere.db.test/red': nobody knows the host name nowhere.db.test",
            f"  where: {where}",
            "  tried: the topology and /etc/hosts have red.db.test, *localhost*",
            "  do: add it to the topology: hosts, or hosts of a namespace",
            "  do: write an address",
        ],
        consecutive=True,
    )


def test_an_option_of_the_topology_that_is_ours_is_told_with_its_key(suite: Suite, pytester: pytest.Pytester) -> None:
    (pytester.path / "netns-topology.toml").write_text(
        '[namespaces]\nred = "192.0.2.2/24"\n[mysqld.options]\ndatadir = "/var/lib/mysql"\n'
    )
    result = suite("def test_it(netns_mysqld): pass")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "the option datadir is set by the plugin: every server has its own",
            "  where: *netns-topology.toml: mysqld.options",
        ],
        consecutive=True,
    )
