"""A project with netns tests of each kind, and others."""

import unittest

import pytest

from pytest_netns_mysql import MySQLServer, factories

shop = factories.mysqld(bind_address="192.0.2.2/red", options={"port": 3307})


@pytest.fixture(scope="session")
def wider(netns_mysqld):
    raise AssertionError("no fixture of a netns test is set up")


def test_plain():
    pass


@pytest.mark.netns("red", "blue")
def test_marked(): ...


@pytest.mark.netns_mysqld(min="8.4", flavor=["mysql"])
@pytest.mark.netns_leftovers("keep")
def test_server(wider, netns_mysqld: MySQLServer): ...


def test_factory(shop): ...


@pytest.mark.netns("red")
class TestCase(unittest.TestCase):
    def test_it(self): ...


def test_by_name(request):
    request.getfixturevalue("netns_mysql")
