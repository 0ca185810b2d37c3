import pytest


@pytest.fixture(scope="module")
def shop(netns_mysqld):
    assert not netns_mysqld.execute("SHOW SCHEMAS LIKE 'kept'")
    netns_mysqld.execute("CREATE SCHEMA shop")


def test_it(netns_mysqld, shop):
    assert netns_mysqld.execute("SHOW SCHEMAS LIKE 'shop'")
    assert not netns_mysqld.execute("SELECT 1 FROM mysql.user WHERE User = 'kept'")
