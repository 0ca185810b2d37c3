from pytest_netns_mysql import factories

maria = factories.mysqld(options={"port": 3307}, mysqld="mariadb")
between = factories.router(namespace="red")


def test_plain(netns):
    pass


def test_default(netns_mysqld):
    pass


def test_maria(maria):
    pass


def test_router(between):
    pass
