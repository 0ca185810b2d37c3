import pytest


@pytest.mark.netns_leftovers("keep")
class TestBuilding:
    @pytest.mark.parametrize("number", range(6))
    def test_it(self, netns_mysqld, number):
        assert len(netns_mysqld.execute("SHOW SCHEMAS LIKE 'number%%'")) == number
        netns_mysqld.execute(f"CREATE SCHEMA number{number}")


@pytest.mark.parametrize("number", range(6))
def test_other(netns_mysqld, number):
    assert not netns_mysqld.execute("SHOW SCHEMAS LIKE 'number%%'")
