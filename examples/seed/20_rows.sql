USE shop;
INSERT INTO customers (name) VALUES ('Ann'), ('Bob');
INSERT INTO orders (customer, total) VALUES (1, 10.50), (1, 20.00), (2, 5.25);
