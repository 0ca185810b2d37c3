from pytest_netns_mysql import factories

server = factories.mysqld(drop_capabilities="CAP_NO_ADMIN")


def test_it(server):
    pass
