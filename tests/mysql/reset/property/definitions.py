"""Random statements that create, alter and drop."""

from __future__ import annotations

from .dice import Dice
from .rows import Statements
from .shapes import Shapes, TableShape, quoted


def alter_table(dice: Dice, shapes: Shapes) -> Statements:
    """Alter a table in one of many ways."""
    table = dice.choice(shapes.tables)
    column = dice.choice(table.columns)
    other = dice.choice(table.columns)
    algorithm = dice.pick("", "", "", ", ALGORITHM = INPLACE", ", ALGORITHM = INSTANT", ", ALGORITHM = COPY")
    change = dice.pick(
        f"ADD COLUMN added_{dice.randint(1, 3)} INT {dice.pick('', 'FIRST', 'DEFAULT 5', 'NOT NULL')}",
        f"DROP COLUMN {column.title}",
        f"MODIFY {column.title} {column.full} {dice.pick('', 'NOT NULL', 'FIRST', 'INVISIBLE')}",
        f"CHANGE {column.title} {dice.fresh_name()} {column.full}",
        f"RENAME COLUMN {column.title} TO {dice.fresh_name()}",
        f"ALTER COLUMN {column.title} SET DEFAULT {dice.value(column)}",
        f"ALTER COLUMN {column.title} DROP DEFAULT",
        f"ADD INDEX {dice.fresh_name()} ({column.title})",
        f"ADD UNIQUE {dice.fresh_name()} ({column.title}, {other.title})",
        "DROP PRIMARY KEY",
        f"COMMENT = {dice.word()}",
        f"AUTO_INCREMENT = {dice.pick(1, 55, 5000, 123456)}",
        f"ENGINE = {dice.pick('InnoDB', 'MyISAM', 'MEMORY', table.engine or 'InnoDB')}",
        "FORCE",
        f"ROW_FORMAT = {dice.pick('DYNAMIC', 'COMPACT', 'REDUNDANT')}",
        "CONVERT TO CHARACTER SET utf8mb4",
        "DEFAULT CHARACTER SET latin1",
        "DISABLE KEYS",
        f"ADD CONSTRAINT new_check CHECK ({column.title} IS NULL OR 1 = 1)",
        f"ORDER BY {column.title} DESC",
        f"STATS_PERSISTENT = {dice.pick(0, 1)}",
        f"PARTITION BY HASH ({column.title}) PARTITIONS 2",
        "REMOVE PARTITIONING",
        f"ADD COLUMN made INT AS (1) {dice.pick('VIRTUAL', 'STORED')}",
        f"RENAME TO {quoted(dice.choice(shapes.schemas))}.{dice.fresh_name()}",
        "CONVERT TO CHARACTER SET latin1",
        "RENAME INDEX by_a TO by_b",
    )
    return [f"ALTER TABLE {table.title} {change}{algorithm if 'PARTITION' not in change else ''}"]


def alter_and_back(dice: Dice, shapes: Shapes) -> Statements:
    """Alter a table and alter it back to the same definition."""
    table = dice.choice(shapes.tables)
    aside = f"{quoted(dice.choice(shapes.schemas))}.`aside`"
    return dice.pick(
        [f"ALTER TABLE {table.title} ADD COLUMN z INT", f"ALTER TABLE {table.title} DROP COLUMN z"],
        [f"RENAME TABLE {table.title} TO {aside}", f"RENAME TABLE {aside} TO {table.title}"],
        [f"ALTER TABLE {table.title} COMMENT = 'x'", f"ALTER TABLE {table.title} COMMENT = ''"],
        [
            f"RENAME TABLE {table.title} TO {aside}",
            f"CREATE TABLE {table.title} LIKE {aside}",
            f"INSERT INTO {table.title} SELECT * FROM {aside}",
            f"DROP TABLE {aside}",
        ],
        [
            f"CREATE TABLE {aside} LIKE {table.title}",
            f"RENAME TABLE {table.title} TO `shop`.`third`, {aside} TO {table.title}, `shop`.`third` TO {aside}",
        ],
        ["ALTER TABLE shop.numbered AUTO_INCREMENT = 9", "ALTER TABLE shop.numbered AUTO_INCREMENT = 2000000000"],
        ["INSERT INTO shop.gone (v) VALUES (1)", "DELETE FROM shop.gone ORDER BY id DESC LIMIT 1"],
    )


def rename(dice: Dice, shapes: Shapes) -> Statements:
    """Rename a table, also into another schema, or swap the names of two tables."""
    first, second = dice.sample(shapes.tables, 2)
    return dice.pick(
        [f"RENAME TABLE {first.title} TO {quoted(dice.choice(shapes.schemas))}.{dice.fresh_name()}"],
        [
            f"RENAME TABLE {first.title} TO `shop`.`third`, {second.title} TO {first.title},"
            f" `shop`.`third` TO {second.title}"
        ],
        ["RENAME TABLE shop.isam TO shop.t3, shop.isam_same TO shop.isam, shop.t3 TO shop.isam_same"],
        ["RENAME TABLE shop.merged TO shop.t3, shop.merged_too TO shop.merged, shop.t3 TO shop.merged_too"],
        ["RENAME TABLE shop.`case` TO shop.t3, shop.`CASE` TO shop.`case`, shop.t3 TO shop.`CASE`"],
    )


def create(dice: Dice, shapes: Shapes) -> Statements:
    """Create a table, and perhaps write to it."""
    name = f"{quoted(dice.choice(shapes.schemas))}.{dice.fresh_name()}"
    table = dice.choice(shapes.tables)
    temporary = dice.pick("", "", "", "TEMPORARY ")
    engine = dice.pick("InnoDB", "MyISAM", "CSV")
    statement = dice.pick(
        f"CREATE {temporary}TABLE {name} (a INT PRIMARY KEY, b VARCHAR(9)) ENGINE = {engine}",
        f"CREATE {temporary}TABLE {name} LIKE {table.title}",
        f"CREATE {temporary}TABLE {name} AS SELECT * FROM {table.title} LIMIT 5",
        f"CREATE TABLE {name} (c INT, FOREIGN KEY (c) REFERENCES shop.customers (id) ON DELETE CASCADE)",
        f"CREATE TABLE {name} (a INT) PARTITION BY HASH (a) PARTITIONS 3",
        f"CREATE TEMPORARY TABLE {table.title} (a INT)",
        f"CREATE OR REPLACE TABLE {table.title} (a INT)"
        if shapes.is_mariadb
        else f"CREATE TABLE {name} (a JSON, FULLTEXT (b), b TEXT)",
    )
    return [statement, *([f"INSERT INTO {name} VALUES (1, 2)"] if dice.happens(0.3) else [])]


def create_others(dice: Dice, shapes: Shapes) -> Statements:
    """Create, replace, alter or drop views, triggers, routines, events, schemas."""
    table = dice.choice(shapes.tables)
    name = f"{quoted(table.schema)}.{dice.fresh_name()}"
    kind, routine = dice.choice(shapes.routines)
    view = dice.choice(shapes.others["VIEW"])
    trigger = dice.choice(shapes.others["TRIGGER"])
    event = dice.choice(shapes.others["EVENT"])
    schema = quoted(dice.choice(shapes.schemas))
    change = dice.pick("ENABLE", "DISABLE", "COMMENT 'changed'", "RENAME TO shop.renamed", "DO SET @a = 1")
    timing = f"{dice.pick('BEFORE', 'AFTER')} {dice.pick('INSERT', 'UPDATE', 'DELETE')}"
    body = f"INSERT INTO shop.audit (what) VALUES ({dice.word()})"
    return dice.pick(
        [f"CREATE VIEW {name} AS SELECT * FROM {table.title}"],
        [f"CREATE OR REPLACE VIEW {view} AS SELECT 1 AS id, 2 AS name"],
        [f"CREATE OR REPLACE VIEW {table.title} AS SELECT 1"],
        [f"ALTER SQL SECURITY INVOKER VIEW {view} AS SELECT 1 AS id"],
        [f"DROP VIEW {view}"],
        [f"CREATE TRIGGER {name} {timing} ON {table.title} FOR EACH ROW {body}"],
        [f"CREATE TRIGGER {name} {timing} ON {table.title} FOR EACH ROW {body}", f"DELETE FROM {table.title}"],
        [
            f"CREATE TRIGGER {name} {timing} ON {table.title} FOR EACH ROW {body}",
            f"DELETE FROM {table.title}",
            f"DROP TRIGGER {name}",
        ],
        [f"DROP TRIGGER {trigger}"],
        [f"DROP TRIGGER {trigger}", "DELETE FROM shop.watched", "UPDATE shop.regions SET name = 'x'"],
        ["CREATE TRIGGER shop.first BEFORE INSERT ON shop.watched FOR EACH ROW PRECEDES watched_bi SET @x = 1"],
        [f"ALTER {kind} {routine} COMMENT {dice.word()}"],
        [f"ALTER {kind} {routine} SQL SECURITY INVOKER"],
        [f"DROP {kind} {routine}"],
        [f"CREATE PROCEDURE {name}(a INT) {dice.pick('SELECT a', body)}"],
        [f"CREATE FUNCTION {name}() RETURNS INT DETERMINISTIC RETURN 1"],
        [f"CREATE EVENT {name} ON SCHEDULE EVERY 1 SECOND DO {body}"],
        [f"CREATE EVENT {name} ON SCHEDULE EVERY 1 DAY DISABLE DO {body}"],
        [f"CREATE EVENT {name} ON SCHEDULE AT CURRENT_TIMESTAMP DO DELETE FROM {table.title}", "DO SLEEP(0.05)"],
        [f"ALTER EVENT {event} {change}"],
        ["ALTER EVENT shop.quiet ON SCHEDULE EVERY 1 SECOND ENABLE", "DO SLEEP(0.05)"],
        [f"DROP EVENT {event}"],
        [f"CREATE SCHEMA {dice.fresh_name()}"],
        [f"DROP SCHEMA {schema}"],
        [f"DROP SCHEMA {schema}", f"CREATE SCHEMA {schema}"],
        [f"ALTER SCHEMA {schema} CHARACTER SET {dice.pick('latin1', 'utf8mb4', 'ascii')}"],
        [f"ALTER SCHEMA {schema} {'COMMENT = ' + dice.word() if shapes.is_mariadb else 'READ ONLY = 1'}"],
    )


def drop(dice: Dice, shapes: Shapes) -> Statements:
    """Drop tables, and perhaps create one of the same name again."""
    table = dice.choice(shapes.tables)
    again = [f"CREATE TABLE {table.title} (a INT)"] if dice.happens(0.3) else []
    return [f"DROP TABLE {table.title}", *again]


def index(dice: Dice, shapes: Shapes) -> Statements:
    """Create and drop indexes."""
    table = dice.choice(shapes.tables)
    column = dice.choice(table.columns)
    return dice.pick(
        [f"CREATE INDEX new_one ON {table.title} ({column.title})"],
        [f"CREATE INDEX new_one ON {table.title} ({column.title})", f"DROP INDEX new_one ON {table.title}"],
        ["DROP INDEX by_a ON shop.hidden"],
        ["DROP INDEX by_article ON shop.items"],
        ["CREATE FULLTEXT INDEX new_words ON shop.isam (a, b)"],
        ["ALTER TABLE shop.hidden ALTER INDEX by_a VISIBLE"],
    )


def partition(dice: Dice, shapes: Shapes) -> Statements:
    """Change partitions in every possible way."""
    table: TableShape = dice.choice([one for one in shapes.tables if one.partitions])
    part = quoted(dice.choice(table.partitions))
    if dice.happens(0.6):
        return [
            f"ALTER TABLE {table.title} "
            + dice.pick(
                f"TRUNCATE PARTITION {part}",
                f"DROP PARTITION {part}",
                f"REBUILD PARTITION {part}",
                f"OPTIMIZE PARTITION {part}",
                f"ANALYZE PARTITION {part}",
                "COALESCE PARTITION 1",
                "ADD PARTITION PARTITIONS 1",
                "REMOVE PARTITIONING",
            )
        ]
    return [
        dice.pick(
            "ALTER TABLE shop.by_range EXCHANGE PARTITION p0 WITH TABLE shop.by_range_swap",
            "ALTER TABLE shop.by_range EXCHANGE PARTITION p1 WITH TABLE shop.by_range_swap WITHOUT VALIDATION",
            "ALTER TABLE shop.by_two EXCHANGE PARTITION oldsp0 WITH TABLE shop.by_two_swap",
            "ALTER TABLE shop.by_range REORGANIZE PARTITION p0, p1 INTO (PARTITION p1 VALUES LESS THAN (100))",
            "ALTER TABLE shop.by_range REORGANIZE PARTITION p0 INTO"
            " (PARTITION n0 VALUES LESS THAN (5), PARTITION n1 VALUES LESS THAN (10))",
            "ALTER TABLE shop.by_list ADD PARTITION (PARTITION more VALUES IN (6, 7))",
            "ALTER TABLE shop.by_list PARTITION BY KEY (kind) PARTITIONS 2",
            "ALTER TABLE `склад#p#ёж`.`по частям` TRUNCATE PARTITION `до`",
            "DELETE FROM shop.by_two PARTITION (old)",
            "INSERT INTO shop.by_range PARTITION (p0) VALUES (9, 'p')",
        )
    ]


def tablespace(dice: Dice, shapes: Shapes) -> Statements:
    """Discard a tablespace, or export one."""
    table = dice.choice([one for one in shapes.tables if one.engine == "InnoDB"])
    return dice.pick(
        [f"ALTER TABLE {table.title} DISCARD TABLESPACE"],
        [f"FLUSH TABLES {table.title} FOR EXPORT"],
        [f"FLUSH TABLES {table.title} FOR EXPORT", "UNLOCK TABLES"],
        ["CREATE TABLESPACE other ADD DATAFILE 'other.ibd'"] if not shapes.is_mariadb else ["FLUSH TABLES"],
        [f"ALTER TABLE {table.title} TABLESPACE innodb_system"] if not shapes.is_mariadb else ["FLUSH TABLES"],
    )


def maintain(dice: Dice, shapes: Shapes) -> Statements:
    """Analyze, optimize, repair and flush tables."""
    table = dice.choice(shapes.tables)
    column = dice.choice(table.columns)
    return dice.pick(
        [f"ANALYZE TABLE {table.title}"],
        [f"OPTIMIZE TABLE {table.title}"],
        [f"REPAIR TABLE {table.title}"],
        [f"ANALYZE TABLE {table.title} UPDATE HISTOGRAM ON {column.title} WITH 3 BUCKETS"]
        if not shapes.is_mariadb
        else [f"ANALYZE TABLE {table.title} PERSISTENT FOR ALL"],
        ["ANALYZE TABLE shop.histogrammed DROP HISTOGRAM ON a"] if not shapes.is_mariadb else ["FLUSH TABLES"],
        ["FLUSH TABLES"],
        [f"FLUSH TABLES {table.title}"],
        ["FLUSH STATUS"],
        ["FLUSH LOGS"],
        ["FLUSH PRIVILEGES"],
    )


DEFINITIONS = (
    (14, alter_table),
    (8, alter_and_back),
    (5, rename),
    (8, create),
    (14, create_others),
    (4, drop),
    (4, index),
    (8, partition),
    (2, tablespace),
    (8, maintain),
)
