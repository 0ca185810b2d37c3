"""Passwords in statements, which reports leave out."""

from __future__ import annotations

import pytest

from pytest_netns_mysql.mysql.dialects.passwords import without_passwords


@pytest.mark.parametrize(
    ("statement", "shown"),
    [
        ("CREATE USER app IDENTIFIED BY 'secret'", "CREATE USER app IDENTIFIED BY '...'"),
        (
            "CREATE USER app IDENTIFIED WITH 'caching_sha2_password' BY 'secret'",
            "CREATE USER app IDENTIFIED WITH 'caching_sha2_password' BY '...'",
        ),
        ('ALTER USER app IDENTIFIED BY "sec""ret" REPLACE "old"', "ALTER USER app IDENTIFIED BY '...' REPLACE '...'"),
        ("ALTER USER app IDENTIFIED BY 'it''s'", "ALTER USER app IDENTIFIED BY '...'"),
        (
            "CREATE USER a IDENTIFIED VIA ed25519 USING PASSWORD('x')",
            "CREATE USER a IDENTIFIED VIA ed25519 USING PASSWORD('...')",
        ),
        ("SET PASSWORD = 'secret'", "SET PASSWORD = '...'"),
        ("SET PASSWORD FOR 'app'@'%' = 'secret'", "SET PASSWORD FOR 'app'@'%' = '...'"),
        (
            "CHANGE REPLICATION SOURCE TO SOURCE_PASSWORD='secret', SOURCE_PORT=1",
            "CHANGE REPLICATION SOURCE TO SOURCE_PASSWORD='...', SOURCE_PORT=1",
        ),
        ("START GROUP_REPLICATION USER='a', PASSWORD='b'", "START GROUP_REPLICATION USER='a', PASSWORD='...'"),
        ("SELECT 'by' FROM t WHERE name = 'x'", "SELECT 'by' FROM t WHERE name = 'x'"),
    ],
)
def test_what_a_report_shows_of_a_statement(statement: str, shown: str) -> None:
    assert without_passwords(statement) == shown
