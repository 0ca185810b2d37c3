import pytest

from pytest_netns_mysql import factories

shop = factories.mysqld(load=["schema.sql", "filling:customers"])
client = factories.client(shop)


@pytest.mark.parametrize("number", range(6))
def test_it_is_there(shop, client, number):
    assert shop.execute("SELECT name FROM shop.customers WHERE id = 5") == [("Eve",)]
    assert shop.execute("SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'shop'")
