"""Every change in seeded schemas is found, and rows are put back without a fresh server."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from pytest_netns_mysql import MySQLServer, factories
from pytest_netns_mysql.mysql.reset import reset
from pytest_netns_mysql.mysql.reset.readstate import read_state
from pytest_netns_mysql.mysql.reset.reset import ResetResult
from pytest_netns_mysql.mysql.reset.serverstate import State

pytestmark = pytest.mark.live

_SCHEMA = """
CREATE TABLE shop.parent (id INT PRIMARY KEY);
CREATE TABLE shop.child (id INT PRIMARY KEY, p INT, q INT,
    FOREIGN KEY (p) REFERENCES shop.parent (id) ON DELETE CASCADE,
    FOREIGN KEY (q) REFERENCES shop.parent (id) ON DELETE SET NULL);
INSERT INTO shop.parent VALUES (1), (2), (3);
INSERT INTO shop.child VALUES (1, 1, 2), (2, 2, 1), (3, NULL, 3);
CREATE TABLE shop.`größe` (id INT AUTO_INCREMENT PRIMARY KEY, `naïve` VARCHAR(9), b VARCHAR(9));
INSERT INTO shop.`größe` (`naïve`, b) VALUES ('a', 'bc'), ('Ω', 'ж');
CREATE TABLE shop.twins (v INT, w VARCHAR(9));
INSERT INTO shop.twins VALUES (1, 'x'), (1, 'x'), (NULL, ''), (2, NULL);
CREATE TABLE shop.log (number INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(40));
CREATE TABLE shop.watched (id INT AUTO_INCREMENT PRIMARY KEY, v INT);
CREATE TRIGGER shop.second BEFORE INSERT ON shop.watched FOR EACH ROW SET NEW.v = NEW.v * 2;
CREATE TRIGGER shop.first BEFORE INSERT ON shop.watched FOR EACH ROW PRECEDES second SET NEW.v = NEW.v + 1;
CREATE TRIGGER shop.told AFTER INSERT ON shop.watched FOR EACH ROW INSERT INTO log (what) VALUES ('a row');
CREATE TRIGGER shop.gone BEFORE DELETE ON shop.watched FOR EACH ROW INSERT INTO log (what) VALUES (OLD.v);
INSERT INTO shop.watched (v) VALUES (1), (2);
CREATE TABLE shop.my (id INT AUTO_INCREMENT PRIMARY KEY, v INT) ENGINE=MyISAM;
INSERT INTO shop.my (v) VALUES (1), (2);
CREATE TABLE shop.csv (v INT NOT NULL) ENGINE=CSV;
INSERT INTO shop.csv VALUES (1), (2);
CREATE TABLE shop.memory (v INT) ENGINE=MEMORY;
INSERT INTO shop.memory VALUES (1);
CREATE TABLE shop.parts (id INT PRIMARY KEY) PARTITION BY RANGE (id)
    (PARTITION few VALUES LESS THAN (10), PARTITION more VALUES LESS THAN MAXVALUE);
INSERT INTO shop.parts VALUES (1), (11);
CREATE TABLE shop.apart (id INT PRIMARY KEY);
INSERT INTO shop.apart VALUES (2);
CREATE TABLE shop.kinds (
    f FLOAT, d DOUBLE(10, 2), e ENUM('x', 'y'), s SET('p', 'q'), b BIT(5), j JSON, g GEOMETRY, t TIME(3), y YEAR,
    at TIMESTAMP(6) NULL, n DECIMAL(20, 5), c BINARY(4), l LONGTEXT CHARACTER SET latin1, z LONGBLOB,
    made INT AS (y + 1), kept INT AS (y + 2) STORED);
INSERT INTO shop.kinds (f, d, e, s, b, j, g, t, y, at, n, c, l, z) VALUES (0.1, 2.25, 'x', 'p,q', 3, '{"a": 1}',
    POINT(1, 2), '12:00:00.5', 2020, '2020-01-01 00:00:00.1', 1.5, 'ab', 'é', x'00ff');
CREATE TABLE shop.generated (a INT AS (1));
INSERT INTO shop.generated VALUES (), ();
CREATE TABLE shop.lost (a INT);
CREATE VIEW shop.broken AS SELECT * FROM shop.lost;
DROP TABLE shop.lost;
CREATE TABLE shop.large (id INT PRIMARY KEY, v VARCHAR(250));
CREATE TABLE shop.other LIKE shop.large;
CREATE TABLE shop.whole (id INT PRIMARY KEY, v VARCHAR(250)) PARTITION BY RANGE (id)
    (PARTITION a VALUES LESS THAN (100000));
CREATE TABLE shop.worded (a INT) COMMENT = 'WITH SYSTEM VERSIONING';
INSERT INTO shop.worded VALUES (1), (2);
CREATE VIEW shop.seen AS SELECT id FROM shop.parent;
CREATE PROCEDURE shop.add_one() INSERT INTO shop.parent VALUES (9);
"""
_LARGE = 8192  # rows

PUT_BACK = {
    "cascade": (["DELETE FROM shop.parent"], ["child", "parent"]),
    "set to null": (["DELETE FROM shop.parent WHERE id = 3"], ["child", "parent"]),
    "moved from one column to the next": (["UPDATE shop.`größe` SET `naïve` = 'ab', b = 'c' WHERE id = 1"], ["größe"]),
    "swapped between two rows": (
        ["UPDATE shop.`größe` SET b = IF(id = 1, 'ж', 'bc')"],
        ["größe"],
    ),
    "one of two equal rows": (["DELETE FROM shop.twins WHERE v = 1 LIMIT 1"], ["twins"]),
    "empty for NULL": (["UPDATE shop.twins SET w = '' WHERE w IS NULL"], ["twins"]),
    "a trigger's table": (["INSERT INTO shop.watched (v) VALUES (5)"], ["log", "watched"]),
    "by a trigger": (["DELETE FROM shop.watched WHERE id = 1"], ["log", "watched"]),
    "by a procedure": (["CALL shop.add_one()"], ["parent"]),
    "by a prepared statement": (["PREPARE it FROM 'DELETE FROM shop.csv'", "EXECUTE it"], ["csv"]),
    "through a view": (["DELETE FROM shop.seen WHERE id = 3"], ["child", "parent"]),
    "all of MyISAM": (["DELETE FROM shop.my"], ["my"]),
    "TRUNCATE": (["TRUNCATE shop.my", "TRUNCATE shop.csv"], ["csv", "my"]),
    "MEMORY": (["INSERT INTO shop.memory VALUES (2)"], ["memory"]),
    "exchanged": (["ALTER TABLE shop.parts EXCHANGE PARTITION few WITH TABLE shop.apart"], ["apart", "parts"]),
    "all of its columns generated": (["INSERT INTO shop.generated VALUES ()"], ["generated"]),
    "with the words of another": (["DELETE FROM shop.worded WHERE a = 1"], ["worded"]),
    "large ones that change names": (
        ["RENAME TABLE shop.large TO shop.third, shop.other TO shop.large, shop.third TO shop.other"],
        ["large", "other"],
    ),
    "a large partition exchanged": (
        ["ALTER TABLE shop.whole EXCHANGE PARTITION a WITH TABLE shop.other"],
        ["other", "whole"],
    ),
    "a number": (["ALTER TABLE shop.log AUTO_INCREMENT = 100"], ["log"]),
    "a number that was rolled back": (
        ["START TRANSACTION", "INSERT INTO shop.log (what) VALUES ('')", "ROLLBACK"],
        ["log"],
    ),
}
KINDS = {
    "f": "f + 0.0000001",
    "d": "2.26",
    "e": "2",
    "s": "'p'",
    "b": "4",
    "j": "'{\"a\": 2}'",
    "g": "POINT(2, 1)",
    "t": "'12:00:00.501'",
    "y": "2021",
    "at": "'2020-01-01 00:00:00.100001'",
    "n": "1.50001",
    "c": "x'61620001'",
    "l": "'É'",
    "z": "x'00fe'",
}
ALTERED = {
    "a column": ("ALTER TABLE shop.twins ADD COLUMN more INT", "table shop.twins is altered"),
    "a comment": ("ALTER TABLE shop.log COMMENT = 'x AUTO_INCREMENT=5'", "table shop.log is altered"),
    "a view": ("ALTER VIEW shop.seen AS SELECT id + 0 AS id FROM shop.parent", "view shop.seen is altered"),
    "a procedure": ("ALTER PROCEDURE shop.add_one COMMENT 'x'", "procedure shop.add_one is altered"),
    "a trigger": ("DROP TRIGGER shop.told", "trigger shop.told is gone"),
}


def fill(connection: object) -> None:
    """Load what the tests change."""
    with connection.cursor() as cursor:  # type: ignore[attr-defined]
        for statement in ["CREATE SCHEMA shop CHARACTER SET utf8mb4", "USE shop", *_SCHEMA.split(";\n")]:
            if statement.strip():
                cursor.execute(statement)
        rows = ", ".join(f"({number}, REPEAT('x', 250))" for number in range(_LARGE))
        cursor.execute(f"INSERT INTO shop.large VALUES {rows}")
        cursor.execute("INSERT INTO shop.other SELECT id + 1, v FROM shop.large")
        cursor.execute("INSERT INTO shop.whole SELECT id + 2, v FROM shop.large")


mysql = factories.mysqld(load=fill, options={"port": 3311}, scope="module")
mariadb = factories.mysqld(mysqld="mariadb", load=fill, options={"port": 3312}, scope="module")
_TABLES = (
    *("parent", "child", "größe", "twins", "log", "watched", "my", "csv", "memory", "parts", "apart", "kinds"),
    *("generated", "worded"),
)


@pytest.fixture(scope="module", params=["mysql", "mariadb"])
def server(request: pytest.FixtureRequest) -> MySQLServer:
    """A server that the schema was loaded into."""
    found: MySQLServer = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def loaded(server: MySQLServer) -> tuple[State, list[object]]:
    """The server's state and a picture of the schema, right after loading."""
    return read_state(server), picture(server)


def picture(server: MySQLServer) -> list[object]:
    """Return all rows and definitions, read without the plugin's own queries."""
    queries = [f"SELECT * FROM shop.`{name}`" for name in _TABLES]
    queries += [f"SHOW CREATE TABLE shop.`{name}`" for name in (*_TABLES, "seen")]
    queries += [
        "SELECT f + 0e0 FROM shop.kinds",
        "SHOW TRIGGERS FROM shop",
        "CHECKSUM TABLE shop.large, shop.other, shop.whole",
    ]
    return [rows for query in queries for rows in server._administrator.ask(query)]


@pytest.fixture
def put_back(server: MySQLServer, loaded: tuple[State, list[object]]) -> Iterator[Callable[[], ResetResult]]:
    """A function that puts the server back. After the test, the same server must be as it was loaded."""
    state, before = loaded
    pid = server.pid

    def call() -> ResetResult:
        nonlocal state
        result = reset.put_back(server, state)
        state = result.before or state
        return result

    yield call
    assert call().stays == ()
    assert picture(server) == before
    assert server.pid == pid


@pytest.mark.parametrize("what", PUT_BACK)
def test_changed_rows_are_found_and_put_back(
    server: MySQLServer, put_back: Callable[[], ResetResult], what: str
) -> None:
    statements, changed = PUT_BACK[what]
    for statement in statements:
        server.execute(statement)
    result = put_back()
    assert sorted(result.found) == [f"table shop.{name} is changed" for name in changed]
    assert result.stays == ()


@pytest.mark.parametrize("column", KINDS)
def test_changed_values_of_each_type_are_found(
    server: MySQLServer, put_back: Callable[[], ResetResult], column: str
) -> None:
    server.execute(f"UPDATE shop.kinds SET {column} = {KINDS[column]}")
    assert put_back().found == ("table shop.kinds is changed",)
    server.execute(f"UPDATE shop.kinds SET {column} = NULL")
    assert put_back().found == ("table shop.kinds is changed",)


@pytest.mark.parametrize("what", ALTERED)
def test_changes_that_need_a_fresh_server(mysqld_alone: MySQLServer, what: str) -> None:
    state = read_state(mysqld_alone, as_loaded=True)
    statement, line = ALTERED[what]
    mysqld_alone.execute(statement)
    result = reset.put_back(mysqld_alone, state)
    assert result.found == result.stays == (line,)


mysqld_alone = factories.mysqld(load=fill, options={"port": 3313}, scope="function")


def test_new_objects_are_dropped(server: MySQLServer, put_back: Callable[[], ResetResult]) -> None:
    for statement in (
        "CREATE TABLE shop.more (id INT, FOREIGN KEY (id) REFERENCES shop.parent (id))",
        "CREATE VIEW shop.another AS SELECT 1",
        "CREATE FUNCTION shop.one() RETURNS INT DETERMINISTIC RETURN 1",
        "CREATE EVENT shop.later ON SCHEDULE EVERY 1 DAY DO SELECT 1",
        "ALTER SCHEMA shop COLLATE utf8mb4_bin",
        "CREATE TRIGGER shop.more BEFORE UPDATE ON shop.twins FOR EACH ROW SET NEW.v = 1",
    ):
        server.execute(statement)
    assert {
        "table shop.more is new",
        "view shop.another is new",
        "function shop.one is new",
        "trigger shop.more is new",
        "event shop.later is new",
        "schema shop is changed",
    } == {line for line in put_back().found if "mysql." not in line}  # without MariaDB's tables of routines and events


def test_without_a_write_no_definition_is_read(server: MySQLServer, put_back: Callable[[], ResetResult]) -> None:
    def definitions_read() -> int:
        ((count,),) = server._administrator.ask("SHOW GLOBAL STATUS LIKE 'Com_show_create_table'")
        return int(count[1] or 0)

    put_back()
    before = definitions_read()
    for statement in ("SELECT * FROM shop.parent", "SET @a = 1", "BEGIN", "SELECT 1 FOR UPDATE", "COMMIT"):
        server.execute(statement)
    assert put_back().found == ()
    assert definitions_read() == before
    server.execute("DELETE FROM shop.parent WHERE id = 77")
    assert put_back().found == ()
    assert definitions_read() > before


def test_a_later_commit_of_a_wider_connection_is_found(server: MySQLServer, loaded: tuple[State, list[object]]) -> None:
    wider = server.connect()
    try:
        with wider.cursor() as cursor:
            cursor.execute("START TRANSACTION")
            cursor.execute("INSERT INTO shop.parent VALUES (50)")
        state = read_state(server)
        wider.commit()
        result = reset.put_back(server, state)
        assert result.found == ("table shop.parent is changed",)
    finally:
        wider.close()
    assert reset.put_back(server, loaded[0]).stays == ()
    assert picture(server) == loaded[1]


def test_an_unwritten_large_table_is_not_read(server: MySQLServer, put_back: Callable[[], ResetResult]) -> None:
    def rows_read() -> int:
        ((count,),) = server._administrator.ask(
            "SHOW GLOBAL STATUS WHERE Variable_name IN ('Innodb_rows_read', 'Rows_read')"
        )
        return int(count[1] or 0)

    put_back()
    server.execute("DELETE FROM shop.parent WHERE id = 77")
    put_back()
    before = rows_read()
    server.execute("DELETE FROM shop.parent WHERE id = 77")
    put_back()
    assert rows_read() - before < _LARGE
    server.execute("UPDATE shop.large SET v = 'y' WHERE id = 7")
    assert put_back().found == ("table shop.large is changed",)
