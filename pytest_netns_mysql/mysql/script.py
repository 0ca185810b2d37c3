"""SQL files: their statements, as the client program mysql finds them."""

from __future__ import annotations

import re

_QUOTED = r"""'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`[^`]*`"""
_TO_END_OF_LINE = r"--(?=\s|\Z)[^\n]*|\#[^\n]*"
# What /*! and /*+ begin is part of the statement.
_BLANK = re.compile(rf"(?:\s|/\*(?![!+]).*?\*/|{_TO_END_OF_LINE})*", re.DOTALL)
_LINE = re.compile(r"(\\|\w+)[^\S\n]*([^\n]*)")
_OF_THE_CLIENT = re.compile(
    r"\\|charset|clear|connect|edit|ego|exit|go|help|nopager|notee|nowarning|pager|print|prompt|query_attributes|quit"
    r"|rehash|resetconnection|source|ssl_session_data_print|status|system|tee|warnings"
)
# What a script has another file read by: the client program, or LOAD DATA.
_READS = re.compile(r"^\s*(?:source\s+|\\\.\s*)(\S.*?)\s*;?\s*$|\binfile\s+(?:'([^']+)'|\"([^\"]+)\")", re.I | re.M)


def statements(text: str) -> list[tuple[int, str]] | None:
    """Return the statements of a script, each with the number of its first line, from 1.

    None where the script has commands, beside DELIMITER, that only the client program knows, such as SOURCE. See the
    manual, "mysql Client Commands".
    """
    found: list[tuple[int, str]] = []
    delimiter, position, line, counted = ";", 0, 1, 0
    while (position := _end_of(_BLANK, text, position)) < len(text):
        word, rest = _first_word(text, position)
        if word == "delimiter" and rest:
            delimiter = rest.split()[0]
            position = text.find("\n", position) + 1 or len(text)
            continue
        if _OF_THE_CLIENT.fullmatch(word) or (word == "use" and delimiter not in rest):
            return None
        end = _end_of_statement(text, position, delimiter)
        if end is None:
            return None
        line, counted = line + text.count("\n", counted, position), position
        if end > position:
            found.append((line, text[position:end]))
        position = end + len(delimiter)
    return found


def files_read(text: str) -> list[str]:
    """Return the names of the files that a script reads: by SOURCE of the client program, by LOAD DATA."""
    return [next(filter(None, match.groups())) for match in _READS.finditer(text)]


def _end_of(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return position if match is None else match.end()


def _first_word(text: str, position: int) -> tuple[str, str]:
    match = _LINE.match(text, position)
    return ("", "") if match is None else (match[1].lower(), match[2])


def _end_of_statement(text: str, position: int, delimiter: str) -> int | None:
    """Return where the delimiter of the statement at ``position`` stands, or the text ends; None behind a backslash."""
    pattern = rf"{_QUOTED}|/\*.*?\*/|{_TO_END_OF_LINE}|(?P<end>{re.escape(delimiter)})|(?P<command>\\)"
    for match in re.compile(pattern, re.DOTALL).finditer(text, position):
        if match["end"]:
            return match.start()
        if match["command"]:
            return None
    return len(text)
