"""Fetch a server from the machine's own signed package sources into the user's cache."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.errors import FetchError
from pytest_netns_mysql.mysql.cache import manifest, noexec, trust
from pytest_netns_mysql.mysql.cache.cached import RECORD, REMOVED, belongs_elsewhere, drop_damaged, read
from pytest_netns_mysql.mysql.cache.draftfile import remove_tree
from pytest_netns_mysql.mysql.cache.locking import locked
from pytest_netns_mysql.mysql.fetch.apt import AptRoot, Package
from pytest_netns_mysql.mysql.fetch.products import MYSQL, PRODUCTS, Product
from pytest_netns_mysql.mysql.fetch.progress import Progress
from pytest_netns_mysql.mysql.fetch.sources import Source, choose
from pytest_netns_mysql.mysql.fetch.unpack import EXECUTABLE, Tree, assemble, unpack
from pytest_netns_mysql.mysql.versions import format_version, parse_package_version

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LAYOUT = "3"
"""Part of the name of each folder in the cache. A new number makes older folders unused: raise it with the layout."""

_DRAFT = ".draft-"
_VERSION_TIMEOUT = 30.0  # seconds
_LOCK_TIMEOUT = 1800.0  # seconds: another process may be fetching by a slow line
_NOT_KEPT = stat.S_IWGRP | stat.S_IWOTH | stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX
# The names of packages with shared libraries. Those of perl and of character conversion are dependencies of each
# server package, and no program needs them.
_LIBRARY = re.compile(r"(lib(?!perl|gdbm|c-gconv)(?!.*-perl$)|zlib)")


def fetch(
    cache: Path,
    *,
    progress: Callable[[str], None],
    product: str = MYSQL.name,
    sources: Sequence[Source] | None = None,
) -> Path:
    """Fetch the newest version of a product, and return the path of its main program.

    Nothing is installed and no privileges are needed: apt-get(8) runs with a state folder of its own, with the
    machine's configuration and keys, and refuses what is not signed, see apt-secure(8). A version that is complete in
    the cache is not fetched again. If several processes fetch at once, one of them fetches and the others wait.

    Args:
        cache: The user's cache folder, which is created if need be.
        progress: Takes a line of text.
        product: ``mysql``, ``mariadb`` or ``router``.
        sources: The package sources, by default chosen from the machine's own.

    Raises:
        FetchError: The product cannot be fetched.
        CacheError: Another user could write to the cache.
    """
    wanted, lines = PRODUCTS[product], Progress(progress)
    servers = cache.expanduser().absolute() / "servers"
    try:
        trust.check(servers.parent)  # sticky folders such as /tmp are fit to hold a cache, and not to be one
        trust.make(servers)
        if noexec.is_noexec(servers):
            raise FetchError(noexec.FAULT, where=str(servers), remedies=noexec.remedies(servers))
        before = _complete(servers, wanted)
        with locked(servers / ".lock", "fetching into the cache", timeout=_LOCK_TIMEOUT, progress=progress):
            fetched_meanwhile = _complete(servers, wanted) - before
            if fetched_meanwhile:
                return max(fetched_meanwhile)[0] / "bin" / wanted.program
            drop_damaged(cache, product, progress)
            for leftover in (*servers.glob(f"{_DRAFT}*"), *servers.glob(f"*{REMOVED}")):
                remove_tree(leftover)
            draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=servers)).resolve()
            try:
                return _fetch(wanted, servers, draft, lines, sources)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
    except FetchError as error:
        error.remedies += wanted.remedies
        raise
    except OSError as error:
        raise FetchError(
            f"{wanted.title} could not be put into the cache: {error.strerror or error}",
            where=str(error.filename or servers),
            remedies=("free some space there, or make the folder writable", *wanted.remedies),
        ) from error


def _fetch(product: Product, servers: Path, draft: Path, progress: Progress, sources: Sequence[Source] | None) -> Path:
    started = time.monotonic()
    progress.say("reading the machine's package sources…")
    apt = AptRoot(draft, progress)
    architecture = apt.architecture()
    apt.use(sources if sources is not None else choose(apt.targets(), architecture, product.debian_suite))
    names = _package_names(apt, product, architecture)
    packages = apt.closure(names)
    version = _version(packages, product, names[0])
    title = f"{product.title} {version}"
    home = _home(servers, f"{product.name}-{version}-{_digest(packages)}")
    program = home / "bin" / product.program
    if read(home) is not None:
        progress.say(f"{title} is in the cache already: {program}")
        return program
    folder = draft / "server"
    folder.mkdir()
    tree, libraries = _download(apt, product, draft / "tree", packages, names, title, progress)
    progress.say(f"making the programs of {title} run from the cache…")
    assemble(tree, product, libraries, folder, home)
    wanted = [package for package in packages if _is_wanted(package, names)]
    _write_record(tree, product, folder, home, wanted, apt.where())
    _allow_nobody_else_to_write(folder)
    if os.path.lexists(home):  # it is incomplete or damaged
        _discard(home)
    folder.rename(home)
    _check_that_it_runs(product, home)
    progress.say(f"{title} is ready after {time.monotonic() - started:.0f} s: {program}")
    return program


def _home(servers: Path, name: str) -> Path:
    """Return the folder for a product, which no machine that sees this cache by another path uses."""
    home = servers / name
    if not belongs_elsewhere(home):
        return home
    return servers / f"{name}-{hashlib.sha256(os.fsencode(servers)).hexdigest()[:8]}"


def _package_names(apt: AptRoot, product: Product, architecture: str) -> list[str]:
    """Return the names of the product's packages, its main package first, and of patchelf."""
    pattern = f"{product.package}(-[0-9.]+)?"
    offered = {name for name in apt.names(f"^{pattern}$") if re.fullmatch(pattern, name)}
    if not offered:
        raise FetchError(
            f"the machine's package sources offer no {product.title} for {architecture}",
            where=apt.where(),
            tried=(f"a package named {product.package} or {product.package}-N.N",),
        )
    # The package without a number in its name follows the newest release.
    chosen = max(offered, key=lambda name: (name == product.package, _numbers(name)))
    return [chosen, *(chosen.replace(product.package, name) for name in product.beside), "patchelf"]


def _download(
    apt: AptRoot,
    product: Product,
    root: Path,
    packages: Sequence[Package],
    names: Sequence[str],
    title: str,
    progress: Progress,
) -> tuple[Tree, dict[str, Path]]:
    """Download and unpack the packages with programs and libraries, and the others only if a library is missing.

    Returns:
        The unpacked tree, and the shared libraries that the programs need, by name.
    """
    wanted = [package for package in packages if _is_wanted(package, names)]
    rest = [package for package in packages if package not in wanted]
    megabytes = sum(package.size for package in wanted) / 1e6
    progress.say(f"fetching {title} ({megabytes:.0f} MB) from the machine's package sources, {apt.where()}…")
    missing: set[str] = set()
    for batch in (wanted, rest):
        files = apt.download(batch, title)
        progress.say(f"unpacking {title}…")
        unpack(files, root, partial(_show_unpacked, progress, title, len(files)))
        for file in files:
            file.unlink()
        tree = Tree.read(root)
        found, missing = tree.needs([*tree.programs(product), tree.program("patchelf"), *tree.plugins(product)])
        if not missing:
            return tree, found
    raise FetchError(f"the packages lack shared libraries that {product.title} needs", tried=sorted(missing))


def _show_unpacked(progress: Progress, title: str, total: int, count: int) -> None:
    progress.show(lambda: f"unpacking {title}: {count} of {total} packages ({100 * count // total} %)")


def _is_wanted(package: Package, names: Sequence[str]) -> bool:
    return package.name in names or _LIBRARY.match(package.name) is not None


def _write_record(
    tree: Tree, product: Product, folder: Path, home: Path, packages: Sequence[Package], source: str
) -> None:
    """Write the record of a complete folder, just before the folder gets its final name."""
    line = tree.run(folder / "bin" / product.program, *product.version_arguments).strip()
    line = line.replace(str(folder), str(home))
    content = {
        "product": product.name,
        "program": product.program,
        "folder": str(home),
        "machine": os.uname().machine,
        "version_line": line,
        "source": source,
        "packages": {package.name: package.version for package in packages},
    }
    (folder / RECORD).write_text(json.dumps(content, indent=1) + "\n")


def _allow_nobody_else_to_write(folder: Path) -> None:
    """Let only the owner write below a folder, whatever packages and umask say, and let no program change its user."""
    for path in (folder, *folder.rglob("*")):
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode) and mode & _NOT_KEPT:
            path.chmod(stat.S_IMODE(mode) & ~_NOT_KEPT)


def _check_that_it_runs(product: Product, home: Path) -> None:
    """Run the program from its final path, which its loader's path refers to, and read its record."""
    command = [str(home / "bin" / product.program), *product.version_arguments]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=_VERSION_TIMEOUT)
        tried = [f"it ended with status {answer.returncode}", *answer.stderr.strip().splitlines()[-3:]]
    except (OSError, subprocess.TimeoutExpired) as error:
        answer, tried = None, [str(error)]
    if answer is None or answer.returncode != 0 or read(home) is None:
        _discard(home)
        raise FetchError(
            f"{product.title} was fetched, but does not run from the cache", tried=tried, remedies=(EXECUTABLE,)
        )
    manifest.write(home, with_content=False)


def _discard(home: Path) -> None:
    """Remove a folder. Its record goes first, so that the folder is incomplete if this process is killed meanwhile."""
    if home.is_dir():
        (home / RECORD).unlink(missing_ok=True)
    remove_tree(home)


def _complete(servers: Path, product: Product) -> set[tuple[Path, int]]:
    """Return the complete folders of a product, each with the inode of its record: another one if it was made again."""
    found = set()
    for record in servers.glob(f"*/{RECORD}"):
        with contextlib.suppress(FileNotFoundError):  # another process removes it just now
            number = record.stat().st_ino
            server = read(record.parent)
            if server is not None and server.product == product.name:
                found.add((server.folder, number))
    return found


def _version(packages: Sequence[Package], product: Product, name: str) -> str:
    """Return the version of the main package; raise FetchError if it is too old, before anything is downloaded."""
    package = next(package for package in packages if package.name == name)
    version = parse_package_version(package.version)
    if version < product.first:
        raise FetchError(
            f"the machine's package sources offer {product.title} {format_version(version)}: "
            f"{product.needed_feature} came with {format_version(product.first)}",
            tried=(f"{name} {package.version}",),
        )
    return format_version(version)


def _numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]


def _digest(packages: Sequence[Package]) -> str:
    lines = sorted(f"{package.name} {package.version} {package.digest}" for package in packages)
    return hashlib.sha256("\n".join([_LAYOUT, *lines]).encode()).hexdigest()[:8]
