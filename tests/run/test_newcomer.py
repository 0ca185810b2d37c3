"""Mistakes of people who use the plugin for the first time, and the errors that explain them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.suites import Suite

pytestmark = [pytest.mark.as_user, pytest.mark.oldest_python]


def test_pdb_runs_in_the_namespace_of_the_failed_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("import pytest\n@pytest.mark.netns('red')\ndef test_it(netns): assert 0")
    answer = subprocess.run(
        [sys.executable, "-m", "pytest", "--pdb", "-p", "no:asyncio", "-p", "no:cacheprovider"],
        input="print('standing in', netns.here.name)\nc\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert "standing in red" in answer.stdout


def test_a_killed_server_is_reported_by_the_test_that_killed_it(suite: Suite) -> None:
    result = suite("newcomer/killed_server")
    result.assert_outcomes(passed=1)


def test_wrong_arguments_have_errors_of_the_plugin(suite: Suite) -> None:
    result = suite("newcomer/mistakes")
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("factory", "told"),
    [
        (
            "admin_address='127.0.0.1', options={'port': 3307}",
            [
                "EndpointError: admin_address = '127.0.0.1': port 33062 is taken there",
                "  where: server second",
                "  do: give one of the two servers another admin_address, or another port: "
                "options={'admin_port': 33063}",
            ],
        ),
        (
            "options={'port': 'abc'}",
            [
                "the option port = 'abc' is not a port number",
                "  where: factories.mysqld of the fixture second, for test_inner.py::test_it",
                "  do: write a number from 1 to 65535",
            ],
        ),
        (
            "",
            [
                "EndpointError: bind_address = '127.0.0.1': port 3306 is taken there",
                "  where: server second",
                "  do: give one of the two servers another bind_address, or another port: options={'port': 3307}",
            ],
        ),
    ],
)
def test_two_servers_on_the_same_endpoint_are_named(suite: Suite, factory: str, told: list[str]) -> None:
    result = suite(
        f"""
        from pytest_netns_mysql import factories

        first = factories.mysqld(admin_address="127.0.0.1")
        second = factories.mysqld({factory})

        def test_it(first, second): pass
        """
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([line.replace("[", "[[]") for line in told], consecutive=True)


def test_a_netns_topology_of_a_wrong_type_is_reported(suite: Suite) -> None:
    result = suite("newcomer/no_topology")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "TopologyError: the fixture netns_topology must return a Topology, got {'namespaces': *}",
            "  do: return pytest_netns_mysql.from_mapping(...) of it, or load(...) of a file",
        ]
    )


def test_a_mysqld_option_given_as_an_argument_is_pointed_to_options(suite: Suite, pytester: pytest.Pytester) -> None:
    (pytester.path / "netns-topology.toml").write_text('[namespaces]\nred = "192.0.2.2/24"\n[mysqld]\nport = 3307\n')
    result = suite("def test_it(netns_mysqld): pass")
    result.stderr.fnmatch_lines(
        [
            "ERROR: there is no key mysqld.port",
            "  do: move it below [[]mysqld.options], if it is an option of mysqld",
        ]
    )


def test_a_shared_server_with_options_is_an_override(suite: Suite) -> None:
    result = suite("newcomer/overridden_server")
    result.assert_outcomes(passed=1)
