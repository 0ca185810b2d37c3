import pytest


@pytest.mark.netns("red")
def test_it(netns, netns_mysqld, netns_mysql):
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT USER()")
        assert cursor.fetchone()[0].startswith("red_user@")


@pytest.mark.netns("blue")
def test_more(netns_mysql):
    netns_mysql.ping()
