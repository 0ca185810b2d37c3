"""An account and its schema that nobody has used, kept for the next test."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_netns_mysql.mysql.dialects.quoting import identifier


@dataclass(frozen=True)
class SpareAccount:
    """An account as new, with an empty schema of its own.

    Attributes:
        name: The account as SQL statements take it.
        schema: The schema.
        checksum: The checksum of the table of accounts while the account is as new.
    """

    name: str
    schema: str
    checksum: bytes

    @property
    def dropping(self) -> tuple[str, str]:
        """The statements that drop the account and the schema."""
        return f"DROP SCHEMA IF EXISTS {identifier(self.schema)}", f"DROP USER IF EXISTS {self.name}"

    @property
    def renewing(self) -> tuple[str, str]:
        """The statements that make the schema empty and as new. The privileges on the schema stay."""
        return f"DROP SCHEMA IF EXISTS {identifier(self.schema)}", f"CREATE SCHEMA {identifier(self.schema)}"
