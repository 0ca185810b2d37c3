import pytest


@pytest.mark.netns("red", "blue", "global")
def test_origin(netns_mysql, netns):
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT USER()")
        user, _, host = cursor.fetchone()[0].partition("@")
    assert host == {"red": "192.0.2.2", "blue": "198.51.100.2", "global": "127.0.0.1"}[user[:-5]]
