from pytest_netns_mysql import factories

shop = factories.mysqld(load="schema.sql")


def test_it(shop):
    shop.execute("INSERT INTO shop.log VALUES ('text')")
    shop.execute("CREATE TABLE shop.more (a INT)")
    shop.execute("ALTER TABLE shop.orders ADD COLUMN more INT")
