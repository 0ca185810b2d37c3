from pytest_netns_mysql import factories

client = factories.client(namespace="red")


def test_it(client, netns_mysqld):
    netns_mysqld.execute("CREATE SCHEMA stray")
