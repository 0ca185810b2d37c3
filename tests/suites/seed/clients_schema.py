import pytest

from pytest_netns_mysql import factories


def more(connection):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO things VALUES (10)")


things = factories.client(load=["seed", more])
pytestmark = pytest.mark.netns("red")


@pytest.mark.parametrize("turn", [1, 2])
def test_it(things, turn):
    with things.cursor() as cursor:
        cursor.execute("SELECT id, DATABASE() FROM things ORDER BY id")
        assert cursor.fetchall() == [(2, "red_schema"), (3, "red_schema"), (11, "red_schema")]
        cursor.execute("DELETE FROM things")
