-- A shop, and the twelve accounts that have gathered on its server over the years.
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id INT PRIMARY KEY, customer VARCHAR(40), total DECIMAL(9, 2));

-- The application, in its own network, behind Docker's bridge, and on the host that was set up by hand.
CREATE USER 'app'@'192.0.2.%' IDENTIFIED BY 'app', 'app'@'172.17.0.1' IDENTIFIED BY 'app';
CREATE USER 'app'@'192.0.2.2' IDENTIFIED BY 'app';
GRANT SELECT, INSERT, UPDATE, DELETE ON shop.* TO 'app'@'192.0.2.%', 'app'@'172.17.0.1';
GRANT SELECT ON shop.* TO 'app'@'192.0.2.2';

-- Reports come from the office, by IPv4 and by IPv6.
CREATE USER 'report'@'198.51.100.0/255.255.255.0' IDENTIFIED BY 'report';
CREATE USER 'report'@'2001:db8:2::%' IDENTIFIED BY 'report';
GRANT SELECT ON shop.* TO 'report'@'198.51.100.0/255.255.255.0', 'report'@'2001:db8:2::%';

-- The backup runs on the server itself.
CREATE USER 'backup'@'localhost' IDENTIFIED BY 'backup', 'backup'@'127.0.0.1' IDENTIFIED BY 'backup';
GRANT SELECT, LOCK TABLES ON shop.* TO 'backup'@'localhost', 'backup'@'127.0.0.1';

-- Administrators need TLS, and may come from everywhere.
CREATE USER 'admin'@'%' IDENTIFIED BY 'admin' REQUIRE SSL;
GRANT SELECT, INSERT, UPDATE, DELETE, RELOAD, PROCESS ON *.* TO 'admin'@'%';

-- One has left, one has not logged in for a year, and nobody knows what the last two are for.
CREATE USER 'former'@'%' IDENTIFIED BY 'former' ACCOUNT LOCK;
CREATE USER 'intern'@'%' IDENTIFIED BY 'intern' PASSWORD EXPIRE;
CREATE USER ''@'198.51.100.2';
CREATE USER 'sync'@'192.0.2.0/24' IDENTIFIED BY 'sync';
GRANT INSERT ON shop.orders TO 'sync'@'192.0.2.0/24';
