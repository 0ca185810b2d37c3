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
