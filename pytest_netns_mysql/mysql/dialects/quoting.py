"""Quoting for SQL, and text in answers of a server."""

from __future__ import annotations

RawRow = tuple[bytes | None, ...]
"""A row of a result as the server sends it, see the manual, "Text Resultset"."""


def literal(text: str) -> str:
    """Return ``text`` as a quoted SQL string; see the manual, "String Literals"."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def identifier(text: str, *, pattern: bool = False) -> str:
    """Return ``text`` as a quoted SQL identifier.

    Args:
        text: The name.
        pattern: Whether the server reads the name as a pattern, as the schema in GRANT: wildcards are escaped.
    """
    if pattern:
        text = text.replace("\\", r"\\").replace("_", r"\_").replace("%", r"\%")
    return "`" + text.replace("`", "``") + "`"


def decoded(value: bytes | None) -> str:
    """Return a value of a result as text. NULL becomes ''; invalid UTF-8 becomes surrogates."""
    return "" if value is None else value.decode("utf-8", "surrogateescape")
