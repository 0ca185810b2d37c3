import pytest
from conftest import note


def test_plain():
    note("plain")


@pytest.mark.netns("red")
def test_origin(netns_mysql):
    note("origin")
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT USER()")
        assert cursor.fetchone() == ("red_user@192.0.2.2",)
