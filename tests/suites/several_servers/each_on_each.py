import pytest

seen = []


@pytest.fixture(scope="session")
def wide(netns_mysqld):
    return netns_mysqld.execute("SELECT @@server_uuid")


@pytest.mark.netns("red", "blue")
def test_origin(netns_mysql, netns_mysqld, wide):
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT USER(), @@port, @@server_uuid")
        user, port, uuid = cursor.fetchone()
    assert user in ("red_user@192.0.2.2", "blue_user@198.51.100.2")
    assert port == 3306
    assert wide == [(uuid,)]
    seen.append(uuid)


@pytest.mark.netns("red")
def test_marked_alone(): ...


def test_unmarked(): ...


def test_two_servers_were_there(netns_mysqld):
    assert len(set(seen)) in (1, 2)
