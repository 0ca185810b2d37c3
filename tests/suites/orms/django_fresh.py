import pytest
from django.db import connection
from shop.models import Item


def origin():
    with connection.cursor() as cursor:
        cursor.execute("SELECT USER()")
        return cursor.fetchone()[0]


@pytest.mark.netns("red")
@pytest.mark.django_db(transaction=True)
def test_restarts_the_server(netns_mysqld):
    Item.objects.create(name="teapot")
    netns_mysqld.restart(max_connections=7)
    connection.close()
    assert (origin(), Item.objects.count()) == ("shop@192.0.2.2", 1)


@pytest.mark.netns("blue")
@pytest.mark.django_db(transaction=True)
def test_has_a_fresh_server_with_databases():
    assert (origin(), Item.objects.count()) == ("shop@198.51.100.2", 0)


@pytest.mark.netns("red")
@pytest.mark.django_db
def test_the_next_one_too(netns_mysqld):
    assert netns_mysqld.execute("SELECT @@max_connections") == [(151,)]
    assert (origin(), Item.objects.count()) == ("shop@192.0.2.2", 0)
