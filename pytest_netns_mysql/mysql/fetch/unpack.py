"""A folder with a server that runs from there, made from Debian packages."""

from __future__ import annotations

import errno
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.errors import FetchError
from pytest_netns_mysql.mysql.fetch.sources import ROOM
from pytest_netns_mysql.mysql.fetch.targetfolder import TargetFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pytest_netns_mysql.mysql.fetch.products import Product

EXECUTABLE = "put the cache on a file system that is not mounted noexec"
"""The remedy for a fetched program that does not run."""

DAMAGED = "name a server, netns_mysqld = /path/to/mysqld, or remove the source of the package from apt's sources"
"""The remedy for a package that is damaged, or has files that do not belong into a package."""

_LOADERS = ("ld-linux*.so.*", "ld64.so.*")
# Before glibc 2.34 the C library opens these libraries by name, so ld.so lists them for no program.
_OPENED_BY_NAME = ("libnss_files.so.2", "libnss_dns.so.2", "libresolv.so.2")
_NEEDED_LIBRARY = re.compile(r"^\t(\S+) => (not found|\S+)", re.MULTILINE)


def unpack(packages: Iterable[Path], tree: Path, done: Callable[[int], None]) -> None:
    """Unpack packages into one tree, one for each CPU at once; see dpkg-deb(1).

    Args:
        packages: The packages' files.
        tree: The folder to unpack into.
        done: Called after each package with the number of packages so far.

    Raises:
        FetchError: A package cannot be unpacked, or has a file that would not be in the tree.
    """
    # The largest package first, so that no CPU idles at the end.
    ordered = sorted(packages, key=lambda file: file.stat().st_size, reverse=True)
    target = TargetFolder(tree)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        running = [pool.submit(_unpack, file, target) for file in ordered]
        try:
            for count, each in enumerate(running, 1):
                each.result()
                done(count)
        finally:
            pool.shutdown(cancel_futures=True)
    target.remove_links_out()


def _unpack(file: Path, target: TargetFolder) -> None:
    command = ["dpkg-deb", "--fsys-tarfile", str(file)]
    with tempfile.TemporaryFile() as complaints:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints) as process:
            assert process.stdout is not None
            fault, remedy = "", DAMAGED
            try:
                target.extract(process.stdout)
            except OSError as error:
                fault, remedy = str(error), DAMAGED if error.errno == errno.ENAMETOOLONG else ROOM
            except (tarfile.TarError, ValueError, OverflowError, RecursionError) as error:
                fault = str(error)
            finally:
                if fault:
                    process.kill()
        complaints.seek(0)
        lines = complaints.read().decode("utf-8", "replace").strip().splitlines()[-3:]
    if fault or process.returncode != 0:
        raise FetchError(f"{file.name} cannot be unpacked", tried=[*lines, *filter(None, [fault])], remedies=(remedy,))


@dataclass(frozen=True)
class Tree:
    """An unpacked tree of packages.

    Attributes:
        root: The root of the tree.
        loader: The program loader of its C library, see ld.so(8).
        folders: The folders with shared libraries.
    """

    root: Path
    loader: Path
    folders: tuple[Path, ...]

    @classmethod
    def read(cls, root: Path) -> Tree:
        """Return the tree at ``root``; raise FetchError if it has no program loader."""
        # glibc has a symbolic link to the loader in another folder, and old versions one beside the loader, too.
        loaders = [path for pattern in _LOADERS for path in root.rglob(pattern)]
        loaders = [path for path in loaders if path.is_file() and path.resolve().parent == path.parent]
        if not loaders:
            raise FetchError("the package of the C library has no program loader (ld.so(8))")
        folders = {path.parent for path in root.rglob("*.so.*")}
        # The folder of the C library first: nearly all libraries are there.
        ordered = sorted(folders, key=lambda folder: (folder != loaders[0].parent, str(folder)))
        return cls(root, loaders[0], tuple(ordered))

    def program(self, name: str) -> Path:
        """Return the path of a program in the tree; raise FetchError if there is none."""
        for folder in ("usr/sbin", "usr/bin", "sbin", "bin"):
            path = self.root / folder / name
            if path.is_file():
                return path
        raise FetchError(f"the packages have no program {name}")

    def programs(self, product: Product) -> list[Path]:
        """Return the programs of a product that are in the tree; raise FetchError if a required program is missing."""
        found = [self.root / "usr/bin" / name for name in product.more]
        return [*map(self.program, product.programs), *(path for path in found if path.is_file())]

    def plugins(self, product: Product) -> list[Path]:
        """Return the plugins and components of a product, which its program opens by name."""
        return sorted(self.root.glob(f"usr/lib/**/{product.plugins}/*.so"))

    def run(self, program: Path, *arguments: str | Path) -> str:
        """Run a program with the libraries of the tree and return its output; raise FetchError if the program fails."""
        answer = self._load(str(program), *map(str, arguments))
        if answer.returncode != 0:
            raise FetchError(
                f"{program.name} failed with status {answer.returncode}",
                tried=(answer.stderr or answer.stdout).strip().splitlines()[-3:],
                remedies=(EXECUTABLE,),
            )
        return answer.stdout

    def needs(self, objects: Iterable[Path]) -> tuple[dict[str, Path], set[str]]:
        """Return the shared libraries that programs and libraries need, directly or indirectly.

        Args:
            objects: The programs and libraries.

        Returns:
            The files of the libraries, by the names that the loader asks for, and the names of missing libraries.
        """
        found: dict[str, Path] = {}
        missing: set[str] = set()
        for each in objects:
            answer = self._load("--list", str(each))
            if not answer.stdout:
                lines = answer.stderr.strip().splitlines()[-3:]
                raise FetchError(f"the loader cannot list the libraries that {each.name} needs (ld.so(8))", tried=lines)
            for name, path in _NEEDED_LIBRARY.findall(answer.stdout):
                # A library outside of the tree is the machine's own, which another machine or an upgrade may not have.
                if path != "not found" and Path(path).resolve().is_relative_to(self.root):
                    found[Path(name).name] = Path(path).resolve()
                else:
                    missing.add(name)
        return found, missing

    def _load(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the loader of the tree with the libraries of the tree, without LD_PRELOAD and the like."""
        folders = ":".join(map(str, self.folders))
        command = [str(self.loader), "--inhibit-cache", "--library-path", folders, *arguments]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("LD_")}
        try:
            return subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace")
        except PermissionError as error:
            raise FetchError(
                "a program cannot be run from the cache", where=str(self.loader), remedies=(EXECUTABLE,)
            ) from error


def assemble(tree: Tree, product: Product, libraries: dict[str, Path], folder: Path, home: Path) -> None:
    """Fill ``bin``, ``lib`` and ``share`` of a folder that is renamed to ``home`` afterwards.

    The programs get an absolute path of their loader, and a library path relative to themselves, see patchelf(1). So
    they run on any system, and keep their process names.

    Args:
        tree: The unpacked packages.
        product: The product.
        libraries: The shared libraries that the programs need, by name.
        folder: An existing empty folder.
        home: The final path of the folder.
    """
    (folder / "bin").mkdir()
    (folder / "lib").mkdir()
    patchelf = tree.program("patchelf")
    for name, file in libraries.items():
        _place(file, folder / "lib" / name)
    for name in _OPENED_BY_NAME:
        for file in [directory / name for directory in tree.folders if (directory / name).exists()][:1]:
            _place(file.resolve(), folder / "lib" / name)
    loader = folder / "lib" / tree.loader.name
    _place(tree.loader.resolve(), loader)
    plugins = folder / "lib" / product.plugins
    plugins.mkdir(parents=True)
    for file in tree.plugins(product):
        _place(file.resolve(), plugins / file.name)
    for name in product.share:
        if (tree.root / "usr/share" / name).is_dir():
            shutil.copytree(tree.root / "usr/share" / name, folder / "share" / name, symlinks=True)
            TargetFolder(folder / "share" / name).remove_links_out()
    programs = []
    for file in tree.programs(product):
        programs.append(folder / "bin" / file.name)
        _place(file, programs[-1])
    objects = [*programs, *(path for path in folder.glob("lib/**/*.so*") if path != loader)]
    _remove_rpaths(tree, patchelf, objects)
    # --force-rpath: DT_RPATH, unlike DT_RUNPATH, also applies to the libraries of libraries and to what is opened by
    # name, and is searched before LD_LIBRARY_PATH.
    rpath = ("--force-rpath", "--set-rpath", "$ORIGIN/../lib")
    tree.run(patchelf, "--set-interpreter", home / "lib" / loader.name, *rpath, *programs)
    # tcmalloc, unlike the allocator of the C library, cannot be asked for huge pages by the environment. patchelf takes
    # this option only once, so there is a call for each library.
    for allocator in sorted(path.name for path in (folder / "lib").glob("libtcmalloc*")):
        tree.run(patchelf, "--remove-needed", allocator, folder / "bin" / product.program)


def _remove_rpaths(tree: Tree, patchelf: Path, objects: Sequence[Path]) -> None:
    """Remove the library paths of libraries, which would be searched instead of the program's."""
    paths = tree.run(patchelf, "--print-rpath", *objects).split("\n")
    for each, path in zip(objects, paths, strict=False):
        if path:
            # Change a copy: patchelf itself may be using this library.
            draft = each.with_name(f".{each.name}")
            shutil.copy(each, draft)
            tree.run(patchelf, "--remove-rpath", draft)
            draft.replace(each)


def _place(file: Path, name: Path) -> None:
    """Link a file of the tree to another name, or copy it; the tree is removed later."""
    try:
        os.link(file, name)
    except FileExistsError:
        return
    except OSError:  # a file system without hard links
        shutil.copy2(file, name)
