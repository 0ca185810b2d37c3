from pytest_netns_mysql import factories

replica = factories.replica("netns_mysqld", bind_address="127.0.0.1")


def test_it(replica): ...
