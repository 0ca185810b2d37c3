"""Text as SQL takes it."""

from __future__ import annotations


def literal(text: str) -> str:
    """Return ``text`` as an SQL string; see the manual, "String Literals"."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def identifier(text: str, *, pattern: bool = False) -> str:
    """Return ``text`` as a quoted identifier; in GRANT a schema is a ``pattern`` whose wildcards are escaped."""
    if pattern:
        text = text.replace("\\", r"\\").replace("_", r"\_").replace("%", r"\%")
    return "`" + text.replace("`", "``") + "`"


def decoded(value: bytes | None) -> str:
    """Return what a server has sent as text; bytes that are no UTF-8 stay apart, and NULL is ''."""
    return "" if value is None else value.decode("utf-8", "surrogateescape")
