"""The attribute of this package's fixtures, and each touch of pytest's private API."""

from __future__ import annotations

import unittest

import pytest

from pytest_netns_mysql import factories
from pytest_netns_mysql.collection.marker import CHOICE
from pytest_netns_mysql.collection.netnstests import FIXTURES
from pytest_netns_mysql.run import pytest_internals
from pytest_netns_mysql.run.ownfixtures import is_own

# A test that hands its request on may ask for `second_server`, so that it is a netns test.
pytestmark = pytest.mark.live

second_server = factories.mysqld()


@pytest.fixture
def netns_account() -> str:
    """Return a value in place of the plugin's factory."""
    return "ours"


@pytest.mark.parametrize("name", sorted(FIXTURES | {CHOICE, "netns_mysqld_fresh"}))
def test_a_fixture_of_the_plugin_is_marked(request: pytest.FixtureRequest, name: str) -> None:
    definition = pytest_internals.definitions_of(name, request.node)[0]
    assert pytest_internals.name_of(definition) == name
    assert is_own(pytest_internals.function_of(definition))


def test_a_fixture_of_a_factory_is_marked(request: pytest.FixtureRequest) -> None:
    (definition,) = pytest_internals.definitions_of("second_server", request.node)
    assert is_own(pytest_internals.function_of(definition))


def test_a_fixture_of_the_project_is_not_marked(request: pytest.FixtureRequest) -> None:
    plugins, projects = pytest_internals.definitions_of("netns_account", request.node)
    assert is_own(pytest_internals.function_of(plugins))
    assert not is_own(pytest_internals.function_of(projects))
    assert not pytest_internals.is_of_pytest(pytest_internals.function_of(projects))


@pytest.mark.parametrize("number", [3])
def test_a_parameter_is_known_from_a_fixture(request: pytest.FixtureRequest, number: int) -> None:
    assert pytest_internals.parameters(request.node) == {"number": number}
    assert pytest_internals.is_parameter(pytest_internals.active_definition(request, "number"))
    (definition,) = pytest_internals.definitions_of("second_server", request.node)
    assert not pytest_internals.is_parameter(definition)


def test_a_fixture_of_pytest_is_known(request: pytest.FixtureRequest, tmp_path: object) -> None:
    (definition,) = pytest_internals.definitions_for(request.node)["tmp_path"]
    assert pytest_internals.is_of_pytest(pytest_internals.function_of(definition))


class UnittestCase(unittest.TestCase):
    """A test that pytest cannot parametrize."""

    @pytest.fixture(autouse=True)
    def _request_of_pytest(self, request: pytest.FixtureRequest) -> None:
        self.request = request

    def test_a_method_of_a_unittest_case_is_known(self) -> None:
        """Tests of unittest have an item class of their own in pytest."""
        assert pytest_internals.is_unittest(self.request.node)


def test_a_function_is_no_method_of_a_unittest_case(request: pytest.FixtureRequest) -> None:
    assert not pytest_internals.is_unittest(request.node)


def test_a_test_knows_its_fixtures(request: pytest.FixtureRequest, tmp_path: object) -> None:
    item = pytest_internals.item_of(request)
    assert item is request.node
    assert pytest_internals.has_fixtures(item)
    assert "tmp_path_factory" in pytest_internals.fixture_names(item)  # which tmp_path asks for
    assert isinstance(item, pytest.Function)
    assert set(pytest_internals.argument_names(item)) == {"request", "tmp_path"}
    assert pytest_internals.request_of(item).node is item
