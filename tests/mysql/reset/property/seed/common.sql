-- The seed of the property-based test, as MySQL and MariaDB both read it: tables of every shape, with rows.
SET NAMES utf8mb4;
SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION';
SET SESSION time_zone = '+00:00';

CREATE SCHEMA shop DEFAULT CHARACTER SET utf8mb4;
CREATE SCHEMA `odd ``name``%` DEFAULT CHARACTER SET latin1;
CREATE SCHEMA `1st.schema-x` DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE SCHEMA `Grüße` DEFAULT CHARACTER SET utf8mb4;
CREATE SCHEMA `склад#p#ёж` DEFAULT CHARACTER SET utf8mb4;
CREATE SCHEMA `empty` DEFAULT CHARACTER SET ascii;

USE shop;

-- Foreign keys: several levels, of each action, of a table to itself, from schema to schema.
CREATE TABLE regions (id INT PRIMARY KEY, name VARCHAR(20) NOT NULL DEFAULT '');
CREATE TABLE customers (
    id INT AUTO_INCREMENT PRIMARY KEY,
    region INT NULL,
    name VARCHAR(40),
    surname VARCHAR(40),
    mail VARCHAR(60) UNIQUE,
    FOREIGN KEY (region) REFERENCES regions (id) ON DELETE SET NULL ON UPDATE CASCADE
);
CREATE TABLE orders (
    id INT AUTO_INCREMENT PRIMARY KEY,
    customer INT NOT NULL,
    placed DATETIME(6),
    note TEXT,
    FOREIGN KEY (customer) REFERENCES customers (id) ON DELETE CASCADE ON UPDATE CASCADE
) AUTO_INCREMENT = 1001;
CREATE TABLE items (
    order_id INT,
    line SMALLINT,
    article VARCHAR(30),
    price DECIMAL(10, 2),
    PRIMARY KEY (order_id, line),
    KEY by_article (article),
    FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE TABLE shipments (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    order_id INT,
    line SMALLINT,
    sent TIMESTAMP NULL,
    CONSTRAINT of_item FOREIGN KEY (order_id, line) REFERENCES items (order_id, line)
        ON DELETE SET NULL ON UPDATE CASCADE
) AUTO_INCREMENT = 18446744073709000000;
CREATE TABLE staff (
    id INT AUTO_INCREMENT PRIMARY KEY,
    boss INT NULL,
    name VARCHAR(20),
    FOREIGN KEY (boss) REFERENCES staff (id) ON DELETE CASCADE
);
CREATE TABLE rooms (
    id INT PRIMARY KEY,
    next_room INT NULL,
    FOREIGN KEY (next_room) REFERENCES rooms (id) ON DELETE SET NULL
);
CREATE TABLE `Grüße`.`Empfänger` (
    `Schlüssel` INT AUTO_INCREMENT PRIMARY KEY,
    `Kunde` INT,
    `Text``e` VARCHAR(50),
    FOREIGN KEY (`Kunde`) REFERENCES shop.customers (id) ON DELETE CASCADE ON UPDATE SET NULL
) AUTO_INCREMENT = 77;
CREATE TABLE `склад#p#ёж`.`товар#p#один` (
    `код` INT AUTO_INCREMENT PRIMARY KEY,
    `имя` VARCHAR(30),
    `получатель` INT,
    FOREIGN KEY (`получатель`) REFERENCES `Grüße`.`Empfänger` (`Schlüssel`) ON DELETE CASCADE
);

INSERT INTO regions VALUES (1, 'north'), (2, 'south'), (3, ''), (0, 'zero'), (-5, 'minus');
INSERT INTO customers (id, region, name, surname, mail) VALUES
    (1, 1, 'ab', 'c', 'a@example.test'), (2, 1, 'a', 'bc', 'b@example.test'), (3, 2, NULL, '', NULL),
    (4, NULL, '', NULL, NULL), (9, 2, 'Bob; it''s "him"\n', '\\', 'c@example.test'), (10, 0, 'x', 'x', '');
INSERT INTO orders (id, customer, placed, note) VALUES
    (11, 1, '2026-01-02 03:04:05.000006', 'first'), (12, 1, NULL, NULL), (13, 2, '1000-01-01', ''),
    (14, 9, '9999-12-31 23:59:59.999999', REPEAT('long ', 200)), (15, 10, '2026-02-03', 'a/*b*/--c');
INSERT INTO items VALUES (11, 1, 'ab', 0.10), (11, 2, 'ab', -0.10), (12, 1, NULL, NULL), (13, 1, '', 99999999.99),
    (14, 7, 'z', 1), (15, 1, 'z', 2);
INSERT INTO shipments VALUES (1, 11, 1, '2026-01-02 03:04:05'), (2, 11, 2, NULL), (3, NULL, NULL, '1970-01-01 00:00:01'),
    (9223372036854775808, 15, 1, '2026-05-06 07:08:09');
INSERT INTO staff VALUES (1, NULL, 'head'), (2, 1, 'second'), (3, 2, 'third'), (4, 3, 'fourth'), (7, NULL, 'alone');
INSERT INTO rooms VALUES (1, NULL), (2, 1), (3, 2), (4, NULL);
UPDATE rooms SET next_room = 3 WHERE id = 1;
INSERT INTO `Grüße`.`Empfänger` VALUES (5, 1, 'Ä'), (6, 2, 'ab'), (70, NULL, NULL);
INSERT INTO `склад#p#ёж`.`товар#p#один` VALUES (1, 'ёж', 5), (2, 'уж', 6), (3, NULL, NULL);

-- Rows of every type, and without a primary key: some of them twice.
CREATE TABLE kinds (
    id INT AUTO_INCREMENT PRIMARY KEY,
    tiny TINYINT, big BIGINT UNSIGNED, amount DECIMAL(30, 10), single FLOAT, twice DOUBLE, bits BIT(11),
    fixed CHAR(5), bytes BINARY(4), varied VARBINARY(20), old VARCHAR(10) CHARACTER SET latin1 COLLATE latin1_general_cs,
    day DATE, hour TIME(3), moment DATETIME(2), stamp TIMESTAMP(1) NULL DEFAULT NULL, born YEAR,
    choice ENUM('a', 'b', '', 'ü'), many SET('x', 'y', 'z z'), doc JSON, place POINT, little TINYBLOB, large MEDIUMTEXT,
    added INT GENERATED ALWAYS AS (tiny + 1) VIRTUAL,
    kept VARCHAR(20) GENERATED ALWAYS AS (CONCAT(RTRIM(fixed), '-', tiny)) STORED,
    KEY by_added (added), KEY by_large (large(10)), FULLTEXT KEY words (large)
) AUTO_INCREMENT = 500;
INSERT INTO kinds (id, tiny, big, amount, single, twice, bits, fixed, bytes, varied, old, day, hour, moment, stamp,
        born, choice, many, doc, place, little, large) VALUES
    (1, 1, 1, 1.5, 0.1, 0.1, b'101', 'ab', 'ab', 'ab', 'é', '2026-01-02', '01:02:03.004', '2026-01-02 03:04:05.67',
        '2026-01-02 03:04:05.6', 2026, 'a', 'x,y', '{"a": [1, 2.0, "b", null]}', ST_GeomFromText('POINT(1 2)'),
        x'00FF27', 'the quick brown fox'),
    (2, -128, 18446744073709551615, -99999999999999999999.9999999999, -1e-30, 1e300, b'0', '', '', x'00', '', '1000-01-01',
        '-838:59:59', '1000-01-01', '1970-01-01 00:00:01', 0, '', '', '[]', NULL, '', ''),
    (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
        NULL, NULL),
    (4, 127, 0, 0, -0.0, -0.0, b'11111111111', 'a  ', 'a', 'a  ', 'a ', '9999-12-31', '838:59:59', '9999-12-31 23:59:59.99',
        NULL, 2155, 'ü', 'z z', '"\\u00e9"', ST_GeomFromText('POINT(-0.5 1e10)'), x'0A0D1A5C', 'x\0y\r\n\Z\\n'),
    (7, 5, 5, 5, 16777217, 16777217, b'1', 'AB', 'AB', 'AB', 'É', '2026-01-02', '00:00:00', '2026-01-02', NULL, 1901, 'A',
        'x', 'true', NULL, 'ab', 'Straße 🦔 ёж');
CREATE TABLE twice (a INT, b VARCHAR(10), c VARCHAR(10));
INSERT INTO twice VALUES (1, 'ab', 'c'), (1, 'ab', 'c'), (1, 'a', 'bc'), (NULL, NULL, NULL), (NULL, NULL, NULL),
    (NULL, '', NULL), (NULL, NULL, ''), (2, 'x', ''), (2, '', 'x');
CREATE TABLE floats (id INT PRIMARY KEY, f FLOAT, d DOUBLE, e FLOAT);
INSERT INTO floats VALUES (1, 0.1, 0.1, 1e-9), (2, 1.0000001, 1.0000000000000002, 3.4e38), (3, -0.0, -0.0, 0), (4, NULL, 0, NULL);
CREATE TABLE nothing (id INT AUTO_INCREMENT PRIMARY KEY, a VARCHAR(10) DEFAULT 'x', b INT DEFAULT 7);
CREATE TABLE numbered (id INT AUTO_INCREMENT PRIMARY KEY, v INT) AUTO_INCREMENT = 2000000000;
INSERT INTO numbered VALUES (5, 1), (3, 2);
CREATE TABLE gone (id INT AUTO_INCREMENT PRIMARY KEY, v INT);
INSERT INTO gone VALUES (1, 1), (2, 2), (30, 3);
DELETE FROM gone WHERE id = 30;
CREATE TABLE thousands (id INT PRIMARY KEY, a INT, b VARCHAR(50), KEY by_a (a));
INSERT INTO thousands SELECT x.n * 100 + y.n * 10 + z.n, (x.n * 37 + y.n * 11) % 17, CONCAT('row ', x.n, y.n, z.n)
    FROM (SELECT 0 n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6
          UNION SELECT 7 UNION SELECT 8 UNION SELECT 9 UNION SELECT 10 UNION SELECT 11 UNION SELECT 12) x,
         (SELECT 0 n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6
          UNION SELECT 7 UNION SELECT 8 UNION SELECT 9) y,
         (SELECT 0 n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6
          UNION SELECT 7 UNION SELECT 8 UNION SELECT 9) z;
CREATE TABLE large (id INT AUTO_INCREMENT PRIMARY KEY, a INT, body LONGBLOB);
INSERT INTO large (a, body) SELECT id, REPEAT(CHAR(65 + id % 26), 4000) FROM thousands WHERE id < 1150;
CREATE TABLE `case` (id INT PRIMARY KEY, v VARCHAR(5));
CREATE TABLE `CASE` (id INT PRIMARY KEY, v VARCHAR(5));
INSERT INTO `case` VALUES (1, 'a');
INSERT INTO `CASE` VALUES (1, 'A'), (2, 'B');

-- Other engines.
CREATE TABLE isam (id INT AUTO_INCREMENT PRIMARY KEY, a VARCHAR(20), b BLOB, FULLTEXT KEY words (a)) ENGINE = MyISAM;
INSERT INTO isam VALUES (1, 'one', 'x'), (2, 'two words', NULL), (9, NULL, '');
CREATE TABLE isam_same LIKE isam;
INSERT INTO isam_same VALUES (4, 'four', 'y');
CREATE TABLE isam_empty (a INT, b INT) ENGINE = MyISAM;
CREATE TABLE isam_group (kind VARCHAR(5), id INT AUTO_INCREMENT, v INT, PRIMARY KEY (kind, id)) ENGINE = MyISAM;
INSERT INTO isam_group VALUES ('a', 1, 1), ('a', 2, 2), ('b', 1, 1);
CREATE TABLE merged (id INT NOT NULL AUTO_INCREMENT, a VARCHAR(20), b BLOB, KEY (id)) ENGINE = MyISAM;
CREATE TABLE merged_too LIKE merged;
INSERT INTO merged VALUES (1, 'a', 'b');
INSERT INTO merged_too VALUES (2, 'b', NULL), (2, 'b', NULL);
CREATE TABLE `both` (id INT NOT NULL AUTO_INCREMENT, a VARCHAR(20), b BLOB, KEY (id))
    ENGINE = MERGE UNION = (merged, merged_too) INSERT_METHOD = LAST;
CREATE TABLE sheet (a INT NOT NULL, b VARCHAR(20) NOT NULL) ENGINE = CSV;
INSERT INTO sheet VALUES (1, 'one'), (2, 'two, "quoted"'), (2, '');
CREATE TABLE remembered (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(10)) ENGINE = MEMORY;
INSERT INTO remembered VALUES (3, 'lost');

-- Partitions of each kind, and tables to exchange them with.
CREATE TABLE by_range (id INT NOT NULL, v VARCHAR(20), PRIMARY KEY (id)) PARTITION BY RANGE (id) (
    PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (100), PARTITION `p#p#2` VALUES LESS THAN MAXVALUE);
CREATE TABLE by_range_swap (id INT NOT NULL, v VARCHAR(20), PRIMARY KEY (id));
CREATE TABLE by_list (kind INT NOT NULL, v INT) PARTITION BY LIST (kind) (
    PARTITION odd VALUES IN (1, 3, 5), PARTITION even VALUES IN (0, 2, 4));
CREATE TABLE by_hash (id INT AUTO_INCREMENT, v INT, PRIMARY KEY (id)) PARTITION BY HASH (id) PARTITIONS 3;
CREATE TABLE by_key (id INT AUTO_INCREMENT PRIMARY KEY, v INT) AUTO_INCREMENT = 40 PARTITION BY KEY () PARTITIONS 2;
CREATE TABLE by_two (id INT NOT NULL, day DATE NOT NULL, v INT) PARTITION BY RANGE (YEAR(day))
    SUBPARTITION BY HASH (id) SUBPARTITIONS 2 (
    PARTITION old VALUES LESS THAN (2020), PARTITION recent VALUES LESS THAN MAXVALUE);
CREATE TABLE by_two_swap (id INT NOT NULL, day DATE NOT NULL, v INT);
INSERT INTO by_range VALUES (1, 'a'), (50, 'b'), (51, NULL), (500, 'c');
INSERT INTO by_range_swap VALUES (3, 'swap'), (4, NULL);
INSERT INTO by_list VALUES (1, 1), (2, 2), (2, 2), (4, NULL);
INSERT INTO by_hash VALUES (1, 1), (2, 2), (3, 3), (7, 7);
INSERT INTO by_key VALUES (1, 1), (2, 2);
INSERT INTO by_two VALUES (1, '2019-01-01', 1), (2, '2021-01-01', 2), (3, '2022-01-01', NULL);

-- Names that files, patterns and quoting have trouble with.
CREATE TABLE `odd ``name``%`.`a ``b`` %s %` (`x y` INT AUTO_INCREMENT PRIMARY KEY, `%` VARCHAR(20), `a.b` INT);
INSERT INTO `odd ``name``%`.`a ``b`` %s %` VALUES (1, 'x', 2), (2, '%s', NULL);
CREATE TABLE `odd ``name``%`.`1.2` (`1` INT PRIMARY KEY, `select` VARCHAR(5));
INSERT INTO `odd ``name``%`.`1.2` VALUES (1, 'é'), (2, '');
CREATE TABLE `1st.schema-x`.`#sql-like` (id INT PRIMARY KEY, v TEXT);
INSERT INTO `1st.schema-x`.`#sql-like` VALUES (1, 'a');
CREATE TABLE `1st.schema-x`.`@0041` (id INT PRIMARY KEY, v INT) ENGINE = MyISAM;
INSERT INTO `1st.schema-x`.`@0041` VALUES (1, 1), (2, 2);
CREATE TABLE `1st.schema-x`.`t#p#p0` (id INT PRIMARY KEY, v INT) PARTITION BY HASH (id) PARTITIONS 2;
INSERT INTO `1st.schema-x`.`t#p#p0` VALUES (1, 1), (2, 2), (3, 3);
CREATE TABLE `1st.schema-x`.`t` (id INT PRIMARY KEY, v INT) PARTITION BY HASH (id) PARTITIONS 2;
INSERT INTO `1st.schema-x`.`t` VALUES (1, 1), (2, 2);
CREATE TABLE `Grüße`.`Ärger` (`größe` DOUBLE, `Ort` VARCHAR(20));
INSERT INTO `Grüße`.`Ärger` VALUES (1.5, 'Köln'), (NULL, '');
CREATE TABLE `Grüße`.`ελληνικά` (α INT PRIMARY KEY, β VARCHAR(20));
INSERT INTO `Grüße`.`ελληνικά` VALUES (1, 'ωμέγα'), (2, '漢字'), (3, '🦔');
CREATE TABLE `Grüße`.`漢字` (id INT PRIMARY KEY, v VARCHAR(10)) ENGINE = MyISAM;
INSERT INTO `Grüße`.`漢字` VALUES (1, 'a'), (2, NULL);
CREATE TABLE `склад#p#ёж`.`по частям` (id INT PRIMARY KEY, v INT) PARTITION BY RANGE (id) (
    PARTITION `до` VALUES LESS THAN (5), PARTITION `после` VALUES LESS THAN MAXVALUE);
INSERT INTO `склад#p#ёж`.`по частям` VALUES (1, 1), (9, 9);

-- Triggers of each kind, some of which write to other tables, of other engines and schemas.
CREATE TABLE audit (id INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(60), at INT DEFAULT 0);
INSERT INTO audit VALUES (1, 'begun', 0);
CREATE TABLE watched (id INT AUTO_INCREMENT PRIMARY KEY, v INT, w VARCHAR(20));
INSERT INTO watched VALUES (1, 10, 'a'), (2, 20, NULL), (5, NULL, '');
CREATE TABLE watched_isam (id INT PRIMARY KEY, v INT) ENGINE = MyISAM;
INSERT INTO watched_isam VALUES (1, 1), (2, 2);
DELIMITER //
CREATE TRIGGER watched_bi BEFORE INSERT ON watched FOR EACH ROW SET NEW.v = COALESCE(NEW.v, 0) + 1//
CREATE TRIGGER watched_ai AFTER INSERT ON watched FOR EACH ROW
    INSERT INTO audit (what) VALUES (CONCAT('insert ', NEW.id))//
CREATE TRIGGER watched_bu BEFORE UPDATE ON watched FOR EACH ROW SET NEW.w = CONCAT(COALESCE(NEW.w, ''), '!')//
CREATE TRIGGER `watched au` AFTER UPDATE ON watched FOR EACH ROW
BEGIN
    INSERT INTO audit (what) VALUES ('update');
    UPDATE isam SET a = CONCAT('of ', OLD.id) WHERE id = 1;
END//
CREATE TRIGGER watched_bd BEFORE DELETE ON watched FOR EACH ROW
    DELETE FROM `odd ``name``%`.`1.2` WHERE `1` = OLD.id//
CREATE TRIGGER watched_ad AFTER DELETE ON watched FOR EACH ROW
BEGIN
    DELETE FROM customers WHERE id = OLD.id;
    UPDATE floats SET f = f + 0.0000001;
END//
CREATE TRIGGER isam_ai AFTER INSERT ON watched_isam FOR EACH ROW INSERT INTO sheet VALUES (NEW.id, 'from trigger')//
CREATE TRIGGER isam_ad AFTER DELETE ON watched_isam FOR EACH ROW INSERT INTO watched (v) VALUES (OLD.v)//
SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT'//
CREATE TRIGGER "region""s" AFTER UPDATE ON regions FOR EACH ROW
    INSERT INTO audit (what) VALUES ('region ' || NEW.id)//
SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION'//

CREATE PROCEDURE add_customer(IN given VARCHAR(40), OUT number INT)
BEGIN
    INSERT INTO customers (name) VALUES (given);
    SET number = LAST_INSERT_ID();
END//
CREATE PROCEDURE shuffle() MODIFIES SQL DATA
BEGIN
    DELETE FROM orders WHERE id = 11;
    UPDATE twice SET b = 'a', c = 'bc' WHERE b = 'ab';
    INSERT INTO watched (v) VALUES (3), (4);
END//
CREATE PROCEDURE run_it(IN given TEXT)
BEGIN
    SET @given = given;
    PREPARE it FROM @given;
    EXECUTE it;
    DEALLOCATE PREPARE it;
END//
CREATE PROCEDURE `Grüße`.`lösche` () SQL SECURITY INVOKER DELETE FROM `Grüße`.`Ärger`//
CREATE FUNCTION bump(given INT) RETURNS INT DETERMINISTIC MODIFIES SQL DATA
BEGIN
    UPDATE numbered SET v = v + given;
    RETURN given + 1;
END//
CREATE FUNCTION plain(given INT) RETURNS VARCHAR(20) CHARACTER SET latin1 DETERMINISTIC NO SQL RETURN CONCAT('n', given)//
CREATE EVENT quiet ON SCHEDULE EVERY 1 DAY STARTS '2038-01-01 00:00:00' DISABLE DO INSERT INTO audit (what) VALUES ('quiet')//
CREATE EVENT waiting ON SCHEDULE AT '2037-12-31 00:00:00' ON COMPLETION PRESERVE COMMENT 'later' DO CALL shuffle()//
DELIMITER ;

CREATE VIEW names AS SELECT id, name FROM customers;
CREATE VIEW open_orders AS SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = o.customer WHERE o.note IS NOT NULL;
CREATE ALGORITHM = MERGE SQL SECURITY INVOKER VIEW `Grüße`.`Sicht` AS
    SELECT `Schlüssel`, `Kunde` FROM `Grüße`.`Empfänger` WHERE `Kunde` IS NOT NULL WITH CASCADED CHECK OPTION;
CREATE VIEW from_function AS SELECT plain(id) AS said FROM regions;

-- Accounts that privileges of a test are added to and taken from.
CREATE USER app@'%' IDENTIFIED BY 'app';
GRANT ALL ON *.* TO app@'%' WITH GRANT OPTION;
CREATE USER reader@'192.0.2.%' IDENTIFIED BY 'r';
GRANT SELECT ON shop.* TO reader@'192.0.2.%';
GRANT SELECT (id, name), UPDATE (name) ON shop.customers TO reader@'192.0.2.%';
GRANT EXECUTE ON PROCEDURE shop.shuffle TO reader@'192.0.2.%';
CREATE ROLE clerk;
GRANT INSERT, DELETE ON shop.orders TO clerk;
GRANT clerk TO reader@'192.0.2.%';
