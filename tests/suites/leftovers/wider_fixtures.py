import pytest

from pytest_netns_mysql import factories

second = factories.mysqld(bind_address="192.0.2.2/red", options={"port": 3307}, scope="module")


@pytest.fixture(scope="session")
def shop(netns_mysqld):
    netns_mysqld.execute("CREATE SCHEMA shop")
    netns_mysqld.execute("CREATE TABLE shop.t (a INT)")
    netns_mysqld.execute("CREATE USER app@'%%'")
    netns_mysqld.execute("GRANT ALL ON shop.* TO app@'%%'")
    netns_mysqld.execute("SET GLOBAL max_connections = 42")
    yield netns_mysqld
    netns_mysqld.execute("DROP SCHEMA shop")


@pytest.fixture(scope="session")
def late(netns_mysqld):
    netns_mysqld.execute("CREATE SCHEMA late")
    netns_mysqld.execute("CREATE USER late@localhost")


def schemas(server):
    return {row[0] for row in server.execute("SHOW SCHEMAS")} - {
        "mysql",
        "sys",
        "information_schema",
        "performance_schema",
        "global_schema",
    }


def test_one(shop, netns_mysqld):
    netns_mysqld.execute("CREATE SCHEMA stray")
    netns_mysqld.execute("SET GLOBAL max_connections = 7")
    assert schemas(netns_mysqld) == {"shop", "stray"}


def test_what_a_wider_fixture_made_stays(shop, netns_mysqld):
    assert schemas(netns_mysqld) == {"shop"}
    assert netns_mysqld.execute("SELECT @@GLOBAL.max_connections") == [(42,)]
    assert netns_mysqld.execute("SELECT COUNT(*) FROM mysql.user WHERE user = 'app'") == [(1,)]


POOL = []


def test_its_accounts_may_keep_connections(shop, netns_mysqld):
    POOL.append(netns_mysqld.connect("red", user="app"))


def test_and_use_them(shop):
    with POOL[0].cursor() as cursor:
        cursor.execute("SELECT USER()")
        assert cursor.fetchone() == ("app@192.0.2.2",)


def test_in_the_middle_of_a_test(shop, netns_mysqld, request):
    netns_mysqld.execute("CREATE SCHEMA before_it")
    request.getfixturevalue("late")
    netns_mysqld.execute("CREATE SCHEMA after_it")


def test_it_stays_too(shop, netns_mysqld, late):
    assert schemas(netns_mysqld) == {"shop", "late"}
    assert netns_mysqld.execute("SELECT user FROM mysql.user WHERE host = 'localhost' AND user = 'late'")


def test_a_server_of_a_factory_is_polluted(second):
    second.execute("CREATE SCHEMA stray")


def test_a_server_of_a_factory_is_clean(second):
    assert schemas(second) == set()


PIDS = []


def test_beyond_repair(shop, netns_mysqld):
    PIDS.append(netns_mysqld.pid)
    netns_mysqld.kill()


def test_fixtures_on_it_are_made_anew(shop, netns_mysqld):
    assert netns_mysqld.pid != PIDS[0]
    assert schemas(netns_mysqld) == {"shop"}
    assert netns_mysqld.execute("SELECT @@GLOBAL.max_connections") == [(42,)]
