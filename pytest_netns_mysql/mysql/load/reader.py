"""The reading of an SQL file line by line, with the rules of the client program ``mysql`` in their order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pytest_netns_mysql.mysql.load import clientcommands, rules
from pytest_netns_mysql.mysql.load.clientcommands import Command
from pytest_netns_mysql.mysql.load.parts import (
    ANSI_QUOTES,
    NO_BACKSLASH_ESCAPES,
    Call,
    ScriptError,
    Session,
    Statement,
)
from pytest_netns_mysql.mysql.load.rules import BACKQUOTE, BACKSLASH, DOLLAR, HASH, HINT, NO_COMMENT, QUOTES, SPACES

_LONGEST_COMMENT = 1 << 20  # bytes
_BOM = b"\xef\xbb\xbf"
_SANDBOX_LINE = b"/*!999999"  # and a command that MySQL's client program does not know: dumps of MariaDB begin with it


class Reader:
    """The reading of one file."""

    def __init__(self, file: Path, session: Session) -> None:
        """Keep the file; ``read`` opens it."""
        self._file = file
        self._session = session
        self._mariadb = session.mariadb
        self._keeps = not session.mariadb  # comments, as each client program does unless told otherwise
        self._buffer = bytearray()
        self._kept = 0  # bytes of the buffer from before the part of the line that was accepted last
        self._has_code = False  # beside comments, in the buffer
        self._quote = 0
        self._dollar_quote = b""
        self._in_comment = False
        self._number = self._begun = 0
        self._line = b""
        self._at = 0
        self._comment = NO_COMMENT
        self._needs_space = False
        self._ended = False

    def read(self) -> Iterator[Statement | Call]:
        """Yield statements and commands; what a command says is done before the next is asked for."""
        with self._file.open("rb") as stream:
            for line in stream:
                self._number += 1
                if not self._buffer:
                    self._begun = self._number
                yield from self._read_line(_stripped(line, is_first=self._number == 1))
                if self._ended:
                    break
        yield from self._end_statement(is_last=True) if self._keeps else self._go()

    def error(self, what: str, line: int, *, needs_program: bool = False) -> ScriptError:
        """Return the error that a place of the file is not understood."""
        return ScriptError(what, self._file, line, needs_program=needs_program)

    def _read_line(self, line: bytes) -> Iterator[Statement | Call]:
        self._line, self._at = line, 0
        if not (self._in_comment or self._quote or self._holds_code()):
            begun = rules.past_comments(line) if self._keeps else 0
            command = self._session.commands.at_line_start(line[begun:], self._session.delimiter)
            if command is not None:
                self._clear()
                yield from self._run(command, line[begun:])
                return
        self._comment, self._needs_space = NO_COMMENT, False
        if not line and not self._buffer:
            return
        while self._at < len(line) and not self._ended:
            self._take_plain()
            if self._at < len(line):
                yield from self._take_special(line[self._at])
        if not self._ended:
            self._end_line()

    def _holds_code(self) -> bool:
        """Return True if more than comments has been read of a statement."""
        if not self._has_code and self._buffer:
            size = len(self._buffer)
            begun = rules.past_comments(self._buffer) if self._keeps and size < _LONGEST_COMMENT else 0
            self._has_code = begun + 2 < size  # a comment that is still open ends before the last two letters
            return begun < size
        return self._has_code

    def _end_line(self) -> None:
        if not self._buffer or (self._in_comment and not self._keeps):
            return
        accepted = self._buffer[self._kept : self._kept + 9]
        if not clientcommands.is_delimiter_command(accepted) or self._quote or self._in_comment:
            self._buffer += b"\n"
        self._kept = len(self._buffer)

    def _take_plain(self) -> None:
        """Take text up to the next place where something is to be decided."""
        if not self._keeps and not self._buffer:
            while self._at < len(self._line) and self._line[self._at] in SPACES:
                self._at += 1
        if self._in_comment:
            match = rules.IN_COMMENT.search(self._line, self._at)
            self._put((len(self._line) if match is None else match.start()) - self._at)
            return
        if self._quote:
            pattern = rules.quoted(self._quote, escapes=self._escapes())
        else:
            pattern = rules.plain(self._session.delimiter, self._comment, dollars=self._session.dollars)
        match = pattern.match(self._line, self._at)
        if match is not None:
            self._put(match.end() - self._at)

    def _put(self, length: int) -> None:
        """Accept the next bytes of the line."""
        end = self._at + length
        if length and (self._keeps or not self._in_comment):
            if self._needs_space:
                self._put_space(end)
            self._put_raw(end - self._at)
        self._at = end

    def _put_space(self, end: int) -> None:
        """Put a space behind a comment, and behind the letters there that are not ASCII, as the client program does."""
        match = rules.NOT_ASCII.match(self._line, self._at, end)
        self._put_raw(0 if match is None else match.end() - self._at)
        if self._at < end:
            self._needs_space = False
            if self._line[self._at] not in SPACES:
                self._buffer += b" "

    def _escapes(self) -> bool:
        """Return True if a backslash at this place escapes what follows, or begins a command."""
        if not self._quote:
            return True
        status = self._session.status()
        if self._mariadb and (self._quote == BACKQUOTE or (self._quote == QUOTES[1] and status & ANSI_QUOTES)):
            return False
        return not status & NO_BACKSLASH_ESCAPES

    def _take_special(self, letter: int) -> Iterator[Statement | Call]:
        """Decide what begins at this place."""
        is_code = not self._in_comment and not self._quote
        if letter == BACKSLASH and not self._in_comment and self._escapes():
            yield from self._take_backslash()
        elif is_code and self._comment != HINT and self._line.startswith(self._session.delimiter, self._at):
            yield from self._take_delimiter()
        elif is_code and self._is_line_comment(letter):
            self._take_line_comment()
        elif not self._quote and rules.opens_comment(self._line, self._at, self._comment, mariadb=self._mariadb):
            self._put_marks()
            self._in_comment = True
        elif self._in_comment and not self._comment and self._line.startswith(b"*/", self._at):
            self._put_marks()
            self._in_comment = False
            self._needs_space = True
        else:
            self._take_letter(letter)

    def _take_letter(self, letter: int) -> None:
        length = 1
        if not self._quote:
            self._comment = rules.comment_after(self._line, self._at, self._comment, mariadb=self._mariadb)
        if letter == self._quote:
            if letter != DOLLAR or self._line.startswith(self._dollar_quote, self._at):
                length = len(self._dollar_quote) if letter == DOLLAR else 1
                self._quote = 0
        elif not self._in_comment and not self._quote and self._comment != HINT:
            if letter in QUOTES:
                self._quote = letter
            elif letter == DOLLAR and self._session.dollars:
                self._dollar_quote = rules.dollar_quote(self._line, self._at)
                self._quote = DOLLAR if self._dollar_quote else 0
                self._put_raw(max(0, len(self._dollar_quote) - 1))
        self._put(length)

    def _put_marks(self) -> None:
        if self._keeps:
            self._buffer += self._line[self._at : self._at + 2]
        self._at += 2
        self._kept = len(self._buffer)

    def _is_line_comment(self, letter: int) -> bool:
        if self._comment == HINT:
            return False
        is_first = self._mariadb and not self._buffer
        return letter == HASH or rules.dashes(self._line, self._at, is_first=is_first)

    def _take_line_comment(self) -> None:
        # One by itself is sent at once, so that the next line may be a command; it does nothing.
        if self._keeps and self._buffer:
            self._buffer += memoryview(self._line)[self._at :]
        self._at = len(self._line)
        self._kept = len(self._buffer)

    def _take_delimiter(self) -> Iterator[Statement | Call]:
        self._at += len(self._session.delimiter)
        if self._keeps:
            while self._at < len(self._line) and self._line[self._at] in SPACES:
                self._put_raw(1)
            marks = self._line[self._at : self._at + 3]
            if marks[:1] == b"#" or (marks[:2] == b"--" and marks[2:] and marks[2:] in SPACES):
                self._put_raw(len(self._line) - self._at)
        yield from self._end_statement()

    def _put_raw(self, length: int) -> None:
        self._buffer += memoryview(self._line)[self._at : self._at + length]
        self._at += length

    def _clear(self) -> None:
        self._buffer.clear()
        self._kept = 0
        self._has_code = False

    def _end_statement(self, *, is_last: bool = False) -> Iterator[Statement | Call]:
        """Yield what has been read as a command or as a statement."""
        if not self._buffer:
            return
        begun = rules.past_comments(self._buffer) if self._keeps else 0
        command = self._session.commands.at_line_start(memoryview(self._buffer)[begun:], self._session.delimiter)
        if command is None:
            yield from self._go()
        elif command.name == "quit" and not self._keeps:
            self._ended = True  # and the word is sent
        else:
            if is_last:
                self._drop_invisible()
            text = bytes(self._buffer[begun:])
            self._clear()
            yield from self._run(command, text)
            if is_last and command.name != "quit":
                raise self.error(f"the command {command.name} has no delimiter behind it", self._number)

    def _go(self) -> Iterator[Statement]:
        """Yield what has been read as a statement."""
        self._drop_invisible()
        text = bytes(self._buffer)
        self._clear()
        if text:
            yield Statement(text, self._file, self._begun)

    def _drop_invisible(self) -> None:
        end = len(self._buffer)
        while end and self._buffer[end - 1] in rules.INVISIBLE:
            end -= 1
        del self._buffer[end:]

    def _take_backslash(self) -> Iterator[Statement | Call]:
        """Take a backslash and what it escapes, or a command of one letter."""
        letter = self._line[self._at + 1 : self._at + 2]
        if not letter:
            self._at += 1
        elif self._quote or letter == b"N":
            is_name = letter == b"`" and self._quote == BACKQUOTE and not self._mariadb
            self._put_raw(1 if is_name else 2)
        elif letter == b"-" and not self._mariadb and self._buffer.endswith(_SANDBOX_LINE):
            self._at += 2
        else:
            yield from self._take_command(letter)

    def _take_command(self, letter: bytes) -> Iterator[Statement | Call]:
        command = self._session.commands.letters.get(letter)
        if command is None:
            raise self.error(f"Unknown command '\\{letter.decode(errors='replace')}'.", self._number)
        self._kept = len(self._buffer)
        yield from self._run(command, self._line[self._at :])
        self._at += 2
        if command.takes_arguments:
            mark = b"*/" if self._comment else self._session.delimiter
            found = self._line.find(mark, self._at)
            self._at = len(self._line) if found < 0 else found + (0 if self._comment else len(mark))

    def _run(self, command: Command, text: bytes) -> Iterator[Statement | Call]:
        """Do what a command says of the reading itself; yield another command."""
        if command.name in ("go", "ego"):
            yield from self._go()
        elif command.name == "clear":
            self._clear()
        elif command.name == "quit":
            self._ended = True
        elif command.name not in clientcommands.WITHOUT_EFFECT:
            if command.name == "source":
                self._clear()
            yield Call(command, text, self._number)


def _stripped(line: bytes, *, is_first: bool) -> bytes:
    """Return a line as the client program has it: without its end, and without the mark that a file is UTF-8."""
    if line.endswith(b"\n"):
        line = line[:-2] if line.endswith(b"\r\n") else line[:-1]
    return line.removeprefix(_BOM) if is_first else line
