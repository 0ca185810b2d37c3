CREATE SCHEMA shop;
CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY, item VARCHAR(40) NOT NULL, quantity INT NOT NULL);

-- Developers, on their own machines
CREATE USER 'shop'@'127.0.0.1' IDENTIFIED BY 'secret';
GRANT ALL ON shop.* TO 'shop'@'127.0.0.1';

-- The application, on every web server
CREATE USER 'shop'@'192.0.2.%' IDENTIFIED BY 'secret';
GRANT SELECT, INSERT, UPDATE, DELETE ON shop.* TO 'shop'@'192.0.2.%';

-- The monthly report, which runs on the first web server
CREATE USER 'shop'@'192.0.2.2' IDENTIFIED BY 'secret';
GRANT SELECT ON shop.* TO 'shop'@'192.0.2.2';
