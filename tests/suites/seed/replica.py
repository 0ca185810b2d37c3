from pytest_netns_mysql import factories

shop = factories.source(load="schema.sql")
copy = factories.replica(shop, bind_address="198.51.100.2/blue", options={"port": 3307})


def test_one(shop, copy):
    assert copy.execute("SELECT name FROM shop.customers WHERE id = 1") == [("Ann",)]
    shop.execute("UPDATE shop.customers SET name = 'Eve'")
    copy.wait_until_caught_up()


def test_two(shop, copy):
    copy.wait_until_caught_up()
    assert copy.execute("SELECT name FROM shop.customers WHERE id = 1") == [("Ann",)]
