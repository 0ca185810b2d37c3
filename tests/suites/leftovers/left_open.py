import pytest


@pytest.mark.netns("red")
def test_it(netns_mysqld, netns_account, netns_mysql):
    netns_account("app", host="%%", grants="SELECT ON *.*")
    netns_mysqld.execute("CREATE SCHEMA stray")
    netns_mysqld.execute("SET GLOBAL max_connections = 7")
    netns_mysqld.execute("SET PERSIST long_query_time = 7")


def test_next(netns_mysqld):
    print("left:", netns_mysqld.execute("SELECT @@GLOBAL.max_connections, @@GLOBAL.long_query_time"))
    print("schemas:", netns_mysqld.execute("SHOW SCHEMAS LIKE 'stray'"))


def test_tidy(netns_mysqld, netns_account, netns_connect):
    netns_account("app", host="%%")
    netns_connect("red")


def test_it_stops_the_server(netns_mysqld):
    netns_mysqld.kill()
