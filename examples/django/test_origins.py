"""Django's connections, each from its namespace."""

from __future__ import annotations

import pytest
from django.db import connection, connections
from django.test import Client
from shop.models import Item

from pytest_netns_mysql import Network

RED, BLUE = "shop@192.0.2.2", "shop@198.51.100.2"


def origin(alias: str = "default") -> str:
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT USER()")
        user: str = cursor.fetchone()[0]
        return user


@pytest.mark.netns("red")
@pytest.mark.django_db
def test_the_default_database_follows_the_test() -> None:
    Item.objects.create(name="teapot")
    assert Item.objects.count() == 1
    assert origin() == RED


@pytest.mark.netns("blue")
@pytest.mark.django_db
def test_in_the_next_test_too() -> None:
    assert Item.objects.count() == 0  # Django has rolled the other test back
    assert origin() == BLUE


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_was_closed_comes_back_from_there(netns: Network) -> None:
    with netns["blue"]:
        assert origin() == BLUE
        connection.close()
        assert origin() == BLUE


@pytest.mark.django_db(databases=["default", "red", "blue"])
def test_a_database_for_each_namespace(client: Client) -> None:
    assert (origin("red"), origin("blue")) == (RED, BLUE)
    assert client.get("/origin").content == b"shop@127.0.0.1"  # `global`: the test has no marker
