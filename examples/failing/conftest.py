"""The accounts that several of the failing tests log in with."""

import pytest

from pytest_netns_mysql import MySQLServer


@pytest.fixture
def shop(netns_mysqld: MySQLServer) -> str:
    """A schema with one table and one procedure."""
    netns_mysqld.execute("CREATE SCHEMA shop")
    netns_mysqld.execute("CREATE TABLE shop.orders (id INT PRIMARY KEY, total INT)")
    netns_mysqld.execute("CREATE PROCEDURE shop.close_day() SELECT 1")
    return "shop"
