import pytest


@pytest.fixture(scope="module")
def pool(netns_mysqld):
    netns_mysqld.execute("CREATE USER app@'198.51.100.%%'")
    connection = netns_mysqld.connect("blue", user="app", password="")
    yield connection  # noqa: PT022


def user(connection):
    with connection.cursor() as cursor:
        cursor.execute("SELECT CURRENT_USER()")
        return cursor.fetchone()[0]


POOL = []


def test_its_account_has_the_same_user(pool, netns_mysqld, netns_account, netns_connect):
    netns_connect("red", account=netns_account("app", host="192.0.2.2"))
    netns_account("app", host="%%")
    POOL.append(netns_mysqld.connect("blue", user="app", password=""))
    POOL.append(netns_mysqld.connect("global", user="app", password=""))
    assert user(POOL[0]) == "app@198.51.100.%%"
    assert user(POOL[1]) == "app@%%"


def test_connections_of_the_wider_account_live_on(pool):
    assert user(pool) == "app@198.51.100.%%"
    assert user(POOL[0]) == "app@198.51.100.%%"
    assert not POOL[1].is_connected()
