from pytest_netns_mysql import factories

group = factories.group(["red", "red"])


def test_it(group):
    pass
