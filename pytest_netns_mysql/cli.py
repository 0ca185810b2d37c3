"""The command line: netns-mysql doctor, fetch, image, show, access, matrix, run, up, ls, down."""

from __future__ import annotations

import argparse
import errno
import itertools
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from pytest_netns_mysql import paths
from pytest_netns_mysql import settings as table
from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.errors import NetnsError, SettingError
from pytest_netns_mysql.topology.diagram import FORMATS, draw
from pytest_netns_mysql.topology.file.load import load_all, presets

_IMAGE = "netns-mysql:latest"
_USAGE = 2  # exit code, as argparse's
_PRODUCTS = ("mysql", "mariadb", "router")  # repeated here, because importing them takes time in every command
_ACCESS_FORMATS = ("text", "markdown", "json")
_ACCESS_EPILOG = """\
The files are loaded into a new server, which listens where the topology says and ends with the command. Any SQL will
do: a schema with its accounts, `mysqldump --users`, `mariadb-dump --system=users`, the output of pt-show-grants, or a
full dump. Each cell of the table names the account that the server picks, or the number of its error and the reason.
Below it stand the accounts that a more specific account hides.

example:
  mysqldump --users --no-data shop > accounts.sql
  netns-mysql access accounts.sql --topology nat --user app
"""
_INTERRUPTED = 128 + signal.SIGINT
_NOT_WRITTEN = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
_PIPE_CLOSED = 128 + signal.SIGPIPE


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code."""
    try:
        try:
            return _main(argv)
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


def _main(argv: Sequence[str] | None) -> int:
    options = _parser().parse_args(argv)
    try:
        settings = table.resolve(_given(options), table.environment, *_beside())
        return int(options.command(options, settings))
    except NetnsError as error:
        print(f"netns-mysql: {error}", file=sys.stderr)
        return 1


def _beside() -> list[table.Reader]:
    """Return the reader of a topology file in the working directory; none if the directory was removed."""
    try:
        return [table.beside(Path.cwd())]
    except OSError:
        return []


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="netns-mysql",
        description="MySQL in network namespaces: the sandboxes and servers of pytest-netns-mysql, from the shell.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    by_name = {setting.name: setting for setting in table.TABLE}
    common, cached = (argparse.ArgumentParser(add_help=False) for _ in range(2))
    for parent, names in ((common, ("mode", "cache")), (cached, ("cache",))):
        for name in names:
            parent.add_argument(f"--{name}", metavar=by_name[name].metavar, help=by_name[name].help)

    doctor = commands.add_parser(
        "doctor", parents=[common], help="check each prerequisite, and print a remedy for each that is missing"
    )
    doctor.set_defaults(command=_doctor)

    fetch = commands.add_parser(
        "fetch",
        parents=[cached],
        help="fetch a server or MySQL Router into the cache; the last line printed is its path",
    )
    fetch.add_argument("product", nargs="?", choices=_PRODUCTS, default=_PRODUCTS[0], help=f"default {_PRODUCTS[0]}")
    fetch.set_defaults(command=_fetch)

    image = commands.add_parser(
        "image",
        parents=[cached],
        help="make a container image of the fetched server, for machines that reach no registry",
    )
    image.add_argument("reference", nargs="?", metavar="NAME", default=_IMAGE, help=f"default {_IMAGE}")
    image.set_defaults(command=_image)

    show = commands.add_parser("show", help="draw a topology")
    show.add_argument(
        "topology", nargs="?", metavar="TOPOLOGY", help=f"a preset ({', '.join(presets())}) or a TOML file"
    )
    show.add_argument("--format", choices=FORMATS, default=FORMATS[0], help=f"default {FORMATS[0]}")
    show.set_defaults(command=_show)

    matrix = commands.add_parser(
        "matrix", help="print the project's topologies and servers as JSON for a CI matrix; start nothing"
    )
    matrix.set_defaults(command=_matrix)
    up = commands.add_parser("up", parents=[common], help="start a standing server for the next pytest runs")
    for command, name in itertools.product((matrix, up), ("topology", "mysqld")):
        command.add_argument(f"--{name}", metavar=by_name[name].metavar, help=by_name[name].help)
    up.set_defaults(command=_up)
    ls = commands.add_parser("ls", help="list the standing servers")
    ls.set_defaults(command=_ls)
    down = commands.add_parser("down", help="end standing servers, all or those with the given pids")
    down.add_argument("pids", nargs="*", type=int, metavar="PID", help="the pid of a server, as ls shows it")
    down.set_defaults(command=_down)

    access = commands.add_parser(
        "access",
        parents=[common],
        help="print who may log in from where, by the accounts in SQL files",
        description="Print who may log in from where: a table of users and namespaces.",
        epilog=_ACCESS_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    access.add_argument("files", nargs="+", metavar="FILE", help="an SQL file; several are loaded in this order")
    for name, metavar in (("topology", "NAME|FILE"), ("mysqld", "auto|mariadb|PATH")):
        access.add_argument(f"--{name}", metavar=metavar, help=by_name[name].help)
    access.add_argument(
        "--user", action="append", metavar="NAME", dest="users", help="show this user; repeatable; default all"
    )
    access.add_argument(
        "--format", choices=_ACCESS_FORMATS, default=_ACCESS_FORMATS[0], help=f"default {_ACCESS_FORMATS[0]}"
    )
    access.set_defaults(command=_access)

    run = commands.add_parser(
        "run",
        parents=[common],
        help="run a command in a new sandbox",
        usage="netns-mysql run [--topology T] [--netns NS] [--mysqld [auto|PATH]] [--mode M] [--cache DIR] -- CMD...",
    )
    run.add_argument("--topology", metavar="NAME|FILE", help=by_name["topology"].help)
    run.add_argument(
        "--netns", metavar="NS", default=GLOBAL, help="the namespace that the command runs in; default global"
    )
    run.add_argument(
        "--mysqld",
        nargs="?",
        const="auto",
        metavar="auto|PATH",
        help="also start a server, with an account for each namespace, which ends with the command",
    )
    run.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- CMD...", help="the command and its arguments")
    run.set_defaults(command=_run)
    return parser


def _given(options: argparse.Namespace) -> table.Reader:
    def reader(setting: table.Setting) -> tuple[str, str] | None:
        value = getattr(options, setting.name, None)
        return None if value is None else (str(value), f"command line --{setting.name}")

    return reader


def _progress(text: str) -> None:
    print(f"netns-mysql: {text}", file=sys.stderr, flush=True)


def _doctor(_options: argparse.Namespace, settings: table.Settings) -> int:
    from pytest_netns_mysql.commands import doctor

    return doctor.report(settings)


def _fetch(options: argparse.Namespace, settings: table.Settings) -> int:
    from pytest_netns_mysql.mysql.cache import cached, trust
    from pytest_netns_mysql.mysql.fetch.fetch import fetch

    trust.make(settings.cache)
    cached.drop_damaged(settings.cache, options.product, _progress)
    print(fetch(settings.cache, progress=_progress, product=options.product))
    return 0


def _image(options: argparse.Namespace, settings: table.Settings) -> int:
    from pytest_netns_mysql.mysql.containers.makeimage import make_image
    from pytest_netns_mysql.mysql.fetch.fetch import fetch
    from pytest_netns_mysql.mysql.kinds.local import fetched, identify

    server = fetched(settings.cache) or identify(fetch(settings.cache, progress=_progress))
    make_image(server, options.reference, progress=_progress)
    print(f"docker://{options.reference}")
    return 0


def _matrix(options: argparse.Namespace, _settings: table.Settings) -> int:
    from pytest_netns_mysql.commands.matrix import matrix

    print(matrix(_given(options), paths.here()))
    return 0


def _up(_options: argparse.Namespace, settings: table.Settings) -> int:
    from pytest_netns_mysql.commands import up

    print(up.up(settings, progress=_progress))
    return 0


def _ls(_options: argparse.Namespace, _settings: table.Settings) -> int:
    from pytest_netns_mysql.commands import up

    print(up.ls())
    return 0


def _down(options: argparse.Namespace, _settings: table.Settings) -> int:
    from pytest_netns_mysql.commands import up

    print(up.down(options.pids))
    return 0


def _show(options: argparse.Namespace, settings: table.Settings) -> int:
    drawings = [draw(topology, options.format) for topology in load_all(settings.topology)]
    if len(drawings) > 1 and options.format in ("svg", "json"):
        raise SettingError(
            f"--format {options.format} draws one topology, and {settings.topology} names {len(drawings)}",
            where="netns-mysql show",
            remedies=["name one topology; FILE::NAME names one of several in a file"],
        )
    print("\n\n".join(drawings))
    return 0


def _access(options: argparse.Namespace, settings: table.Settings) -> int:
    from pytest_netns_mysql.commands.access import access

    print(access(options.files, settings, users=options.users, form=options.format, progress=_progress))
    return 0


def _run(options: argparse.Namespace, settings: table.Settings) -> int:
    argv = options.argv[1:] if options.argv[:1] == ["--"] else options.argv
    if not argv:
        print(
            "netns-mysql: run needs a command: netns-mysql run --netns red -- ip address",
            file=sys.stderr,
        )
        return _USAGE
    from pytest_netns_mysql.commands.run import run

    return run(argv, settings, netns=options.netns, with_server=options.mysqld is not None, progress=_progress)


if __name__ == "__main__":
    sys.exit(main())
