"""The accounts that several of the failing tests log in with."""

import pytest


@pytest.fixture
def shop(netns_mysqld):
    """A schema with one table and one procedure."""
    netns_mysqld.execute("CREATE SCHEMA shop")
    netns_mysqld.execute("CREATE TABLE shop.orders (id INT PRIMARY KEY, total INT)")
    netns_mysqld.execute("CREATE PROCEDURE shop.close_day() SELECT 1")
    return "shop"
