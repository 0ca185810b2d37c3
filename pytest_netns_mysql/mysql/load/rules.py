"""Where a line of an SQL file needs a decision: the patterns of the client program ``mysql``."""

from __future__ import annotations

import functools
import re

SPACES = b" \t\n\v\f\r"
INVISIBLE = bytes(range(0x21)) + b"\x7f\xff"
"""The bytes that the client program drops at the end of a statement."""
BACKSLASH, BACKQUOTE, DOLLAR, HASH = b"\\`$#"
QUOTES = b"'\"`"
NO_COMMENT, VERSION, HINT = 0, 1, 2
"""The comments that the server reads: none, ``/*! */``, ``/*+ */``."""
IN_COMMENT = re.compile(rb"/\*|\*/")
NOT_ASCII = re.compile(rb"(?:[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})*", re.DOTALL)
"""Letters of UTF-8 beyond ASCII."""
OF_A_NAME = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_$" + bytes(range(0x80, 0x100)))
"""The letters of a name that needs no quotes."""

_COMMENT_END = re.compile(rb"\*|.(?=/)", re.DOTALL)  # any asterisk ends the search, as does a letter before a slash
_DOLLAR_QUOTE = re.compile(rb"\$[0-9A-Za-z_\x80-\xff]*\$")


@functools.lru_cache(maxsize=64)
def plain(delimiter: bytes, comment: int, *, dollars: bool) -> re.Pattern[bytes]:
    """Return what matches text without anything to decide: whole strings without a backslash, too."""
    first = delimiter[:1]
    kinds = [rb"-(?!-)", rb"/(?!\*)", rb"\*(?!/)"]
    kinds += [rb"%b[^%b\\]*%b" % (quote, quote, quote) for quote in (b"'", b'"', b"`")] if comment != HINT else []
    kinds = [kind for kind in kinds if not kind.lstrip(b"\\").startswith(first)]
    letters = rb"'\"`\\/#*\-" + re.escape(first) + (rb"$" if dollars else b"")
    # More repetitions would take memory: the pattern may come back to each.
    return re.compile(rb"(?:[^%b]+|%b){1,256}" % (letters, b"|".join(kinds)), re.DOTALL)


@functools.lru_cache(maxsize=16)
def quoted(quote: int, *, escapes: bool) -> re.Pattern[bytes]:
    """Return what matches the inside of a string; two quotes stand for one."""
    mark = re.escape(bytes([quote]))
    kinds = [rb"[^%b\\]+" % mark, rb"\\[^`]"] if escapes else [rb"[^%b]+" % mark]
    kinds += [] if quote == DOLLAR else [mark + mark]
    return re.compile(rb"(?:%b){1,1024}" % b"|".join(kinds), re.DOTALL)


def dollar_quote(line: bytes, at: int) -> bytes:
    """Return the mark that opens a string in dollar quotes, such as ``$$`` or ``$js$``; b"" where there is none."""
    match = _DOLLAR_QUOTE.match(line, at)
    return b"" if match is None or (at and line[at - 1] in OF_A_NAME) else match[0]


def past_comments(text: bytes | bytearray) -> int:
    """Return where a text begins behind its first spaces and comments, as MySQL's client program skips them."""
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
    """Return in which comment that the server reads the letter behind this one stands."""
    marks = line[at : at + 3]
    if marks == b"/*!":
        return VERSION
    if marks == b"/*+" and not mariadb:
        return HINT
    return NO_COMMENT if marks[:2] == b"*/" else comment


def opens_comment(line: bytes, at: int, comment: int, *, mariadb: bool) -> bool:
    """Return True if a comment begins that the server need not read."""
    marks = line[at : at + 4]
    if mariadb:
        return marks[:2] == b"/*" and marks[2:3] != b"!" and marks[2:] != b"M!"
    return marks[:2] == b"/*" and marks[2:3] not in (b"!", b"+") and comment != HINT


def dashes(line: bytes, at: int, *, is_first: bool) -> bool:
    """Return True if two dashes begin a comment; those that come first in a statement need no space behind them."""
    return line[at : at + 2] == b"--" and (is_first or line[at + 2 : at + 3] in SPACES)
