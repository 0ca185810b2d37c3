import pytest

pytestmark = pytest.mark.netns_leftovers("keep")


def test_one(netns_mysqld):
    netns_mysqld.execute("CREATE SCHEMA kept")
    netns_mysqld.execute("CREATE USER kept@'%%'")


class TestInside:
    def test_two(self, netns_mysqld):
        assert netns_mysqld.execute("SHOW SCHEMAS LIKE 'kept'")
        netns_mysqld.connect()


@pytest.mark.skip
def test_skipped(netns_mysqld):
    pass
