import pytest


@pytest.fixture(scope="session")
def pool(netns_mysqld):
    netns_mysqld.execute("CREATE SCHEMA IF NOT EXISTS pooled")


def has(server, schema):
    return bool(server.execute(f"SHOW SCHEMAS LIKE '{schema}'"))


@pytest.fixture(scope="class")
def ground(netns_mysqld):
    netns_mysqld.execute("CREATE SCHEMA ground")
    yield
    assert not has(netns_mysqld, "walls")
    netns_mysqld.execute("DROP SCHEMA ground")


def test_before(netns_mysqld):
    netns_mysqld.execute("CREATE SCHEMA before_it")


@pytest.mark.netns_leftovers("keep")
@pytest.mark.usefixtures("ground")
class TestBuilding:
    def test_first(self, netns_mysqld, netns_mysql):
        assert not has(netns_mysqld, "before_it")
        netns_mysqld.execute("CREATE SCHEMA walls")
        netns_mysqld.execute("SET GLOBAL max_connections = 42")

    def test_second(self, netns_mysqld, netns_mysql, pool):
        assert has(netns_mysqld, "walls")
        netns_mysqld.execute("CREATE TABLE walls.t (a INT)")

    @pytest.mark.netns_leftovers("reset")
    def test_aside(self, netns_mysqld):
        assert has(netns_mysqld, "walls")
        netns_mysqld.execute("CREATE SCHEMA aside")
        netns_mysqld.execute("SET GLOBAL max_connections = 43")

    def test_that_asks_for_no_server(self, netns):
        pass

    def test_third(self, netns_mysqld, netns_account):
        netns_account("app", host="%%")
        assert not has(netns_mysqld, "aside")
        assert has(netns_mysqld, "pooled")
        assert has(netns_mysqld, "ground")
        assert netns_mysqld.execute("SELECT @@GLOBAL.max_connections") == [(42,)]
        netns_mysqld.execute("INSERT INTO walls.t VALUES (1)")


def test_it_is_put_back_when_the_class_is_left(netns_mysqld):
    for schema in ("walls", "aside", "ground"):
        assert not has(netns_mysqld, schema)
    assert has(netns_mysqld, "pooled")
    assert netns_mysqld.execute("SELECT @@GLOBAL.max_connections") == [(151,)]
    netns_mysqld.execute("CREATE SCHEMA stray")


@pytest.mark.netns_leftovers("keep")
@pytest.mark.parametrize("number", [1, 2, 3])
def test_of_several_parameters(netns_mysqld, number):
    assert has(netns_mysqld, "stray") is False
    assert netns_mysqld.execute("SHOW SCHEMAS LIKE 'number%%'") == [(f"number{one}",) for one in range(1, number)]
    netns_mysqld.execute(f"CREATE SCHEMA number{number}")


def test_last(netns_mysqld):
    assert not has(netns_mysqld, "number1")
