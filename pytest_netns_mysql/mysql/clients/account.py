"""A MySQL account, as tests pass it around."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_netns_mysql.mysql.dialects.quoting import literal


@dataclass(frozen=True)
class Account:
    """A MySQL account ``user@host``.

    See the manual, "Specifying Account Names". ``str()`` returns the name as SQL statements take it.

    Attributes:
        user: The user name.
        host: The host pattern, as in CREATE USER.
        password: The password, or '' for none.
        schema: The schema that the account owns, or None.
        require: What the account requires of TLS, as after REQUIRE in CREATE USER, or '' for nothing.
    """

    user: str
    host: str
    password: str = ""
    schema: str | None = None
    require: str = ""

    def __str__(self) -> str:
        return f"{literal(self.user)}@{literal(self.host)}"
