import pytest

ORIGINS = {"red-blue": "192.0.2.2", "dual-stack": "2001:db8:1::2", "nat": "172.17.0.1"}


@pytest.mark.netns("red")
def test_origin(netns_mysql, netns_topology):
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT USER()")
        assert cursor.fetchone() == (f"red_user@{ORIGINS[netns_topology.name]}",)


def test_other():
    pass
