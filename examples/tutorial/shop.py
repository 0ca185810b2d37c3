"""The shop of the tutorial: the code that runs on the web servers."""

from __future__ import annotations

from typing import Any

import mysql.connector


def connect(host: str) -> Any:
    """Log in to the database of the shop."""
    return mysql.connector.connect(host=host, user="shop", password="secret", database="shop", autocommit=True)


def place_order(database: Any, item: str, quantity: int) -> None:
    """Write an order."""
    with database.cursor() as cursor:
        cursor.execute("INSERT INTO orders (item, quantity) VALUES (%s, %s)", (item, quantity))


def orders(database: Any) -> list[tuple[str, int]]:
    """Read all orders, the oldest first."""
    with database.cursor() as cursor:
        cursor.execute("SELECT item, quantity FROM orders ORDER BY id")
        return list(cursor.fetchall())
