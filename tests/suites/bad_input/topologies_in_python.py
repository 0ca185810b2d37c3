import pytest

from pytest_netns_mysql import from_mapping


@pytest.fixture(scope="session")
def netns_topology():
    return from_mapping({"namespaces": {"shop": "203.0.113.2/24"}}, name="shops")


@pytest.mark.netns("shop")
def test_shop(netns_mysql):
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT USER()")
        assert cursor.fetchone() == ("shop_user@203.0.113.2",)


@pytest.mark.netns("red")
def test_red(tmp_path):
    pass
