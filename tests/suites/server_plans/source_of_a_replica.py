from pytest_netns_mysql import factories

first = factories.source(bind_address="192.0.2.3/red")
second = factories.replica(first, bind_address="198.51.100.2/blue")
third = factories.replica("second", bind_address="198.51.100.2/blue", options={"port": 3307})


def test_it(third):
    pass
