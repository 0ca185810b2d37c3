"""Passwords in the texts of statements, which reports must not show."""

from __future__ import annotations

import re

_STRING = r"""(?:'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*")"""
# What precedes a password: IDENTIFIED BY, IDENTIFIED WITH plugin BY or AS, VIA plugin USING, REPLACE, SET PASSWORD = or
# PASSWORD(...), SOURCE_PASSWORD = and its like. See the manual, "Passwords and Logging".
_BEFORE = (
    r"(?:\bIDENTIFIED\b[^;]{0,80}?\b(?:BY|AS|USING)(?:\s+PASSWORD)?|\bREPLACE"
    r"|\bPASSWORD(?:\s+FOR\b[^=]{0,80})?\s*=|\bPASSWORD\s*\(|_PASSWORD\s*=|\bPASSWORD)"
)
_PASSWORD = re.compile(rf"({_BEFORE}\s*){_STRING}", re.IGNORECASE)


def without_passwords(statement: str) -> str:
    """Return a statement with ``'...'`` in place of each password."""
    return _PASSWORD.sub(r"\1'...'", statement)
