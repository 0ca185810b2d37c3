"""The server's part of a topology: its endpoints, its options, the names it resolves."""

from __future__ import annotations

import pytest

from tests.support.suites import Suite

pytestmark = pytest.mark.as_user

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
    result = suite("topology_servers/session_server")
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
            "bind_address = 'nowhere.db.test/red': unknown host name nowhere.db.test",
            f"  where: {where}",
            "  tried: the topology and /etc/hosts have red.db.test, *localhost*",
            "  do: add the name to the topology: hosts, or hosts of a namespace",
            "  do: write an address instead",
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
