from pytest_netns_mysql import factories

group = factories.group(["red", "blue"], options={"loose-group-replication-communication-stack": "XCOM"})


def test_it(group):
    pass
