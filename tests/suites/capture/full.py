import pytest


@pytest.fixture
def busy(netns_mysql):
    with netns_mysql.cursor() as cursor:
        for _ in range(300):
            cursor.execute("SELECT 'of a fixture'")
            cursor.fetchall()


@pytest.mark.netns("red")
def test_it(busy, netns_mysql):
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT 'the test itself'")
        cursor.fetchall()
    raise ValueError
