CREATE SCHEMA shop DEFAULT CHARACTER SET utf8mb4;
USE shop;
CREATE TABLE things (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(80), data VARBINARY(20), doc JSON, at TIMESTAMP NULL, price DECIMAL(8,2));
CREATE TABLE parts (id INT PRIMARY KEY, thing INT, note TEXT, FOREIGN KEY (thing) REFERENCES things (id) ON DELETE CASCADE) COMMENT='it''s; a /* table */';
CREATE TABLE log (text VARCHAR(80));
DELIMITER //
CREATE TRIGGER note_it BEFORE UPDATE ON things FOR EACH ROW BEGIN
  /* it's; a comment */ SET NEW.name = 'a */ b; /* c'; -- don't
  # nor this; 'one
  INSERT INTO log VALUES (CONCAT("it's; ", NEW.name));
END//
CREATE PROCEDURE count_them(OUT n INT) COMMENT 'how; many' BEGIN SELECT COUNT(*) INTO n FROM things; END//
CREATE FUNCTION twice(n INT) RETURNS INT DETERMINISTIC RETURN n * 2//
CREATE EVENT tidy ON SCHEDULE EVERY 1 DAY STARTS '2026-01-02 03:04:05' DO BEGIN DELETE FROM log; END//
DELIMITER ;
CREATE VIEW names AS SELECT id, name, ';' AS semicolon FROM things;
INSERT INTO things VALUES (1, 'tea; it''s "hot"\n\r\t\\', x'00ff275c0a0d1a22', '{"a": "b;\\n"}', '2026-01-02 03:04:05', 1.50), (2, 'café 😀 -- #', NULL, NULL, NULL, NULL), (7, '/*!50003 x */ ;;', '', '[]', NULL, 0);
INSERT INTO parts VALUES (1, 1, 'one\ntwo'), (2, NULL, NULL);
