from pytest_netns_mysql import factories


def fill(connection):
    connection.cursor().execute("CREATE TABLE t (a INT)")


shop = factories.mysqld(load=fill)


def test_it(shop):
    pass
