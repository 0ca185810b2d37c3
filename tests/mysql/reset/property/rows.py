"""Random statements that write rows."""

from __future__ import annotations

from .dice import Dice
from .onekind import MARIADB_ALONE, MYSQL_ALONE
from .shapes import Shapes, TableShape, quoted

Statements = list[str]


def insert(dice: Dice, shapes: Shapes) -> Statements:
    """Insert, replace, or update on a duplicate key: one row or several."""
    table = dice.choice(shapes.tables)
    columns = dice.sample(table.writable, dice.randint(1, len(table.writable)))
    names = ", ".join(column.title for column in columns)
    rows = ", ".join(
        f"({', '.join(dice.value(column) for column in columns)})" for _ in range(dice.pick(1, 1, 1, 2, 5))
    )
    verb = dice.pick("INSERT INTO", "INSERT INTO", "INSERT IGNORE INTO", "REPLACE INTO", "INSERT IGNORE INTO")
    statement = f"{verb} {table.title} ({names}) VALUES {rows}"
    if verb.startswith("INSERT") and dice.happens(0.2):
        column = dice.choice(table.writable)
        statement += f" ON DUPLICATE KEY UPDATE {column.title} = {dice.value(column)}"
    return [statement]


def insert_nothing_named(dice: Dice, shapes: Shapes) -> Statements:
    """Insert a row of defaults."""
    return [f"INSERT IGNORE INTO {dice.choice(shapes.tables).title} () VALUES ()"]


def insert_and_delete(dice: Dice, shapes: Shapes) -> Statements:
    """Insert a row and delete it: only AUTO_INCREMENT changes."""
    table = dice.choice([one for one in shapes.tables if any("int" in column.kind for column in one.columns)])
    column = next(column for column in table.columns if "int" in column.kind)
    return [
        f"INSERT IGNORE INTO {table.title} ({column.title}) VALUES (90)",
        f"DELETE FROM {table.title} WHERE {column.title} = 90",
    ]


def insert_select(dice: Dice, shapes: Shapes) -> Statements:
    """Insert the rows of one table into another."""
    table, other = dice.choice(shapes.tables), dice.choice(shapes.tables)
    columns = dice.sample(table.writable, min(len(table.writable), len(other.columns), dice.randint(1, 3)))
    names = ", ".join(column.title for column in columns)
    given = ", ".join(column.title for column in dice.sample(other.columns, len(columns)))
    verb = dice.pick("INSERT IGNORE", "REPLACE", "INSERT IGNORE")
    return [
        f"{verb} INTO {table.title} ({names}) SELECT {given} FROM {other.title} ORDER BY 1 LIMIT {dice.pick(1, 5, 50)}"
    ]


def update(dice: Dice, shapes: Shapes) -> Statements:
    """Update some columns of some rows."""
    table = dice.choice(shapes.tables)
    changes = ", ".join(f"{column.title} = {dice.value(column)}" for column in dice.some(table.writable))
    ignore = dice.pick("", "", "IGNORE ")
    limit = dice.pick("", "", " LIMIT 1") if not table.partitions else ""
    return [f"UPDATE {ignore}{table.title} SET {changes}{dice.condition(table)}{limit}"]


def nudge(dice: Dice, shapes: Shapes) -> Statements:
    """Change values by the smallest possible amount."""
    return [
        dice.pick(
            "UPDATE shop.floats SET f = f + 0.0000001",
            "UPDATE shop.floats SET d = d + 2e-16 WHERE id = 2",
            "UPDATE shop.floats SET d = -d, f = -f WHERE id = 3",
            "UPDATE shop.floats SET e = 0.1, f = e",
            "UPDATE shop.floats SET d = NULL WHERE id = 3",
            "UPDATE shop.kinds SET single = -single, twice = -twice",
            "UPDATE shop.kinds SET amount = amount + 0.0000000001",
            "UPDATE shop.kinds SET fixed = UPPER(fixed)",
            "UPDATE shop.kinds SET doc = '[1.0]' WHERE doc = CAST('[]' AS JSON)"
            if not shapes.is_mariadb
            else "UPDATE shop.kinds SET doc = '[ ]' WHERE id = 2",
            "UPDATE shop.kinds SET hour = hour + 0.001 WHERE id = 1",
            "UPDATE shop.kinds SET bits = 2 WHERE id = 7",
            "UPDATE shop.kinds SET choice = NULL WHERE id = 2",
            "UPDATE shop.kinds SET many = 'y,z z' WHERE id = 7",
            "UPDATE shop.twice SET b = 'a', c = 'bc' WHERE b = 'ab'",
            "UPDATE shop.twice SET b = c, c = '' WHERE b = ''",
            "UPDATE shop.twice SET b = '' WHERE b IS NULL LIMIT 1",
            "UPDATE shop.twice SET a = 3 WHERE a = 1 LIMIT 1",
            "UPDATE shop.customers SET name = 'a', surname = 'bc' WHERE id = 1",
            "UPDATE shop.customers SET name = NULL WHERE name = ''",
            "UPDATE shop.customers SET mail = CONCAT(mail, ' ') WHERE id = 10",
            "UPDATE shop.thousands SET a = a + 1 WHERE id = 777",
            "UPDATE shop.large SET body = CONCAT('z', SUBSTRING(body, 2)) WHERE id = 600",
            "UPDATE shop.thousands SET id = id + 100000 ORDER BY id DESC LIMIT 2",
            "UPDATE shop.isam SET b = NULL WHERE b = ''",
            "UPDATE `Grüße`.`Ärger` SET `Ort` = 'Koln' WHERE `Ort` = 'Köln'",
        )
    ]


def swap(dice: Dice, shapes: Shapes) -> Statements:
    """Swap values of two columns or of two rows: sums over the table stay."""
    return dice.pick(
        ["UPDATE shop.twice SET b = (@b := b), b = c, c = @b"],
        ["UPDATE shop.customers SET surname = (@n := surname), surname = name, name = @n"],
        ["UPDATE shop.thousands SET a = CASE id WHEN 5 THEN 2 WHEN 6 THEN 1 ELSE a END WHERE id IN (5, 6)"],
        [
            "UPDATE shop.thousands SET id = -1 WHERE id = 3",
            "UPDATE shop.thousands SET id = 3 WHERE id = 4",
            "UPDATE shop.thousands SET id = 4 WHERE id = -1",
        ],
        ["UPDATE shop.numbered SET v = 3 - v"],
        ["UPDATE shop.staff SET name = CASE id WHEN 2 THEN 'third' WHEN 3 THEN 'second' ELSE name END"],
        ["UPDATE shop.`case` a, shop.`CASE` b SET a.v = b.v, b.v = 'a' WHERE a.id = b.id"],
        ["UPDATE shop.isam SET a = CASE id WHEN 1 THEN 'two words' WHEN 2 THEN 'one' END"],
    )


def delete(dice: Dice, shapes: Shapes) -> Statements:
    """Delete some rows."""
    table = dice.choice(shapes.tables)
    ignore = dice.pick("", "", "IGNORE ")
    limit = dice.pick("", "", " LIMIT 1") if not table.partitions else ""
    return [f"DELETE {ignore}FROM {table.title}{dice.condition(table)}{limit}"]


def cascade(dice: Dice, shapes: Shapes) -> Statements:
    """Write to a table that others refer to."""
    statements = (
        "DELETE FROM shop.customers WHERE id = 1",
        "DELETE FROM shop.customers",
        "UPDATE shop.customers SET id = id + 100 ORDER BY id DESC",
        "DELETE FROM shop.regions WHERE id = 2",
        "UPDATE shop.regions SET id = 77 WHERE id = 1",
        "DELETE FROM shop.orders WHERE id = 11",
        "UPDATE shop.orders SET id = id + 1000 WHERE id > 12",
        "DELETE FROM shop.items WHERE line = 1",
        "UPDATE shop.items SET line = 9 WHERE line = 1",
        "DELETE FROM shop.staff WHERE id = 2",
        "DELETE FROM shop.rooms WHERE id = 1",
        "DELETE FROM `Grüße`.`Empfänger` WHERE `Schlüssel` = 5",
        "DELETE FROM `Grüße`.`Empfänger`",
        "REPLACE INTO shop.customers (id, name) VALUES (1, 'again')",
        "REPLACE INTO shop.regions VALUES (2, 'again')",
        "DELETE FROM shop.watched WHERE id = 1",
        "DELETE FROM shop.watched",
        "DELETE FROM shop.watched_isam WHERE id = 1",
        "INSERT INTO shop.watched_isam VALUES (77, 7)",
        "INSERT INTO shop.watched (v) VALUES (7), (8)",
        "UPDATE shop.watched SET v = v + 1",
    )
    return dice.some(statements, 2)


def several_tables(dice: Dice, shapes: Shapes) -> Statements:
    """Update or delete rows of several tables at once."""
    first, second = dice.sample(shapes.tables, 2)
    if dice.happens(0.4):
        return [
            dice.pick(
                "UPDATE shop.customers c JOIN shop.orders o ON o.customer = c.id SET c.name = 'joined', o.note = 'x'",
                "DELETE c, o FROM shop.customers c JOIN shop.orders o ON o.customer = c.id WHERE c.id = 2",
                "DELETE FROM i USING shop.items i LEFT JOIN shop.shipments s USING (order_id, line) WHERE s.id IS NULL",
                "DELETE t, s FROM shop.by_two t, shop.by_two_swap s",
                "UPDATE shop.names SET name = 'by view' WHERE id = 2",
                "DELETE FROM shop.names WHERE id = 3",
                "UPDATE shop.open_orders SET name = 'by join' WHERE id = 11",
                "UPDATE `Grüße`.`Sicht` SET `Kunde` = 9 WHERE `Kunde` = 1",
                "INSERT INTO shop.`both` (id, a) VALUES (8, 'merge')",
                "UPDATE shop.`both` SET a = 'all'",
                "DELETE FROM shop.`both` WHERE id = 2",
            )
        ]
    column, other = dice.choice(first.writable), dice.choice(second.writable)
    if dice.happens(0.5):
        return [
            f"UPDATE {first.title} x, {second.title} y SET x.{column.title} = {dice.value(column)},"
            f" y.{other.title} = {dice.value(other)}"
        ]
    return [f"DELETE x, y FROM {first.title} x, {second.title} y"]


def call(dice: Dice, shapes: Shapes) -> Statements:
    """Write by routines, functions and prepared statements."""
    return dice.pick(
        ["CALL shop.add_customer('called', @n)"],
        ["CALL shop.shuffle()"],
        ["CALL `Grüße`.`lösche`()"],
        ["SELECT shop.bump(5)"],
        ["SELECT shop.bump(id) FROM shop.regions"],
        ["INSERT IGNORE INTO shop.nothing (b) SELECT shop.bump(1) FROM shop.regions"],
        ["SET @x = shop.bump(2)"],
        ["DO shop.bump(3)"],
        [f"CALL shop.run_it({_text(insert(dice, shapes)[0])})"],
        [f"CALL shop.run_it({_text(delete(dice, shapes)[0])})"],
        [f"PREPARE s FROM {_text(update(dice, shapes)[0])}", "EXECUTE s", "EXECUTE s"],
        ["PREPARE s FROM 'DELETE FROM shop.customers WHERE id = ?'", "SET @id = 2", "EXECUTE s USING @id"],
        [
            "CREATE PROCEDURE shop.new_one() DELETE FROM shop.regions",
            "CALL shop.new_one()",
            "DROP PROCEDURE shop.new_one",
        ],
        ["CALL shop.tools.erase()"] if shapes.is_mariadb else ["CALL shop.run_it('TRUNCATE shop.gone')"],
        ["SELECT NEXTVAL(shop.counter)"] if shapes.is_mariadb else ["CALL shop.run_it('DROP TABLE shop.gone')"],
        ["SHOW TABLES IN shop WHERE shop.bump(1)"],
        ["CALL shop.run_it(CONCAT('DELETE FROM shop.gone LIMIT ', shop.bump(1)))"],
        ["EXPLAIN ANALYZE SELECT shop.bump(id) FROM shop.regions"]
        if not shapes.is_mariadb
        else ["ANALYZE DELETE FROM shop.gone"],
        dice.choice(MARIADB_ALONE if shapes.is_mariadb else MYSQL_ALONE),
        dice.choice(MARIADB_ALONE if shapes.is_mariadb else MYSQL_ALONE),
    )


def load_data(dice: Dice, shapes: Shapes) -> Statements:
    """Write rows of a table to a file, and load the file into that table or into another."""
    table: TableShape = dice.choice(shapes.tables)
    other = dice.choice(shapes.tables) if dice.happens(0.5) else table
    name = f"./rows{dice.randint(1, 10**9)}.txt"
    return [
        f"SELECT * FROM {table.title} LIMIT 20 INTO OUTFILE '{name}'",
        f"LOAD DATA INFILE '{name}' {dice.pick('REPLACE', 'IGNORE', '')} INTO TABLE {other.title}",
    ]


def lock(dice: Dice, shapes: Shapes) -> Statements:
    """Write under LOCK TABLES."""
    table = dice.choice(shapes.tables)
    unlock = ["UNLOCK TABLES"] if dice.happens(0.7) else []
    return [f"LOCK TABLES {table.title} WRITE", f"DELETE FROM {table.title}{dice.condition(table)}", *unlock]


def empty(dice: Dice, shapes: Shapes) -> Statements:
    """Remove all rows."""
    table = dice.choice(shapes.tables)
    return [f"{dice.pick('TRUNCATE TABLE', 'DELETE FROM')} {table.title}"]


def handle(dice: Dice, shapes: Shapes) -> Statements:
    """Read in unusual ways."""
    table = dice.choice(shapes.tables)
    return dice.pick(
        [f"HANDLER {table.title} OPEN AS h", "HANDLER h READ FIRST"],
        [f"SELECT * FROM {table.title} LIMIT 3 FOR UPDATE"],
        [f"SELECT COUNT(*) FROM {table.title}"],
        [f"SHOW CREATE TABLE {table.title}", "SHOW WARNINGS"],
        [f"CHECK TABLE {table.title}", f"CHECKSUM TABLE {table.title}"],
        [f"USE {quoted(table.schema)}", f"DESCRIBE {quoted(table.name)}"],
    )


def _text(statement: str) -> str:
    return "'" + statement.replace("\\", "\\\\").replace("'", "''") + "'"


ROWS = (
    (14, insert),
    (3, insert_nothing_named),
    (3, insert_and_delete),
    (5, insert_select),
    (12, update),
    (10, nudge),
    (6, swap),
    (10, delete),
    (12, cascade),
    (6, several_tables),
    (10, call),
    (3, load_data),
    (2, lock),
    (4, empty),
    (3, handle),
)
