import pytest

from pytest_netns_mysql import factories

loaded = factories.mysqld(load="more.sql", options={"port": 3310})


@pytest.mark.parametrize("turn", range(2))
def test_its_password_is_known_to_client_programs(loaded, turn):
    assert loaded.execute("SELECT * FROM more.row") == []
    loaded.execute("INSERT INTO more.row VALUES (1)")


@pytest.mark.netns("red")
def test_it(netns_mysqld):
    assert netns_mysqld.execute("SELECT name FROM shop.item ORDER BY name") == [("by sh",), ("by sql",)]
    with netns_mysqld.connect(namespace="red", user="app", password="secret", database="shop") as connection:  # noqa: SIM117
        with connection.cursor() as cursor:
            cursor.execute("SELECT USER()")
            assert cursor.fetchone() == ("app@192.0.2.2",)
    assert netns_mysqld.execute("SELECT Host FROM mysql.user WHERE User = 'root'") == [("localhost",)]
