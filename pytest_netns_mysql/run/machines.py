"""Workers of xdist that do not share the controller's files, because they are on other machines: what they need."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Generator, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_netns_mysql.run.fromcontroller import CAPTURES, OF_CONTROLLER, FromController, SentSetting
from pytest_netns_mysql.run.pytestoptions import texts_of_settings
from pytest_netns_mysql.run.stash import WORKER
from pytest_netns_mysql.run.wanted import writes_report

if TYPE_CHECKING:
    from pytest_netns_mysql.run.session import NetnsSession

# Enters a user namespace and becomes Python. Where the package is missing, the check of the gateway says so.
_START = (
    r'import os,sys;exec("try:\n from pytest_netns_mysql import remote as r\nexcept ImportError: r=None");'
    'r and r.main("{mode}");os.execv(sys.executable,[sys.executable,*sys.argv[1:]])'
)
_CHECK = """
import importlib.metadata, importlib.util, sys
try:
    version = importlib.metadata.version("pytest-netns-mysql")
except importlib.metadata.PackageNotFoundError:
    version = ""
missing = [module for module in channel.receive() if importlib.util.find_spec(module) is None]
channel.send((missing, version, sys.executable))
"""
_SET = "import os; os.environ.update(channel.receive())"
_NOT_COPIED = "not relative to an rsync root"
_NOT_SENT = ("cache", *OF_CONTROLLER)
"""The settings that are not sent. A cache on the command line is that of each machine."""
_FILES = ("topology", "image_initdb")
"""The settings that name files which xdist may copy."""


class Machines:
    """The plugin of a controller that has workers on other machines."""

    def __init__(self, config: pytest.Config, session: NetnsSession) -> None:
        """Prepare nothing yet.

        Args:
            config: The configuration of the controller.
            session: Its settings.
        """
        self._config = config
        self._session = session
        self._specs: list[Any] = []
        self._ready: list[Any] = []

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_setupnodes(self, specs: Sequence[Any]) -> None:
        """Have Python started in a user namespace where the worker's user needs one, and send the settings."""
        self._specs = list(specs)
        start = _START.format(mode=self._session.settings.mode)
        for spec in specs:
            # With `via` and without `python` the worker's Python is that of the proxy, whose name is not known here.
            if spec.ssh or spec.vagrant_ssh or (spec.via and spec.python):
                spec.python = f"{spec.python or 'python'} -c {shlex.quote(start)}"

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Send the settings to a worker, in its environment."""
        spec = node.gateway.spec
        if spec.popen and not spec.chdir and not spec.via:
            return
        settings = dict(self._settings(node.nodemanager.roots))
        folder = self._config.rootpath / self._session.settings.capture_dir
        sent = FromController(machine_of(spec), node.gateway.id, writes_report(self._config), str(folder), settings)
        if self._session.settings.capture != "off":
            node.workerinput[CAPTURES] = captures = node.gateway.newchannel()
            captures.setcallback(lambda file: _take_capture(folder, *file))
        channel = node.gateway.remote_exec(_SET)
        channel.send({WORKER: sent.as_text()})
        channel.waitclose()

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_newgateway(self, gateway: Any) -> None:
        """Check that this plugin is there, too."""
        self._ready.append(gateway.spec)
        if gateway.spec.popen and not gateway.spec.via:
            return
        packages = {"pytest_netns_mysql": "pytest-netns-mysql"}
        if self._session.settings.capture != "off":
            packages["pcapng"] = "pytest-netns-mysql[capture]"
        channel = gateway.remote_exec(_CHECK)
        channel.send(list(packages))
        missing, version, python = channel.receive()
        own = _own_version()
        differs = version if own and version and own != version else ""
        if missing or differs:
            package = f"{packages[missing[0]] if missing else 'pytest-netns-mysql'}{own and f'=={own}'}"
            what = f"has pytest-netns-mysql {version}, and this machine has {own}" if differs else f"lacks {package}"
            raise pytest.UsageError(
                f"{_title(gateway.spec)} {what}\n"
                f"  where: {python}\n"
                f"  do: on that machine: {shlex.join([python, '-m', 'pip', 'install', package])}"
            )

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Stop the run if pytest refuses its settings on another machine: xdist would start worker after worker."""
        _, refused, text = str(error).rpartition("UsageError: ")
        if refused and node.gateway.spec in self._specs:
            raise pytest.UsageError(f"{_title(node.gateway.spec)}: {text.strip()}")

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionstart(self) -> Generator[None, None, None]:
        """Name the machine on which no worker can be started."""
        import execnet

        try:
            yield
        except ValueError as error:
            if _NOT_COPIED not in str(error):
                raise
            raise pytest.UsageError(
                f"xdist copies no folder with a path of the command line to other machines: {error}\n"
                "  do: write absolute paths, also the folder that is to be copied: "
                '--rsyncdir="$PWD" "$PWD/tests"\n'
                "  do: or write no paths, where the machines have the suite already: testpaths and -k choose the tests"
            ) from error
        except (execnet.HostNotFound, OSError, EOFError) as error:
            spec = next((spec for spec in self._specs if all(spec is not ready for ready in self._ready)), None)
            if spec is None:
                raise
            raise pytest.UsageError(
                f"no Python can be started on {_title(spec)}\n"
                f"  where: {_shown(spec)}\n"
                f"  tried: {type(error).__name__}: {error}; what ssh or Python said stands above\n"
                f"  do: {_by_hand(spec)}"
            ) from error

    def _settings(self, roots: Iterable[Path]) -> Generator[tuple[str, SentSetting], None, None]:
        here = self._config.invocation_params.dir
        for name, (text, place, is_argument) in texts_of_settings(self._config, self._config.option).items():
            if name in _NOT_SENT:
                continue
            sent = moved(text, here, roots) if name in _FILES else text
            if sent is not None or is_argument:
                place = f"{place}, on the controller's machine"
                yield name, SentSetting(text if sent is None else sent, place, is_argument)


def _take_capture(folder: Path, name: str, content: bytes | None) -> None:
    """Write the packets that a worker captured, or remove those of an earlier run. This is a thread of execnet."""
    from pytest_netns_mysql.run.capturefile import make_folder

    # A capture must not fail a run.
    with contextlib.suppress(OSError):
        if content is None:
            (folder / name).unlink(missing_ok=True)
        else:
            make_folder(folder)
            (folder / name).write_bytes(content)


def machine_of(spec: Any) -> str:
    """Return the name of a worker's machine, as --tx has it; '' for the machine of the controller."""
    address = spec.ssh or spec.vagrant_ssh
    if address:
        return str(address).split()[-1]
    return f"the machine of the proxy {spec.via}" if spec.via else str(spec.socket or "")


def _title(spec: Any) -> str:
    return f"{machine_of(spec) or 'this machine'} (worker {spec.id})"


def _shown(spec: Any) -> str:
    return f"--tx {str(spec).removeprefix('execmodel=main_thread_only//')}"


def _by_hand(spec: Any) -> str:
    """Return what a person may do to find out why no Python starts."""
    if spec.socket:
        server = f"-m execnet.script.socketserver {spec.socket}"
        return f"start a server on that machine: python -m pytest_netns_mysql.remote {server}"
    if not spec.ssh:
        return "start its Python by hand"
    options = ["-F", spec.ssh_config] if spec.ssh_config else []
    return f"try by hand: {shlex.join(['ssh', *options, *spec.ssh.split()])} {_python(spec)} --version"


def _python(spec: Any) -> str:
    return str(spec.python or "python").partition(" -c ")[0]


def moved(text: str, here: Path, roots: Iterable[Path]) -> str | None:
    """Return a setting's value with the paths that its files have where xdist copies them; None if not all are copied.

    Args:
        text: The value: names and paths, separated by commas.
        here: The folder that relative paths start from.
        roots: The folders that xdist copies.
    """
    from pytest_netns_mysql.topology.file.load import presets

    moved = []
    for part in map(str.strip, text.split(",")):
        file, separator, name = part.partition("::")
        path = here / file
        if not file or not path.exists() or file in presets():
            moved.append(part)
            continue
        path = path.resolve()
        root = next((root for root in roots if path.is_relative_to(root)), None)
        if root is None:
            return None
        moved.append(f"{root.name / path.relative_to(root)}{separator}{name}")
    return ",".join(moved)


def _own_version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("pytest-netns-mysql")
    except PackageNotFoundError:  # a checkout that is not installed
        return ""
