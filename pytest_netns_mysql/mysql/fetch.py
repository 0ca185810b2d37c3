"""Bring a mysqld from the machine's own signed package sources into the user's cache."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from pytest_netns_mysql.errors import FetchError, ServerNotFoundError
from pytest_netns_mysql.mysql.apt import AptRoot, Package
from pytest_netns_mysql.mysql.distribution import (
    FIRST_VERSION,
    distribution,
    identify,
    read_record,
)
from pytest_netns_mysql.mysql.sources import REMEDIES, Source, choose
from pytest_netns_mysql.mysql.unpack import EXECUTABLE, Tree, assemble, unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_LAYOUT = "3"
"""Part of a server's name in the cache; raised when what stands in its folder changes."""

_DRAFT = ".draft-"
_SERVER = re.compile(r"mysql-server-core(-[0-9.]+)?")
# The packages that hold shared libraries, by their names; perl's and the character
# converters' are in every closure and in no program's needs.
_LIBRARY = re.compile(r"(lib(?!perl|gdbm|c-gconv)|zlib)")


def fetch(cache: Path, *, progress: Callable[[str], None], sources: Sequence[Source] | None = None) -> Path:
    """Fetch the newest mysqld on offer, and return the path of the program.

    Nothing is installed and no rights are needed: apt-get(8) runs with state of its own,
    under the machine's configuration and keys, and stops at what is not signed
    (apt-secure(8)).  A server that is whole in the cache is not fetched again.  Several
    processes may fetch at once: one does, the others take what it made.
    Shape: ``cache`` is the user's cache folder, made when needed; ``progress`` takes a line
    of text; ``sources`` replace those chosen among the machine's.  Raises FetchError.
    """
    servers = cache.expanduser().absolute() / "servers"
    try:
        servers.mkdir(parents=True, exist_ok=True)
        before = _whole(servers)
        with _locked(servers / ".lock", progress):
            made_meanwhile = _whole(servers) - before
            if made_meanwhile:
                return max(made_meanwhile) / "bin" / "mysqld"
            for leftover in servers.glob(f"{_DRAFT}*"):
                shutil.rmtree(leftover, ignore_errors=True)
            draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=servers)).resolve()
            try:
                return _fetch(servers, draft, progress, sources)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        raise FetchError(
            f"the server could not be put into the cache: {error.strerror or error}",
            where=str(error.filename or servers),
            remedies=("make room there, or make the folder writable", *REMEDIES),
        ) from error


def _fetch(servers: Path, draft: Path, progress: Callable[[str], None], sources: Sequence[Source] | None) -> Path:
    started = time.monotonic()
    progress("reading the machine's package sources…")
    apt = AptRoot(draft)
    architecture = apt.architecture()
    apt.use(sources if sources is not None else choose(apt.targets(), architecture))
    names = _names(apt, architecture)
    packages = apt.closure(names)
    version = _version(packages, names[0])
    home = servers / f"mysql-{version}-{_digest(packages)}"
    mysqld = home / "bin" / "mysqld"
    if read_record(home / "server.json") is not None:
        progress(f"MySQL {version} is in the cache already: {mysqld}")
        return mysqld
    made = draft / "server"
    made.mkdir()
    tree, libraries = _download(apt, draft / "tree", packages, names, version, progress)
    assemble(tree, libraries, made, home)
    _record(tree, made, home, [package for package in packages if _is_wanted(package, names)])
    if home.exists():  # made for another place or machine, or damaged: see read_record
        shutil.rmtree(home)
    made.rename(home)
    _try(home)
    progress(f"MySQL {version} is ready after {time.monotonic() - started:.0f} s: {mysqld}")
    return mysqld


def _names(apt: AptRoot, architecture: str) -> list[str]:
    """Choose the server's package, its client's, and patchelf."""
    offered = {name for name in apt.names("^mysql-server-core(-[0-9.]+)?$") if _SERVER.fullmatch(name)}
    if not offered:
        raise FetchError(
            f"the machine's package sources offer no MySQL server for {architecture}",
            where=apt.where(),
            tried=("a package named mysql-server-core or mysql-server-core-N.N",),
            remedies=REMEDIES,
        )
    # The name without a number follows the newest release.
    server = max(offered, key=lambda name: (name == "mysql-server-core", _numbers(name)))
    return [server, server.replace("-server-", "-client-"), "patchelf"]


def _download(
    apt: AptRoot,
    root: Path,
    packages: Sequence[Package],
    names: Sequence[str],
    version: str,
    progress: Callable[[str], None],
) -> tuple[Tree, dict[str, Path]]:
    """Download and unpack what holds programs and libraries; the rest only where a need shows."""
    wanted = [package for package in packages if _is_wanted(package, names)]
    rest = [package for package in packages if package not in wanted]
    megabytes = sum(package.size for package in wanted) / 1e6
    progress(f"fetching MySQL {version} from the machine's package sources ({megabytes:.0f} MB)…")
    missing: set[str] = set()
    for batch in (wanted, rest):
        files = apt.download(batch)
        unpack(files, root)
        for file in files:
            file.unlink()
        tree = Tree.read(root)
        found, missing = tree.needs([*tree.programs(), tree.program("patchelf"), *tree.plugins()])
        if not missing:
            return tree, found
    raise FetchError("the packages lack shared libraries that MySQL needs", tried=sorted(missing), remedies=REMEDIES)


def _is_wanted(package: Package, names: Sequence[str]) -> bool:
    return package.name in names or _LIBRARY.match(package.name) is not None


def _record(tree: Tree, made: Path, home: Path, packages: Sequence[Package]) -> None:
    """Write ``server.json``, which makes a folder a server: last, before the folder gets its name."""
    mysqld = made / "bin" / "mysqld"
    line = tree.run(mysqld, "--no-defaults", "--version").strip().replace(str(made), str(home))
    distribution(home / "bin" / "mysqld", line)
    content = {
        "folder": str(home),
        "machine": os.uname().machine,
        "version_line": line,
        "packages": {package.name: package.version for package in packages},
    }
    (made / "server.json").write_text(json.dumps(content, indent=1) + "\n")


def _try(home: Path) -> None:
    """Run the server from its final place, through the loader that it names."""
    try:
        identify(home / "bin" / "mysqld")
    except ServerNotFoundError as error:
        shutil.rmtree(home, ignore_errors=True)
        raise FetchError(
            f"the fetched server does not run from the cache: {error.what}",
            tried=error.tried,
            remedies=(EXECUTABLE, *REMEDIES),
        ) from error


@contextlib.contextmanager
def _locked(file: Path, progress: Callable[[str], None]) -> Iterator[None]:
    lock = FileLock(file)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        progress("waiting for another process that is fetching a MySQL server…")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _whole(servers: Path) -> set[Path]:
    return {record.parent for record in servers.glob("*/server.json") if read_record(record) is not None}


def _version(packages: Sequence[Package], server: str) -> str:
    """Return the server's version as its package states it; refuse one too old before it is fetched."""
    package = next(package for package in packages if package.name == server)
    version = tuple(_numbers(package.version.partition(":")[2] or package.version)[:3])
    printed = ".".join(map(str, version))
    if version < FIRST_VERSION:
        raise FetchError(
            f"the machine's package sources offer MySQL {printed}: network namespace support came with 8.0.22",
            tried=(f"{server} {package.version}",),
            remedies=REMEDIES,
        )
    return printed


def _numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]


def _digest(packages: Sequence[Package]) -> str:
    lines = sorted(f"{package.name} {package.version} {package.digest}" for package in packages)
    return hashlib.sha256("\n".join([_LAYOUT, *lines]).encode()).hexdigest()[:8]
