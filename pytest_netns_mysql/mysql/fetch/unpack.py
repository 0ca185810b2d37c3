"""Make a folder that holds a running server out of Debian packages."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.errors import FetchError
from pytest_netns_mysql.mysql.fetch.sources import ROOM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pytest_netns_mysql.mysql.fetch.products import Product

EXECUTABLE = "put the cache on a file system that is not mounted noexec"
"""What to do where a fetched program does not run."""

_LOADERS = ("ld-linux*.so.*", "ld64.so.*")
# Before glibc 2.34 the C library opens these by name, so no program's needs show them.
_OPENED_BY_NAME = ("libnss_files.so.2", "libnss_dns.so.2", "libresolv.so.2")
_NEED = re.compile(r"^\t(\S+) => (not found|\S+)", re.MULTILINE)


def unpack(packages: Iterable[Path], tree: Path, done: Callable[[int], None]) -> None:
    """Unpack packages into one tree, a few at once; raises FetchError.  See dpkg-deb(1).

    Args:
        packages: The packages' files.
        tree: The folder to unpack into.
        done: Called with how many are unpacked, after each.
    """
    # The largest first, so that none is left alone at the end.
    waiting = sorted(packages, key=lambda file: file.stat().st_size)
    running: list[tuple[Path, subprocess.Popen[str]]] = []
    count = 0
    try:
        while waiting or running:
            while waiting and len(running) < (os.cpu_count() or 1):
                file = waiting.pop()
                command = ["dpkg-deb", "--extract", str(file), str(tree)]
                running.append((file, subprocess.Popen(command, stderr=subprocess.PIPE, text=True)))
            file, process = running.pop(0)
            _, complaint = process.communicate()
            if process.returncode != 0:
                said = complaint.strip().splitlines()[-3:]
                raise FetchError(f"{file.name} cannot be unpacked", tried=said, remedies=(ROOM,))
            count += 1
            done(count)
    finally:
        for _, process in running:
            process.kill()
            process.communicate()


@dataclass(frozen=True)
class Tree:
    """Read an unpacked tree: where its loader, its programs and its plugins are."""

    root: Path
    loader: Path
    folders: tuple[Path, ...]

    @classmethod
    def read(cls, root: Path) -> Tree:
        """Find the loader and the folders of shared libraries; raises FetchError."""
        # An old glibc has a link beside the loader's file, and every glibc one in another folder.
        loaders = [path for pattern in _LOADERS for path in root.rglob(pattern)]
        loaders = [path for path in loaders if path.is_file() and path.resolve().parent == path.parent]
        if not loaders:
            raise FetchError("the C library's package holds no program loader (ld.so(8))")
        folders = {path.parent for path in root.rglob("*.so.*")}
        # The C library's own folder first: it holds nearly all.
        ordered = sorted(folders, key=lambda folder: (folder != loaders[0].parent, str(folder)))
        return cls(root, loaders[0], tuple(ordered))

    def program(self, name: str) -> Path:
        """Return a program of the tree; raises FetchError."""
        for folder in ("usr/sbin", "usr/bin", "sbin", "bin"):
            path = self.root / folder / name
            if path.is_file():
                return path
        raise FetchError(f"the packages hold no {name}")

    def programs(self, product: Product) -> list[Path]:
        """Return the programs that a product's folder gets; raises FetchError where one that it must have is not."""
        found = [self.root / "usr/bin" / name for name in product.more]
        return [*map(self.program, product.programs), *(path for path in found if path.is_file())]

    def plugins(self, product: Product) -> list[Path]:
        """Return the plugins and components, which the program opens by name."""
        return sorted(self.root.glob(f"usr/lib/**/{product.plugins}/*.so"))

    def run(self, program: Path, *arguments: str | Path) -> str:
        """Run a program of the tree with the tree's own libraries; raises FetchError."""
        answer = self._load(str(program), *map(str, arguments))
        if answer.returncode != 0:
            raise FetchError(
                f"{program.name} failed with status {answer.returncode}",
                tried=(answer.stderr or answer.stdout).strip().splitlines()[-3:],
                remedies=(EXECUTABLE,),
            )
        return answer.stdout

    def needs(self, objects: Iterable[Path]) -> tuple[dict[str, Path], set[str]]:
        """Resolve the shared libraries that objects need, and what those need in turn.

        Shape: ``(found, missing)``, found by the name that the loader asks for.
        """
        found: dict[str, Path] = {}
        missing: set[str] = set()
        for each in objects:
            answer = self._load("--list", str(each))
            if not answer.stdout:
                said = answer.stderr.strip().splitlines()[-3:]
                raise FetchError(f"the loader cannot tell what {each.name} needs (ld.so(8))", tried=said)
            for name, path in _NEED.findall(answer.stdout):
                # Outside the tree means the machine's own: it is there, but not to be relied on.
                if path != "not found" and Path(path).resolve().is_relative_to(self.root):
                    found[Path(name).name] = Path(path).resolve()
                else:
                    missing.add(name)
        return found, missing

    def _load(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Call the tree's loader with the tree's libraries; what LD_PRELOAD and its like say is not ours."""
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
    """Lay out ``bin``, ``lib`` and ``share`` in a folder that will be renamed to ``home``.

    The programs get an absolute loader and a search path relative to themselves
    (patchelf(1)), so that they run on any system and keep their process names.
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
    programs = []
    for file in tree.programs(product):
        programs.append(folder / "bin" / file.name)
        _place(file, programs[-1])
    objects = [*programs, *(path for path in folder.glob("lib/**/*.so*") if path != loader)]
    _forget_rpaths(tree, patchelf, objects)
    # DT_RPATH, unlike DT_RUNPATH, holds for the libraries' own needs and for what is opened
    # by name, and goes before LD_LIBRARY_PATH: hence --force-rpath.
    rpath = ("--force-rpath", "--set-rpath", "$ORIGIN/../lib")
    tree.run(patchelf, "--set-interpreter", home / "lib" / loader.name, *rpath, *programs)
    # tcmalloc, unlike the C library's own allocator, has no way to ask for huge pages: see ``process``. One at a time:
    # an option that is given twice counts once.
    for allocator in sorted(path.name for path in (folder / "lib").glob("libtcmalloc*")):
        tree.run(patchelf, "--remove-needed", allocator, folder / "bin" / product.program)


def _forget_rpaths(tree: Tree, patchelf: Path, objects: Sequence[Path]) -> None:
    """Take away search paths of their own, which would keep the programs' from being asked."""
    paths = tree.run(patchelf, "--print-rpath", *objects).split("\n")
    for each, path in zip(objects, paths, strict=False):
        if path:
            # A copy: patchelf itself may be running with this library.
            draft = each.with_name(f".{each.name}")
            shutil.copy(each, draft)
            tree.run(patchelf, "--remove-rpath", draft)
            draft.replace(each)


def _place(file: Path, name: Path) -> None:
    """Give a file of the tree a second name; the tree goes away later."""
    try:
        os.link(file, name)
    except FileExistsError:
        return
    except OSError:  # a file system without hard links
        shutil.copy2(file, name)
