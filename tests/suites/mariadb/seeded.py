import pytest

from pytest_netns_mysql import factories


def shop(connection):
    with connection.cursor() as cursor:
        for statement in (
            "CREATE SCHEMA shop",
            "CREATE TABLE shop.item (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(9)) "
            "PARTITION BY HASH (id) PARTITIONS 2",
            "CREATE TABLE shop.price (id INT) ENGINE=Aria",
            "CREATE TABLE shop.old (id INT) ENGINE=MyISAM",
            "INSERT INTO shop.item (name) VALUES ('milk'), ('bread')",
            "INSERT INTO shop.price VALUES (1)",
            "INSERT INTO shop.old VALUES (1)",
            "CREATE VIEW shop.v AS SELECT 1",
        ):
            cursor.execute(statement)


seeded = factories.mysqld(load=shop, options={"port": 3307}, scope="module")
PIDS = []
CHANGES = [
    "UPDATE shop.item SET name = 'tea' WHERE id = 1",
    "INSERT INTO shop.item (name) VALUES ('tea')",
    "DELETE FROM shop.price",
    "INSERT INTO shop.old VALUES (2)",
    "TRUNCATE TABLE shop.item",
    "CREATE TABLE shop.new (a INT)",
    "CREATE PROCEDURE shop.p() SELECT 1",
    "CREATE SEQUENCE shop.s",
]


@pytest.mark.parametrize("step", ["change", "look"])
@pytest.mark.parametrize("change", CHANGES)
def test_it(seeded, change, step):
    PIDS.append(seeded.pid)
    if step == "change":
        seeded.execute(change)
    else:
        assert seeded.execute("SELECT * FROM shop.item ORDER BY id") == [(1, "milk"), (2, "bread")]
        assert seeded.execute("SELECT * FROM shop.price") == [(1,)]
        assert seeded.execute("SELECT * FROM shop.old") == [(1,)]
        assert len(seeded.execute("SHOW TABLES FROM shop")) == 4
        assert seeded.execute("SHOW PROCEDURE STATUS WHERE Db = 'shop'") == []


def test_it_was_the_same_server(seeded):
    assert set(PIDS) == {seeded.pid}


@pytest.mark.parametrize("change", ["DROP TABLE shop.item", "ALTER TABLE shop.price ADD b INT", "DROP VIEW shop.v"])
def test_what_takes_a_fresh_one(seeded, change):
    assert len(seeded.execute("SELECT * FROM shop.item, shop.price")) == 2
    PIDS.append(seeded.pid)
    seeded.execute(change)


def test_and_there_it_is(seeded):
    assert len(set(PIDS) | {seeded.pid}) == 4
