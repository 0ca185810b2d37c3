"""Reading an SQL file line by line, as the client program ``mysql`` does.

The rules stand in the same order as in the client program.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pytest_netns_mysql.mysql.load import clientcommands, lexicalrules
from pytest_netns_mysql.mysql.load.clientcommands import Command
from pytest_netns_mysql.mysql.load.lexicalrules import (
    BACKQUOTE,
    BACKSLASH,
    DOLLAR,
    HASH,
    HINT,
    NO_COMMENT,
    QUOTES,
    SPACES,
)
from pytest_netns_mysql.mysql.load.scriptparts import (
    ANSI_QUOTES,
    NO_BACKSLASH_ESCAPES,
    CommandCall,
    ScriptError,
    ScriptSession,
    Statement,
)

_LONGEST_COMMENT = 1 << 20  # bytes
# Dumps of MariaDB begin with this and a command that MySQL's client program does not know.
_SANDBOX_LINE = b"/*!999999"


class ScriptReader:
    """Reads the statements and commands in one SQL file."""

    def __init__(self, file: Path, session: ScriptSession) -> None:
        """Take the file, which ``read`` opens, and the session that other files share."""
        self._file = file
        self._session = session
        self._mariadb = session.mariadb
        self._keeps_comments = not session.mariadb  # the default of each client program
        self._buffer = bytearray()
        self._line_start = 0  # the position in the buffer of the part of the line that was accepted last
        self._has_code = False  # whether the buffer has more than comments
        self._quote = 0
        self._dollar_quote = b""
        self._in_comment = False
        self._line_number = self._first_line = 0
        self._line = b""
        self._at = 0
        self._comment = NO_COMMENT
        self._needs_space = False
        self._ended = False

    def read(self) -> Iterator[Statement | CommandCall]:
        """Yield statements and commands. The caller executes a command before it asks for the next part."""
        with self._file.open("rb") as stream:
            for line in stream:
                self._line_number += 1
                if not self._buffer:
                    self._first_line = self._line_number
                yield from self._read_line(lexicalrules.without_line_end(line, is_first=self._line_number == 1))
                if self._ended:
                    break
        yield from self._end_statement(is_last=True) if self._keeps_comments else self._send()

    def error(self, what: str, line: int, *, needs_program: bool = False) -> ScriptError:
        """Return the error for a place in the file that the plugin cannot read."""
        return ScriptError(what, self._file, line, needs_program=needs_program)

    def _read_line(self, line: bytes) -> Iterator[Statement | CommandCall]:
        self._line, self._at = line, 0
        if not (self._in_comment or self._quote or self._buffer_has_code()):
            start = lexicalrules.past_comments(line) if self._keeps_comments else 0
            command = self._session.commands.at_line_start(line[start:], self._session.delimiter)
            if command is not None:
                self._clear()
                yield from self._run(command, line[start:])
                return
        self._comment, self._needs_space = NO_COMMENT, False
        if not line and not self._buffer:
            return
        while self._at < len(line) and not self._ended:
            self._accept_plain()
            if self._at < len(line):
                yield from self._handle(line[self._at])
        if not self._ended:
            self._end_line()

    def _buffer_has_code(self) -> bool:
        """Return True if the buffer has more than comments."""
        if not self._has_code and self._buffer:
            size = len(self._buffer)
            start = lexicalrules.past_comments(self._buffer) if self._keeps_comments and size < _LONGEST_COMMENT else 0
            self._has_code = start + 2 < size  # an open comment would end before the last two bytes
            return start < size
        return self._has_code

    def _end_line(self) -> None:
        if not self._buffer or (self._in_comment and not self._keeps_comments):
            return
        accepted = self._buffer[self._line_start : self._line_start + 9]
        if not clientcommands.is_delimiter_command(accepted) or self._quote or self._in_comment:
            self._buffer += b"\n"
        self._line_start = len(self._buffer)

    def _accept_plain(self) -> None:
        """Accept text up to the next byte that needs a decision."""
        if not self._keeps_comments and not self._buffer:
            while self._at < len(self._line) and self._line[self._at] in SPACES:
                self._at += 1
        if self._in_comment:
            match = lexicalrules.IN_COMMENT.search(self._line, self._at)
            self._accept((len(self._line) if match is None else match.start()) - self._at)
            return
        if self._quote:
            pattern = lexicalrules.quoted(self._quote, escapes=self._escapes())
        else:
            pattern = lexicalrules.plain(self._session.delimiter, self._comment, dollars=self._session.dollars)
        match = pattern.match(self._line, self._at)
        if match is not None:
            self._accept(match.end() - self._at)

    def _accept(self, length: int) -> None:
        """Accept the next bytes of the line into the buffer, unless they are a comment to drop."""
        end = self._at + length
        if length and (self._keeps_comments or not self._in_comment):
            if self._needs_space:
                self._accept_after_comment(end)
            self._copy(end - self._at)
        self._at = end

    def _accept_after_comment(self, end: int) -> None:
        """Add a space after a comment, and after non-ASCII characters there, as the client program does."""
        match = lexicalrules.NOT_ASCII.match(self._line, self._at, end)
        self._copy(0 if match is None else match.end() - self._at)
        if self._at < end:
            self._needs_space = False
            if self._line[self._at] not in SPACES:
                self._buffer += b" "

    def _escapes(self) -> bool:
        """Return True if a backslash here escapes the next character or begins a command."""
        if not self._quote:
            return True
        status = self._session.status()
        if self._mariadb and (self._quote == BACKQUOTE or (self._quote == QUOTES[1] and status & ANSI_QUOTES)):
            return False
        return not status & NO_BACKSLASH_ESCAPES

    def _handle(self, byte: int) -> Iterator[Statement | CommandCall]:
        """Handle the byte at the current position, which needs a decision."""
        is_code = not self._in_comment and not self._quote
        if byte == BACKSLASH and not self._in_comment and self._escapes():
            yield from self._handle_backslash()
        elif is_code and self._comment != HINT and self._line.startswith(self._session.delimiter, self._at):
            yield from self._handle_delimiter()
        elif is_code and self._is_line_comment(byte):
            self._handle_line_comment()
        elif not self._quote and lexicalrules.opens_comment(self._line, self._at, self._comment, mariadb=self._mariadb):
            self._accept_comment_mark()
            self._in_comment = True
        elif self._in_comment and not self._comment and self._line.startswith(b"*/", self._at):
            self._accept_comment_mark()
            self._in_comment = False
            self._needs_space = True
        else:
            self._handle_byte(byte)

    def _handle_byte(self, byte: int) -> None:
        length = 1
        if not self._quote:
            self._comment = lexicalrules.comment_after(self._line, self._at, self._comment, mariadb=self._mariadb)
        if byte == self._quote:
            if byte != DOLLAR or self._line.startswith(self._dollar_quote, self._at):
                length = len(self._dollar_quote) if byte == DOLLAR else 1
                self._quote = 0
        elif not self._in_comment and not self._quote and self._comment != HINT:
            if byte in QUOTES:
                self._quote = byte
            elif byte == DOLLAR and self._session.dollars:
                self._dollar_quote = lexicalrules.dollar_quote(self._line, self._at)
                self._quote = DOLLAR if self._dollar_quote else 0
                self._copy(max(0, len(self._dollar_quote) - 1))
        self._accept(length)

    def _accept_comment_mark(self) -> None:
        if self._keeps_comments:
            self._buffer += self._line[self._at : self._at + 2]
        self._at += 2
        self._line_start = len(self._buffer)

    def _is_line_comment(self, byte: int) -> bool:
        if self._comment == HINT:
            return False
        is_first = self._mariadb and not self._buffer
        return byte == HASH or lexicalrules.is_dash_comment(self._line, self._at, is_first=is_first)

    def _handle_line_comment(self) -> None:
        # A comment by itself is dropped, so that the next line may be a command. The client program sends it at once.
        if self._keeps_comments and self._buffer:
            self._buffer += memoryview(self._line)[self._at :]
        self._at = len(self._line)
        self._line_start = len(self._buffer)

    def _handle_delimiter(self) -> Iterator[Statement | CommandCall]:
        self._at += len(self._session.delimiter)
        if self._keeps_comments:
            while self._at < len(self._line) and self._line[self._at] in SPACES:
                self._copy(1)
            marks = self._line[self._at : self._at + 3]
            if marks[:1] == b"#" or (marks[:2] == b"--" and marks[2:] and marks[2:] in SPACES):
                self._copy(len(self._line) - self._at)
        yield from self._end_statement()

    def _copy(self, length: int) -> None:
        self._buffer += memoryview(self._line)[self._at : self._at + length]
        self._at += length

    def _clear(self) -> None:
        self._buffer.clear()
        self._line_start = 0
        self._has_code = False

    def _end_statement(self, *, is_last: bool = False) -> Iterator[Statement | CommandCall]:
        """Yield the buffer as a command or as a statement."""
        if not self._buffer:
            return
        start = lexicalrules.past_comments(self._buffer) if self._keeps_comments else 0
        command = self._session.commands.at_line_start(memoryview(self._buffer)[start:], self._session.delimiter)
        if command is None:
            yield from self._send()
        elif command.name == "quit" and not self._keeps_comments:
            self._ended = True  # the client program also sends the word to the server
        else:
            if is_last:
                self._drop_invisible()
            text = bytes(self._buffer[start:])
            self._clear()
            yield from self._run(command, text)
            if is_last and command.name != "quit":
                raise self.error(f"there is no delimiter after the command {command.name}", self._line_number)

    def _send(self) -> Iterator[Statement]:
        """Yield the buffer as a statement."""
        self._drop_invisible()
        text = bytes(self._buffer)
        self._clear()
        if text:
            yield Statement(text, self._file, self._first_line)

    def _drop_invisible(self) -> None:
        end = len(self._buffer)
        while end and self._buffer[end - 1] in lexicalrules.INVISIBLE:
            end -= 1
        del self._buffer[end:]

    def _handle_backslash(self) -> Iterator[Statement | CommandCall]:
        """Accept a backslash with the character it escapes, or yield the command of one letter."""
        letter = self._line[self._at + 1 : self._at + 2]
        if not letter:
            self._at += 1
        elif self._quote or letter == b"N":
            is_name = letter == b"`" and self._quote == BACKQUOTE and not self._mariadb
            self._copy(1 if is_name else 2)
        elif letter == b"-" and not self._mariadb and self._buffer.endswith(_SANDBOX_LINE):
            self._at += 2
        else:
            yield from self._handle_command(letter)

    def _handle_command(self, letter: bytes) -> Iterator[Statement | CommandCall]:
        command = self._session.commands.letters.get(letter)
        if command is None:
            raise self.error(f"Unknown command '\\{letter.decode(errors='replace')}'.", self._line_number)
        self._line_start = len(self._buffer)
        yield from self._run(command, self._line[self._at :])
        self._at += 2
        if command.takes_arguments:
            mark = b"*/" if self._comment else self._session.delimiter
            found = self._line.find(mark, self._at)
            self._at = len(self._line) if found < 0 else found + (0 if self._comment else len(mark))

    def _run(self, command: Command, text: bytes) -> Iterator[Statement | CommandCall]:
        """Execute a command that concerns the reading itself; yield any other command."""
        if command.name in ("go", "ego"):
            yield from self._send()
        elif command.name == "clear":
            self._clear()
        elif command.name == "quit":
            self._ended = True
        elif command.name not in clientcommands.WITHOUT_EFFECT:
            if command.name == "source":
                self._clear()
            yield CommandCall(command, text, self._line_number)
