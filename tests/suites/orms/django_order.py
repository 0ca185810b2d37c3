import os

import pytest
from django.db import connection
from shop.models import Item

HOST = int(os.environ["HOST_NETWORK"])


def place():
    return os.stat("/proc/thread-self/ns/net").st_ino


def test_plain_first():
    assert place() == HOST


@pytest.mark.django_db(transaction=True)
def test_transaction():
    assert place() != HOST
    Item.objects.create(name="teapot")


@pytest.mark.netns("red")
def test_without_database(netns):
    assert netns.here.name == "red"


def test_plain():
    assert place() == HOST


@pytest.mark.netns("red")
def test_database(db):
    assert Item.objects.count() == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT USER(), CURRENT_USER()")
        assert cursor.fetchone() == ("shop@192.0.2.2", "shop@%")


@pytest.mark.django_db
def test_marker_alone():
    assert place() != HOST
    assert Item.objects.count() == 0


def test_database_is_blocked():
    assert place() == HOST
    with pytest.raises(RuntimeError, match="Database access not allowed"):
        Item.objects.count()
