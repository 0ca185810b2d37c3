"""Install mysqlclient into the running interpreter's environment; it has no wheels, and needs a C library to build.

The library is MariaDB's, from the machine's own signed package sources. It is unpacked into the folder that the command
line names, for any user: nothing is installed on the machine. ``FOLDER/plugin`` is for MARIADB_PLUGIN_DIR.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from pytest_netns_mysql.mysql.fetch.apt import AptRoot
from pytest_netns_mysql.mysql.fetch.progress import Progress
from pytest_netns_mysql.mysql.fetch.sources import choose

PACKAGES = ("libmariadb-dev", "libmariadb3")


def unpack(folder: Path) -> None:
    """Unpack the library and its headers into a new folder."""
    with tempfile.TemporaryDirectory() as root:
        apt = AptRoot(Path(root), Progress(lambda _: None))
        apt.use(choose(apt.targets(), apt.architecture(), None))
        packages = [package for package in apt.closure(PACKAGES) if package.name in PACKAGES]
        for file in apt.download(packages, "MariaDB's C library"):
            subprocess.run(["dpkg-deb", "--extract", file, folder], check=True)


def main(folder: Path) -> None:
    """Unpack the library, and build and install mysqlclient, unless that was done before."""
    finished = folder / "plugin"
    if finished.exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    unpack(folder)
    (library,) = folder.glob("usr/lib/*/libmariadb.so")
    flags = {
        "MYSQLCLIENT_CFLAGS": f"-I{folder}/usr/include/mariadb",
        "MYSQLCLIENT_LDFLAGS": f"-L{library.parent} -lmariadb -Wl,-rpath,{library.parent}",
    }
    # Not from pip's cache of wheels that were built here: those are linked with another folder's library.
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-cache-dir", "--force-reinstall", "mysqlclient"]
    subprocess.run(command, env={**os.environ, **flags}, check=True)
    finished.symlink_to(library.parent / "libmariadb3" / "plugin")


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
