import pytest

from pytest_netns_mysql import factories

shop = factories.mysqld(load="schema.sql")
shop_client = factories.client(shop, user="root")
WHOLE = {}


def whole(shop):
    names = "customers", "orders", "log", "names"
    schema = "TABLE_SCHEMA = 'shop'"
    return [
        shop.execute("CHECKSUM TABLE shop.customers, shop.orders, shop.log"),
        [shop.execute(f"SHOW CREATE TABLE shop.{name}") for name in names],
        shop.execute(f"SELECT TABLE_NAME, AUTO_INCREMENT FROM information_schema.TABLES WHERE {schema}"),
        shop.execute("SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'shop'"),
        shop.execute("SELECT TRIGGER_NAME FROM information_schema.TRIGGERS"),
        shop.execute("SELECT * FROM shop.orders"),
    ]


def check(shop):
    shop.execute("SET SESSION information_schema_stats_expiry = 0")
    now = whole(shop)
    assert now == WHOLE.setdefault("whole", now)


CHANGES = [
    ["INSERT INTO shop.customers (name) VALUES ('Eve')"],
    ["UPDATE shop.customers SET name = 'Eve' WHERE id = 1"],
    ["DELETE FROM shop.orders"],
    ["DELETE FROM shop.customers WHERE id = 1"],  # a foreign key takes its order along
    ["SET SESSION foreign_key_checks = 0", "TRUNCATE TABLE shop.customers"],
    ["ALTER TABLE shop.orders AUTO_INCREMENT = 100"],
    ["START TRANSACTION", "INSERT INTO shop.orders (customer) VALUES (1)", "ROLLBACK"],
    ["INSERT INTO shop.log VALUES ('text')", "ANALYZE TABLE shop.log"],
    ["CREATE TABLE shop.more (a INT)", "CREATE VIEW shop.also AS SELECT 1"],
    [
        "CREATE TRIGGER shop.trigger_it BEFORE INSERT ON shop.log FOR EACH ROW SET @a = 1",
        "INSERT INTO shop.log VALUES ('text')",
    ],
    ["CREATE FUNCTION shop.one() RETURNS INT DETERMINISTIC RETURN 1"],
]
BEYOND = [
    ["ALTER TABLE shop.orders ADD COLUMN more INT"],
    ["ALTER TABLE shop.orders ALTER COLUMN price SET DEFAULT 1"],
    ["DROP TABLE shop.orders"],
    ["DROP PROCEDURE shop.count_orders"],
    ["CREATE OR REPLACE VIEW shop.names AS SELECT 1"],
    ["DROP SCHEMA shop"],
]
PIDS = {}


@pytest.mark.parametrize("number", range(len(CHANGES)))
def test_a_change(shop, number):
    check(shop)
    PIDS[number] = shop.pid
    for statement in CHANGES[number]:
        shop.execute(statement)


def test_it_was_the_same_server_all_the_time(shop):
    check(shop)
    assert {*PIDS.values(), shop.pid} == {shop.pid}


@pytest.mark.parametrize("number", range(len(BEYOND)))
def test_what_takes_a_fresh_server(shop, number):
    check(shop)
    assert PIDS.get("beyond") != shop.pid
    PIDS["beyond"] = shop.pid
    for statement in BEYOND[number]:
        shop.execute(statement)


def test_and_there_it_is(shop):
    check(shop)
    assert PIDS["beyond"] != shop.pid
