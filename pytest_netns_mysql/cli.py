"""The command line, netns-mysql: each command is a module of ``commands``, which is imported when it is called."""

from __future__ import annotations

import argparse
import errno
import importlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType

from pytest_netns_mysql import settings as table
from pytest_netns_mysql.commands.commandparser import Parser, given
from pytest_netns_mysql.errors import NetnsError

COMMANDS: Mapping[str, str] = {
    "doctor": "Check each prerequisite, and print a remedy for each that is missing.",
    "fetch": "Fetch a server or MySQL Router into the cache.",
    "image": "Make a container image of the fetched server.",
    "show": "Draw a topology.",
    "access": "Print who may log in from where, by the accounts in SQL files.",
    "matrix": "Print the project's topologies and servers for a CI matrix.",
    "run": "Run a command in a new sandbox.",
    "ps": "List the running sessions.",
    "shell": "Enter a running session.",
    "up": "Start a standing server for the next pytest runs.",
    "ls": "List the standing servers.",
    "down": "End standing servers.",
    "cache": "List what the cache contains, or clear the cache.",
}
"""The commands, and what each does. `netns-mysql --help` shows them in this order."""

_DESCRIPTION = "MySQL in network namespaces: the sandboxes and servers of pytest-netns-mysql, from the shell."
_EPILOG = """\
examples:
  netns-mysql doctor
  netns-mysql run --mysqld --netns red -- mysql --user=red_user -e "SELECT USER()"
  netns-mysql shell red

`netns-mysql COMMAND --help` describes a command, with examples.

exit codes:
  0    it worked
  1    it did not, and the message says what to do
  2    the command line is wrong
  126  CMD of run or shell cannot be executed; 127 if it was not found; else CMD's own exit code
  130  interrupted by Ctrl-C; 141 if the reader of the output has gone
"""
_ANYWHERE = ("doctor", "matrix", "show")
"""The commands that other platforms than Linux have, too."""
_INTERRUPTED = 128 + signal.SIGINT
_NOT_WRITTEN = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
_PIPE_CLOSED = 128 + 13  # SIGPIPE, which Windows does not have


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code."""
    try:
        try:
            return _main(sys.argv[1:] if argv is None else list(argv))
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()  # here, where the error of a closed pipe is handled
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        code = _PIPE_CLOSED
    except OSError as error:
        if error.errno not in _NOT_WRITTEN:
            raise
        print(f"netns-mysql: cannot write the output: {error.strerror}", file=sys.stderr)
        code = 1
    # Python flushes stdout again when it exits.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _main(argv: list[str]) -> int:
    name = next((word for word in argv if not word.startswith("-")), "")
    modules = {name: _module(name)} if name in COMMANDS else {}
    words, command = _split(argv) if getattr(modules.get(name), "TAKES_COMMAND", False) else (argv, [])
    parser = parser_of(modules)
    options, unknown = parser.parse_known_args(words)
    if unknown:
        getattr(options, "parser", parser).error(f"unrecognized arguments: {' '.join(unknown)}")
    if not options.version and not hasattr(options, "command"):
        parser.error("a command is missing")
    if command:
        options.argv = command
    try:
        if name in COMMANDS and name not in _ANYWHERE:
            from pytest_netns_mysql.kernel.linuxonly import require_linux

            require_linux()
        settings = table.resolve(given(options), table.environment, *_beside())
        if options.version:
            from pytest_netns_mysql.commands.version import version

            print(version(settings))
            return 0
        return int(options.command(options, settings))
    except NetnsError as error:
        print(f"netns-mysql: {error}", file=sys.stderr)
        return 1


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"pytest_netns_mysql.commands.{name}")


def _split(argv: list[str]) -> tuple[list[str], list[str]]:
    """Return the words before the first ``--``, and those behind it."""
    if "--" not in argv:
        return argv, []
    at = argv.index("--")
    return argv[:at], argv[at + 1 :]


def _beside() -> list[table.Reader]:
    """Return the reader of a topology file in the working directory; none if the directory was removed."""
    try:
        return [table.beside(Path.cwd())]
    except OSError:
        return []


def parser_of(modules: Mapping[str, ModuleType] | None = None) -> argparse.ArgumentParser:
    """Return the parser of the command line.

    Args:
        modules: The commands whose arguments are needed, by default all. Of the others only the names are known, so
            that their modules need not be imported.
    """
    known = all_modules() if modules is None else modules
    parser = Parser(prog="netns-mysql", description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument(
        "--version", action="store_true", help="Print the versions of this package, Python, pytest and the server."
    )
    commands = parser.add_subparsers(metavar="COMMAND", parser_class=Parser)
    for name, text in COMMANDS.items():
        if name not in known:
            commands.add_parser(name, help=text)
            continue
        module = known[name]
        command = commands.add_parser(
            name, help=text, description=module.DESCRIPTION, epilog=f"examples:\n{module.EXAMPLES}\n"
        )
        module.configure(command)
        command.set_defaults(command=module.main, parser=command, argv=[])
    return parser


def all_modules() -> dict[str, ModuleType]:
    """Return the modules of all commands, by the commands' names."""
    return {name: _module(name) for name in COMMANDS}


def arguments_of(parser: argparse.ArgumentParser, name: str) -> list[argparse.Action]:
    """Return the arguments of a command, without --help.

    Args:
        parser: What ``parser_of`` returned.
        name: The name of the command.
    """
    (commands,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return [action for action in commands.choices[name]._actions if action.dest != "help"]


if __name__ == "__main__":
    sys.exit(main())
