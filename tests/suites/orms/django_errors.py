import pytest
from django.db import connection, connections, transaction
from django.test import TestCase


def origin(alias="default"):
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT USER()")
        return cursor.fetchone()[0]


@pytest.mark.netns("red")
@pytest.mark.django_db
def test_a_transaction_does_not_move(netns):
    with netns["blue"]:
        origin()


class TestMethodsInTwoPlaces(TestCase):  # type: ignore[misc,unused-ignore]
    @pytest.mark.netns("red")
    def test_red(self):
        origin()


@pytest.mark.netns("red")
@pytest.mark.django_db(transaction=True)
def test_a_savepoint_neither(netns):
    with transaction.atomic():
        assert origin() == "shop@192.0.2.2"
        with netns["blue"], pytest.raises(Exception, match="has an open transaction"):
            origin()
        assert origin() == "shop@192.0.2.2"
    assert connection.get_autocommit()


@pytest.mark.netns("blue")
@pytest.mark.django_db
def test_the_next_test_has_its_own_connection():
    assert origin() == "shop@198.51.100.2"
