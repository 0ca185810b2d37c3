import threading

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import OperationalError, close_old_connections, connection, connections
from django.test import TestCase, TransactionTestCase
from shop.models import Item

ORIGINS = {"global": "shop@127.0.0.1", "red": "shop@192.0.2.2", "blue": "shop@198.51.100.2"}
RED, BLUE = ORIGINS["red"], ORIGINS["blue"]
BOTH = pytest.mark.django_db(transaction=True, databases=["default", "red", "blue"])


def ask(statement, alias="default"):
    with connections[alias].cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def origin(alias="default"):
    return ask("SELECT USER()", alias)


def in_thread(function, *arguments):
    found = []

    def run():
        try:
            found.append(function(*arguments))
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return found[0]


@BOTH
@pytest.mark.netns("red", "blue")
@pytest.mark.parametrize("alias", ["default", "red", "blue"])
def test_after_close_and_kill(netns, netns_mysqld, alias):
    expected = ORIGINS[netns.here.name if alias == "default" else alias]
    assert origin(alias) == expected
    connections[alias].close()
    assert origin(alias) == expected
    netns_mysqld.execute(f"KILL {ask('SELECT CONNECTION_ID()', alias)}")
    with pytest.raises(OperationalError):
        origin(alias)
    close_old_connections()
    assert origin(alias) == expected


@BOTH
def test_a_ping_that_reconnects(netns, netns_mysqld):
    before = ask("SELECT CONNECTION_ID()", "red")
    netns_mysqld.execute(f"KILL {before}")
    with netns["blue"]:
        if not connections["red"].is_usable():  # mysqlclient does not reconnect
            connections["red"].close()
        assert origin("red") == RED
    assert ask("SELECT CONNECTION_ID()", "red") != before


@BOTH
@pytest.mark.netns("red")
def test_connections_that_are_too_old():
    before = ask("SELECT CONNECTION_ID()"), ask("SELECT CONNECTION_ID()", "blue")
    close_old_connections()  # CONN_MAX_AGE is 0
    assert (origin(), origin("blue")) == (RED, BLUE)
    assert before != (ask("SELECT CONNECTION_ID()"), ask("SELECT CONNECTION_ID()", "blue"))


@BOTH
def test_health_checks(netns, netns_mysqld, monkeypatch):
    monkeypatch.setitem(connections["red"].settings_dict, "CONN_MAX_AGE", None)
    monkeypatch.setitem(connections["red"].settings_dict, "CONN_HEALTH_CHECKS", True)
    connections["red"].close()
    netns_mysqld.execute(f"KILL {ask('SELECT CONNECTION_ID()', 'red')}")
    close_old_connections()
    with netns["blue"]:
        assert origin("red") == RED


@BOTH
@pytest.mark.netns("red")
def test_threads(netns):
    assert in_thread(origin) == RED
    assert in_thread(origin, "blue") == BLUE
    with netns["blue"]:
        assert in_thread(origin) == BLUE
        assert in_thread(origin, "red") == RED


@BOTH
def test_blocks(netns):
    Item.objects.create(name="teapot")
    assert origin() == ORIGINS["global"]
    with netns["red"]:
        assert (origin(), Item.objects.count()) == (RED, 1)
        with netns["blue"]:
            assert (origin(), Item.objects.using("red").count()) == (BLUE, 1)
    assert origin() == ORIGINS["global"]


@BOTH
@pytest.mark.netns("red")
def test_asynchronous_code(netns):
    ask_origin = sync_to_async(origin)

    async def main():
        assert (await ask_origin(), await ask_origin("blue")) == (RED, BLUE)
        async with netns["blue"]:
            assert (await ask_origin(), await ask_origin("red")) == (BLUE, RED)
            assert await Item.objects.acount() == 0
        return await ask_origin()

    assert async_to_sync(main)() == RED


@pytest.mark.netns("red")
class TestMarkedClass(TestCase):  # type: ignore[misc,unused-ignore]
    @classmethod
    def setUpTestData(cls):
        cls.origin = origin()
        Item.objects.create(name="teapot")

    def test_it_comes_from_where_the_class_is(self):
        assert (self.origin, origin(), Item.objects.count()) == (RED, RED, 1)

    def test_again(self):
        connection.ensure_connection()
        assert (origin(), Item.objects.count()) == (RED, 1)


@pytest.mark.netns("blue")
class TestTransactions(TransactionTestCase):  # type: ignore[misc,unused-ignore]
    databases = {"default", "red"}  # noqa: RUF012

    def test_it_comes_from_there(self):
        Item.objects.create(name="teapot")
        assert (origin(), origin("red"), Item.objects.using("red").count()) == (BLUE, RED, 1)


class TestWithoutMarker(TestCase):  # type: ignore[misc,unused-ignore]
    def test_global(self):
        assert (origin(), Item.objects.count()) == (ORIGINS["global"], 0)
