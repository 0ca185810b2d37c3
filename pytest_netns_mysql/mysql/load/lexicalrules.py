"""The lexical rules of the client program ``mysql``: quotes, comments and delimiters in a line of an SQL file."""

from __future__ import annotations

import functools
import re

SPACES = b" \t\n\v\f\r"
INVISIBLE = bytes(range(0x21)) + b"\x7f\xff"
"""Bytes that the client program removes from the end of a statement."""
BACKSLASH, BACKQUOTE, DOLLAR, HASH = b"\\`$#"
QUOTES = b"'\"`"
NO_COMMENT, VERSION_COMMENT, HINT = 0, 1, 2
"""Comments that the server reads: none, ``/*! */``, ``/*+ */``."""
IN_COMMENT = re.compile(rb"/\*|\*/")
NOT_ASCII = re.compile(rb"(?:[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})*", re.DOTALL)
"""Characters of UTF-8 that are not ASCII."""
_NAME_BYTES = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_$" + bytes(range(0x80, 0x100)))
"""The bytes of unquoted identifiers."""

_BOM = b"\xef\xbb\xbf"
_COMMENT_END = re.compile(rb"\*|.(?=/)", re.DOTALL)  # as in the client program
_DOLLAR_QUOTE = re.compile(rb"\$[0-9A-Za-z_\x80-\xff]*\$")


@functools.lru_cache(maxsize=64)
def plain(delimiter: bytes, comment: int, *, dollars: bool) -> re.Pattern[bytes]:
    """Return a pattern for text that needs no decision. It may include whole strings without a backslash.

    Args:
        delimiter: The current delimiter.
        comment: The comment around the text, one that the server reads.
        dollars: Whether the server knows strings in dollar quotes.
    """
    first = delimiter[:1]
    kinds = [rb"-(?!-)", rb"/(?!\*)", rb"\*(?!/)"]
    kinds += [rb"%b[^%b\\]*%b" % (quote, quote, quote) for quote in (b"'", b'"', b"`")] if comment != HINT else []
    kinds = [kind for kind in kinds if not kind.lstrip(b"\\").startswith(first)]
    letters = rb"'\"`\\/#*\-" + re.escape(first) + (rb"$" if dollars else b"")
    # The limit saves memory: the matcher remembers each repetition.
    return re.compile(rb"(?:[^%b]+|%b){1,256}" % (letters, b"|".join(kinds)), re.DOTALL)


@functools.lru_cache(maxsize=16)
def quoted(quote: int, *, escapes: bool) -> re.Pattern[bytes]:
    """Return a pattern for the inside of a string. A doubled quote stands for one.

    Args:
        quote: The byte that quotes the string.
        escapes: Whether a backslash escapes the next character.
    """
    mark = re.escape(bytes([quote]))
    kinds = [rb"[^%b\\]+" % mark, rb"\\[^`]"] if escapes else [rb"[^%b]+" % mark]
    kinds += [] if quote == DOLLAR else [mark + mark]
    return re.compile(rb"(?:%b){1,1024}" % b"|".join(kinds), re.DOTALL)


def dollar_quote(line: bytes, at: int) -> bytes:
    """Return the opening dollar quote at a position, such as ``$$`` or ``$js$``, or b"" if there is none."""
    match = _DOLLAR_QUOTE.match(line, at)
    return b"" if match is None or (at and line[at - 1] in _NAME_BYTES) else match[0]


def past_comments(text: bytes | bytearray) -> int:
    """Return the position after leading spaces and comments, as MySQL's client program skips them."""
    at, end = 0, len(text)
    while True:
        while at < end and text[at] in SPACES:
            at += 1
        if not (at + 2 < end and text[at : at + 2] == b"/*"):
            return at
        at += 2
        found = _COMMENT_END.search(text, at, max(at, end - 1))
        at = max(at, end - 2) if found is None else found.start()
        if at + 2 < end and text[at : at + 2] == b"*/":
            at += 2
        elif not (at < end and (text[at] in SPACES or text[at : at + 2] == b"/*")):
            return at


def comment_after(line: bytes, at: int, comment: int, *, mariadb: bool) -> int:
    """Return the comment around the next byte, one that the server reads.

    Args:
        line: The line.
        at: The position of the current byte.
        comment: The comment around the current byte.
        mariadb: Whether to read like MariaDB's client program.
    """
    marks = line[at : at + 3]
    if marks == b"/*!":
        return VERSION_COMMENT
    if marks == b"/*+" and not mariadb:
        return HINT
    return NO_COMMENT if marks[:2] == b"*/" else comment


def opens_comment(line: bytes, at: int, comment: int, *, mariadb: bool) -> bool:
    """Return True if a comment that the server does not read begins at this position."""
    marks = line[at : at + 4]
    if mariadb:
        return marks[:2] == b"/*" and marks[2:3] != b"!" and marks[2:] != b"M!"
    return marks[:2] == b"/*" and marks[2:3] not in (b"!", b"+") and comment != HINT


def is_dash_comment(line: bytes, at: int, *, is_first: bool) -> bool:
    """Return True if two dashes begin a comment at this position. The first in a statement need no space after them."""
    return line[at : at + 2] == b"--" and (is_first or line[at + 2 : at + 3] in SPACES)


def without_line_end(line: bytes, *, is_first: bool) -> bytes:
    """Return a line without its end, and the first line without a byte order mark."""
    if line.endswith(b"\n"):
        line = line[:-2] if line.endswith(b"\r\n") else line[:-1]
    return line.removeprefix(_BOM) if is_first else line
