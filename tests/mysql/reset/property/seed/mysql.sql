-- What MySQL alone has.
SET NAMES utf8mb4;
SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION';
USE shop;
CREATE TABLE filed (a INT, b VARCHAR(100)) ENGINE = ARCHIVE;
INSERT INTO filed VALUES (1, 'one'), (2, NULL), (2, NULL);
CREATE TABLE hole (a INT, b VARCHAR(20)) ENGINE = BLACKHOLE;
CREATE TABLE hidden (
    id INT AUTO_INCREMENT PRIMARY KEY, a INT, b INT INVISIBLE DEFAULT 3, doc JSON DEFAULT (JSON_ARRAY(1)),
    place GEOMETRY NOT NULL SRID 4326,
    KEY by_a (a) INVISIBLE, KEY by_sum ((a + b)), KEY by_doc ((CAST(doc -> '$' AS UNSIGNED ARRAY))), SPATIAL KEY (place),
    CONSTRAINT small CHECK (a < 1000)
);
INSERT INTO hidden (id, a, b, doc, place) VALUES
    (1, 1, 2, '[1, 2]', ST_GeomFromText('POINT(1 2)', 4326)),
    (2, NULL, NULL, NULL, ST_GeomFromText('LINESTRING(0 0, 1 1)', 4326));
SET SESSION sql_generate_invisible_primary_key = ON;
CREATE TABLE keyless (a INT, b VARCHAR(10));
SET SESSION sql_generate_invisible_primary_key = OFF;
INSERT INTO keyless VALUES (1, 'a'), (1, 'a'), (2, NULL);
CREATE TABLE vectors (id INT PRIMARY KEY, v VECTOR(3));
INSERT INTO vectors VALUES (1, TO_VECTOR('[1, 2, 3]')), (2, NULL);
CREATE TABLESPACE many ADD DATAFILE 'many.ibd';
CREATE TABLE in_many (id INT PRIMARY KEY, v INT) TABLESPACE many;
INSERT INTO in_many VALUES (1, 1), (2, 2);
CREATE TABLE compressed (id INT PRIMARY KEY, v TEXT) ROW_FORMAT = COMPRESSED KEY_BLOCK_SIZE = 8;
INSERT INTO compressed VALUES (1, REPEAT('x', 3000)), (2, '');
CREATE TABLE histogrammed (a INT, b VARCHAR(5));
INSERT INTO histogrammed VALUES (1, 'x'), (2, 'y'), (2, 'y');
ANALYZE TABLE histogrammed UPDATE HISTOGRAM ON a WITH 4 BUCKETS;
CREATE ROLE auditor;
GRANT BACKUP_ADMIN, SESSION_VARIABLES_ADMIN ON *.* TO auditor;
GRANT auditor TO app@'%';
