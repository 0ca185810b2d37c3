"""Statements that write rows and that one kind of server alone understands."""

from __future__ import annotations

MARIADB_ALONE = (
    ["EXECUTE IMMEDIATE 'DELETE FROM shop.staff'"],
    ["BEGIN NOT ATOMIC DELETE FROM shop.twice LIMIT 1; INSERT INTO shop.gone (v) VALUES (5); END"],
    ["DELETE FROM shop.regions WHERE id > 1 RETURNING id"],
    ["INSERT INTO shop.customers (name) VALUES ('returned') RETURNING id"],
    ["SELECT NEXT VALUE FOR shop.counter, NEXTVAL(shop.counter)"],
    ["SELECT SETVAL(shop.counter, 5000)"],
    ["DO NEXTVAL(shop.counter)"],
    ["SET @x = NEXTVAL(shop.counter)"],
    ["ALTER SEQUENCE shop.counter RESTART 3"],
    ["INSERT INTO shop.from_sequence (v) VALUES (1), (2)"],
    ["SET STATEMENT foreign_key_checks = 0 FOR DELETE FROM shop.regions"],
    ["DELETE HISTORY FROM shop.versioned"],
    ["UPDATE shop.versioned SET v = v + 1"],
    ["SET SESSION system_versioning_alter_history = KEEP", "ALTER TABLE shop.versioned ADD COLUMN x INT"],
    ["CREATE OR REPLACE SEQUENCE shop.counter"],
    ["DROP SEQUENCE shop.counter"],
    ["INSERT INTO shop.counter VALUES (99, 1, 1000, 7, 1, 1, 0, 0)"],
)
MYSQL_ALONE = (
    ["TABLE shop.staff"],
    ["INSERT INTO shop.twice TABLE shop.twice LIMIT 2"],
    ["INSERT INTO shop.nothing VALUES ROW(1, 'a', 2), ROW(2, NULL, 3)"],
    ["WITH c AS (SELECT MAX(id) id FROM shop.gone) DELETE g FROM shop.gone g JOIN c USING (id)"],
    ["UPDATE shop.hidden SET doc = '[1, 2, 3]' WHERE id = 1"],
    ["UPDATE shop.hidden SET b = 9"],
    ["UPDATE shop.keyless SET my_row_id = my_row_id + 10 ORDER BY my_row_id DESC"],
    ["SET SESSION show_gipk_in_create_table_and_information_schema = OFF", "DELETE FROM shop.keyless LIMIT 1"],
    ["ALTER TABLE shop.hidden SET SECONDARY_ENGINE_ATTRIBUTE = '{}'"],
    ["IMPORT TABLE FROM 'nothing.sdi'"],
    ["INSERT INTO shop.hole VALUES (1, 'x')"],
)
