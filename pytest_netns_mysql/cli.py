"""The command line: netns-mysql doctor, fetch, show, matrix, run, up, ls, down."""

from __future__ import annotations

import argparse
import itertools
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from pytest_netns_mysql import settings as table
from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.errors import NetnsError, SettingError
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.kernel.sandbox import Sandbox
from pytest_netns_mysql.topology.diagram import FORMATS, draw
from pytest_netns_mysql.topology.load import load, load_all, presets

_IMAGE = "netns-mysql:latest"
_USAGE = 2  # exit code, as argparse's
_PRODUCTS = ("mysql", "mariadb", "router")  # what can be fetched: not imported for every command


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    options = _parser().parse_args(argv)
    try:
        settings = table.resolve(_given(options), table.environment, table.beside(Path.cwd()))
        return int(options.command(options, settings))
    except NetnsError as error:
        print(f"netns-mysql: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="netns-mysql",
        description="MySQL in network namespaces: what pytest-netns-mysql does, from the shell.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    by_name = {setting.name: setting for setting in table.TABLE}
    for name in ("mode", "cache"):
        common.add_argument(f"--{name}", metavar=by_name[name].metavar, help=by_name[name].help)

    doctor = commands.add_parser("doctor", parents=[common], help="probe each prerequisite, and name the exact remedy")
    doctor.set_defaults(command=_doctor)

    fetch = commands.add_parser(
        "fetch",
        parents=[common],
        help="bring a server, or MySQL Router, into the cache; its path is the last line printed",
    )
    fetch.add_argument("product", nargs="?", choices=_PRODUCTS, default=_PRODUCTS[0], help=f"default {_PRODUCTS[0]}")
    fetch.set_defaults(command=_fetch)

    image = commands.add_parser(
        "image", parents=[common], help="make a container image of the fetched server, where no registry can be reached"
    )
    image.add_argument("reference", nargs="?", metavar="NAME", default=_IMAGE, help=f"default {_IMAGE}")
    image.set_defaults(command=_image)

    show = commands.add_parser("show", parents=[common], help="draw a topology")
    show.add_argument(
        "topology", nargs="?", metavar="TOPOLOGY", help=f"a preset ({', '.join(presets())}) or a TOML file"
    )
    show.add_argument("--format", choices=FORMATS, default=FORMATS[0], help=f"default {FORMATS[0]}")
    show.set_defaults(command=_show)

    matrix = commands.add_parser(
        "matrix", help="print the project's topologies x servers as JSON, for a CI matrix; start nothing"
    )
    matrix.set_defaults(command=_matrix)
    up = commands.add_parser("up", parents=[common], help="bring up a server that stays, for the pytest runs to come")
    for command, name in itertools.product((matrix, up), ("topology", "mysqld")):
        command.add_argument(f"--{name}", metavar=by_name[name].metavar, help=by_name[name].help)
    up.set_defaults(command=_up)
    ls = commands.add_parser("ls", help="list the servers that are up")
    ls.set_defaults(command=_ls)
    down = commands.add_parser("down", help="end the servers that are up, or those of these pids")
    down.add_argument("pids", nargs="*", type=int, metavar="PID", help="as ls shows them")
    down.set_defaults(command=_down)

    run = commands.add_parser(
        "run",
        parents=[common],
        help="run a command in a sandbox of its own",
        usage="netns-mysql run [--topology T] [--netns NS] [--mysqld [auto|PATH]] [--mode M] [--cache DIR] -- CMD...",
    )
    run.add_argument("--topology", metavar="NAME|FILE", help=by_name["topology"].help)
    run.add_argument("--netns", metavar="NS", default=GLOBAL, help="the namespace the command runs in; default global")
    run.add_argument(
        "--mysqld",
        nargs="?",
        const="auto",
        metavar="auto|PATH",
        help="start a server too, with an account for each namespace, until the command ends",
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
    from pytest_netns_mysql import doctor

    return doctor.report(settings)


def _fetch(options: argparse.Namespace, settings: table.Settings) -> int:
    from pytest_netns_mysql.mysql import cached, trust
    from pytest_netns_mysql.mysql.fetch import fetch

    trust.make(settings.cache)
    cached.drop_damaged(settings.cache, options.product, _progress)
    print(fetch(settings.cache, progress=_progress, product=options.product))
    return 0


def _image(options: argparse.Namespace, settings: table.Settings) -> int:
    from pytest_netns_mysql.mysql.distribution import fetched, identify
    from pytest_netns_mysql.mysql.fetch import fetch
    from pytest_netns_mysql.mysql.makeimage import make_image

    server = fetched(settings.cache) or identify(fetch(settings.cache, progress=_progress))
    make_image(server, options.reference, progress=_progress)
    print(f"docker://{options.reference}")
    return 0


def _matrix(options: argparse.Namespace, _settings: table.Settings) -> int:
    from pytest_netns_mysql.matrix import matrix

    print(matrix(_given(options), Path.cwd()))
    return 0


def _up(_options: argparse.Namespace, settings: table.Settings) -> int:
    from pytest_netns_mysql import upkeep

    print(upkeep.up(settings, progress=_progress))
    return 0


def _ls(_options: argparse.Namespace, _settings: table.Settings) -> int:
    from pytest_netns_mysql import upkeep

    print(upkeep.ls())
    return 0


def _down(options: argparse.Namespace, _settings: table.Settings) -> int:
    from pytest_netns_mysql import upkeep

    print(upkeep.down(options.pids))
    return 0


def _show(options: argparse.Namespace, settings: table.Settings) -> int:
    drawings = [draw(topology, options.format) for topology in load_all(settings.topology)]
    if len(drawings) > 1 and options.format in ("svg", "json"):
        raise SettingError(
            f"one drawing is a file of its own in {options.format}, and {settings.topology} has {len(drawings)}",
            where="netns-mysql show",
            remedies=["name one topology, as FILE::NAME where a file holds several"],
        )
    print("\n\n".join(drawings))
    return 0


def _run(options: argparse.Namespace, settings: table.Settings) -> int:
    """Become the command: signals, exit code and terminal are its own, and the server ends with it."""
    argv = options.argv[1:] if options.argv[:1] == ["--"] else options.argv
    if not argv:
        print("netns-mysql: run needs a command: netns-mysql run --netns red -- ip address", file=sys.stderr)
        return _USAGE
    network = Network(Sandbox.create(settings.mode), load(settings.topology))
    namespace = network[options.netns]
    environment = dict(os.environ)
    if options.mysqld is not None:
        environment |= _serve(network, settings, options.netns)
    else:
        _add_programs(environment, settings)
    namespace.__enter__()
    return _become(argv, environment)


def _serve(network: Network, settings: table.Settings, netns: str) -> dict[str, str]:
    """Start a server that lives as long as this process, whatever program it becomes."""
    from pytest_netns_mysql.kinds import Kinds
    from pytest_netns_mysql.mysql.accounts import Accounts
    from pytest_netns_mysql.mysql.loading import of_topology
    from pytest_netns_mysql.mysql.plan import ServerPlan
    from pytest_netns_mysql.mysql.server import MySQLServer

    kind = Kinds(settings, _progress).find()
    if kind.listens is not None:
        raise SettingError(
            f"{kind.name} is run by others, and the accounts of `netns-mysql run` would stay on it",
            where="netns-mysql run",
            remedies=["leave out --mysqld, and connect as an account of its own", "name another server"],
        )
    plan = ServerPlan(
        kind,
        settings.cache,
        _progress,
        start_timeout=settings.start_timeout,
        **{**vars(network.topology.mysqld), "load": of_topology(network.topology)},
    )
    server = MySQLServer(plan, network)
    server.start()
    accounts = Accounts(server)
    made = [str(accounts.of_namespace(name, server.endpoint_for(name))) for name in network]
    _progress(
        f"mysqld listens on {', '.join(map(str, server.endpoints))}; accounts without password: {', '.join(made)}"
    )
    place = server.endpoint_for(netns)
    environment = {
        "MYSQL_HOST": place.address,
        "MYSQL_TCP_PORT": str(place.port),
        "MYSQL_UNIX_PORT": str(server.socket),
        "PATH": os.environ.get("PATH", os.defpath),
    }
    client = kind.program("mysql")
    folders = [environment["PATH"], *([] if client is None else [str(client.parent)])]
    return environment | {"PATH": os.pathsep.join(folders)}


def _add_programs(environment: dict[str, str], settings: table.Settings) -> None:
    """Let the command find mysql, mysqldump and mysqladmin of a fetched server, behind those of PATH."""
    from pytest_netns_mysql.mysql.distribution import fetched

    found = fetched(settings.cache)
    if found is not None:
        environment["PATH"] = f"{environment.get('PATH', os.defpath)}{os.pathsep}{found.mysqld.parent}"


def _become(argv: Sequence[str], environment: dict[str, str]) -> int:
    try:
        os.execvpe(argv[0], list(argv), environment)  # noqa: S606 - no shell is wanted
    except OSError as error:
        print(f"netns-mysql: {argv[0]}: {error.strerror}", file=sys.stderr)
        return 127 if isinstance(error, FileNotFoundError) else 126


if __name__ == "__main__":
    sys.exit(main())
