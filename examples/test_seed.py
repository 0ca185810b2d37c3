"""A server that was loaded once, for all runs until its files change; what a test changes in it is put back."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_netns_mysql import ConnectFactory, MySQLServer, factories


def late_customer(connection: Any) -> None:
    """Load what is easier to say in Python; the connection is the administrator's."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO shop.customers (name) VALUES (%s)", ("Eve",))


shop = factories.mysqld(load=["seed", late_customer], options={"port": 3307})


def a_basket(connection: Any) -> None:
    """Load into the schema of one test, which is selected."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE basket (item VARCHAR(40))")
        cursor.execute("INSERT INTO basket VALUES ('tea')")


basket = factories.client(shop, load=a_basket)
pytestmark = pytest.mark.netns("red")


def spent(connection: Any, customer: int) -> Any:
    with connection.cursor() as cursor:
        cursor.execute("SELECT shop.spent(%s)", (customer,))
        return cursor.fetchone()[0]


def test_a_customer_goes_with_all_orders(shop: MySQLServer, netns_connect: ConnectFactory) -> None:
    app = netns_connect(user="app", server=shop, database="shop", autocommit=True)
    assert spent(app, 1) == 30.50
    with app.cursor() as cursor:
        cursor.execute("DELETE FROM customers WHERE id = 1")
    assert spent(app, 1) == 0


def test_and_is_there_again_for_the_next_test(shop: MySQLServer, netns_connect: ConnectFactory) -> None:
    assert spent(netns_connect(user="app", server=shop, database="shop"), 1) == 30.50
    assert shop.execute("SELECT name FROM shop.customers ORDER BY id") == [("Ann",), ("Bob",), ("Eve",)]


@pytest.mark.parametrize("item", ["milk", "bread"])
def test_a_small_schema_of_its_own(basket: Any, item: str) -> None:
    with basket.cursor() as cursor:
        cursor.execute("SELECT DATABASE(), item FROM basket")
        assert cursor.fetchall() == [("red_schema", "tea")]
        cursor.execute("INSERT INTO basket VALUES (%s)", (item,))


def test_many_ways_on_from_one_point(shop: MySQLServer) -> None:
    shop.execute("UPDATE shop.orders SET total = 1")
    half_way = shop.snapshot()
    for way in ("DROP SCHEMA shop", "SET GLOBAL max_connections = 3"):
        shop.execute(way)
        shop.restore(half_way)
        assert shop.execute("SELECT SUM(total), @@max_connections FROM shop.orders") == [(3, 151)]
