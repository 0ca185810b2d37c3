"""What of factories' servers is refused at collection: where it stands, and what to do."""

from __future__ import annotations

import pytest

from tests.support.suites import Suite

pytestmark = pytest.mark.slow


def test_a_group_over_xcom_is_refused_with_the_reason(suite: Suite) -> None:
    result = suite("server_plans/group_over_xcom")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "*group_replication_communication_stack = 'XCOM': the members listen on addr/ns endpoints, and only the "
            "MYSQL stack supports network namespaces",
            "*where: factories.group of the fixture group, for test_inner.py::test_it",
            "*tried: XCom opens its own sockets in the namespace of mysqld itself*NETWORK_NAMESPACE of a channel",
            "*do: leave the option out: factories.group uses the MYSQL stack",
        ]
    )


@pytest.mark.parametrize(
    "fixture",
    [
        'factories.group(["red", "green"])',
        'factories.replica("netns_mysqld", bind_address="192.0.2.2/red", network_namespace="green")',
        'factories.replica("netns_mysqld", bind_address="192.0.2.2/red", endpoint="green")',
    ],
)
def test_an_unknown_namespace_is_refused(suite: Suite, fixture: str) -> None:
    result = suite(
        f"""
        from pytest_netns_mysql import factories

        servers = {fixture}

        def test_it(servers): pass
        """
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "*there is no namespace 'green'",
            "*where: factories.* of the fixture servers, for test_inner.py::test_it",
            "*topology red-blue (preset red-blue) has red, blue, global",
        ]
    )


def test_the_source_of_a_replica_is_checked_too(suite: Suite) -> None:
    """The test asks for the replica alone, whose source is known by the fixture that it is given."""
    result = suite("server_plans/source_of_a_replica")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "*bind_address = '192.0.2.3/red': namespace red has no address 192.0.2.3",
            "*where: factories.source of the fixture first, for test_inner.py::test_it",
            "*do: write 192.0.2.2/red",
        ]
    )


def test_a_capability_that_is_none_is_refused(suite: Suite) -> None:
    result = suite("server_plans/unknown_capability")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "*drop_capabilities: there is no capability 'CAP_NO_ADMIN'",
            "*where: factories.mysqld of the fixture server, for test_inner.py::test_it",
        ]
    )


def test_checks_are_switched_off_by_name(suite: Suite) -> None:
    """Nothing is refused at collection then: it is mysqld that says no."""
    result = suite("server_plans/unchecked")
    result.assert_outcomes(passed=2)


def test_a_group_names_each_namespace_once(suite: Suite) -> None:
    result = suite("server_plans/group_twice_in_one")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "*a group needs a namespace of its own for each member, got red, red",
            "*where: factories.group of the fixture group, for test_inner.py::test_it",
            '*do: name each namespace once: factories.group([[]"red", "blue", "green"])',
        ]
    )


def test_x_plugin_listens_where_a_test_asks_for_it(suite: Suite) -> None:
    """The topology says nothing of it; a server that nobody wants X Protocol of goes without."""
    result = suite("server_plans/x_plugin")
    result.assert_outcomes(passed=2)


def test_a_driver_that_is_not_installed_is_named(suite: Suite) -> None:
    result = suite(
        """
        import sys

        def test_x(netns_mysqlx): pass
        """,
        conftest="import sys; sys.modules['mysqlx'] = None",
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["*ClientError: the driver mysqlx is not installed", "*do: pip install pytest-netns-mysql[[]x]"]
    )


def test_certificates_without_cryptography(suite: Suite) -> None:
    result = suite(
        "server_plans/certificates",
        conftest="import sys; sys.modules['cryptography'] = None",
    )
    result.assert_outcomes(passed=1)


def test_a_failing_test_shows_how_its_replica_stands(suite: Suite) -> None:
    result = suite("server_plans/failing_replica")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "* mysqld: MySQL * at 127.0.0.1, 192.0.2.2/source, pid *",
            "* replica: MySQL * at 198.51.100.2/replica, pid *",
            "* replica of mysqld: Replica_IO_Running: Yes, Replica_SQL_Running: Yes, Source_Host: 192.0.2.2, *",
        ]
    )


@pytest.mark.parametrize(
    "factory",
    [
        'mysqld(scope="function")',
        'source(scope="function")',
        'group(["red"], scope="function")',
        'replica("netns_mysqld", bind_address="192.0.2.2/red", scope="function")',
        "client()",
    ],
)
def test_a_factory_in_a_class_is_told_where_to_stand(suite: Suite, factory: str) -> None:
    result = suite(
        f"""
        from pytest_netns_mysql import factories

        class TestShop:
            thing = factories.{factory}
            def test_it(self, thing): pass
        """,
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "*a factory's fixture cannot be assigned in a class, here TestShop",
            '*do: assign it in the module or in a conftest.py, even with scope="class"',
        ]
    )
