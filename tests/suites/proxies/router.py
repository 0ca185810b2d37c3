from pytest_netns_mysql import factories

router = factories.router(namespace="blue")


def test_it(router):
    pass


def test_other(netns):
    pass
