import pytest

from pytest_netns_mysql import factories

netns_mysqld = factories.mysqld(options={"max_connections": 7})


@pytest.mark.netns("red")
def test_it(netns_mysql):
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT @@max_connections")
        assert cursor.fetchone() == (7,)
