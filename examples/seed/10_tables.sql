-- Files of a folder are loaded in the order of their names, by the client program mysql.
CREATE SCHEMA shop;
USE shop;

CREATE TABLE customers (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40) NOT NULL);

CREATE TABLE orders (
    id INT AUTO_INCREMENT PRIMARY KEY,
    customer INT NOT NULL,
    total DECIMAL(10, 2) NOT NULL,
    FOREIGN KEY (customer) REFERENCES customers (id) ON DELETE CASCADE
);

DELIMITER //
CREATE FUNCTION spent(who INT) RETURNS DECIMAL(10, 2) READS SQL DATA
BEGIN
    RETURN (SELECT COALESCE(SUM(total), 0) FROM orders WHERE customer = who);
END//
DELIMITER ;

CREATE USER 'app'@'192.0.2.%';
GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE ON shop.* TO 'app'@'192.0.2.%';
