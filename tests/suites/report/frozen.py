import pytest
from freezegun import freeze_time
from mysql.connector import Error


@pytest.fixture(autouse=True)
def frozen():
    with freeze_time("2001-02-03"):
        yield


@pytest.mark.netns("red")
def test_it(netns, netns_connect, netns_mysql):
    with netns.partition("blue"), pytest.raises(Error):
        netns_connect("blue", endpoint="red")
    netns_connect("blue", endpoint="red")
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT 'in the frozen time'")
        cursor.fetchall()
    netns.link("blue").down()
    raise ValueError("so it is")


@pytest.mark.netns("red")
def test_it_passes(netns_mysql):
    pass
