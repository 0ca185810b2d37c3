"""A container image made from a fetched server, for machines that reach no registry."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.errors import FetchError
from pytest_netns_mysql.mysql.containers.engine import Engine
from pytest_netns_mysql.mysql.fetch.apt import AptRoot
from pytest_netns_mysql.mysql.fetch.products import MYSQL
from pytest_netns_mysql.mysql.fetch.progress import Progress
from pytest_netns_mysql.mysql.fetch.sources import choose
from pytest_netns_mysql.mysql.fetch.unpack import unpack

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.kinds.local import Distribution

_SHELL = "busybox-static"
_ENTRYPOINT = Path(__file__).with_name("docker-entrypoint.sh")
_SETTINGS = "/etc/my.cnf"
# The instructions of the official image.
_CHANGES = (
    "ENV PATH=/usr/local/bin:/bin",
    "VOLUME /var/lib/mysql",
    "EXPOSE 3306",
    "EXPOSE 33060",
    'ENTRYPOINT ["docker-entrypoint.sh"]',
    'CMD ["mysqld"]',
)
_FILES = {
    "/etc/passwd": "root:x:0:0:root:/:/bin/sh\nmysql:x:999:999::/var/lib/mysql:/bin/false\n",
    "/etc/group": "root:x:0:\nmysql:x:999:\n",
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
    _SETTINGS: """\
[mysqld]
host-cache-size=0
skip-name-resolve
datadir=/var/lib/mysql
socket=/var/run/mysqld/mysqld.sock
secure-file-priv=/var/lib/mysql-files
user=mysql
pid-file=/var/run/mysqld/mysqld.pid

[client]
socket=/var/run/mysqld/mysqld.sock
""",
}
_FOLDERS = {"/tmp": 0o1777, "/run/mysqld": 0o1777, "/var/lib/mysql": 0o1777, "/var/lib/mysql-files": 0o755}  # noqa: S108


def make_image(server: Distribution, reference: str, *, progress: Callable[[str], None]) -> None:
    """Make an image from a fetched server and a small shell, with an entrypoint like that of the official image.

    Args:
        server: The fetched server.
        reference: The name of the image.
        progress: Takes a line of text.

    Raises:
        ContainerError: No engine answers, or the engine cannot make the image.
        FetchError: The shell cannot be fetched from the machine's package sources.
    """
    engine = Engine("netns-mysql image")
    with tempfile.TemporaryDirectory() as folder:
        shell = _shell(Path(folder) / "apt", progress)
        progress(f"making the image {reference}…")
        file = Path(folder) / "root.tar"
        with tarfile.open(file, "w") as archive:
            _fill(archive, server.basedir, shell)
        engine.load(file, reference, _CHANGES)


def _shell(root: Path, progress: Callable[[str], None]) -> Path:
    """Return a statically linked busybox, fetched from the machine's package sources."""
    progress("fetching a shell for the image from the machine's package sources…")
    root.mkdir()
    apt = AptRoot(root, Progress(progress))
    apt.use(choose(apt.targets(), apt.architecture(), None))
    packages = [package for package in apt.closure([_SHELL]) if package.name == _SHELL]
    unpack(apt.download(packages, _SHELL), root / "tree", lambda _: None)
    paths = [root / "tree" / folder / "busybox" for folder in ("bin", "usr/bin")]
    shell = next((path for path in paths if path.exists()), None)
    if shell is None:
        raise FetchError(f"there is no busybox in the package {_SHELL}", where=apt.where(), remedies=MYSQL.remedies)
    return shell


def _fill(archive: tarfile.TarFile, server: Path, shell: Path) -> None:
    # The programs contain the absolute path of their loader, so the server needs the same path in the image.
    archive.add(server, str(server), filter=_readable_by_all)
    archive.add(shell, "/bin/busybox", filter=_readable_by_all)
    applets = subprocess.run([shell, "--list"], capture_output=True, text=True, check=True).stdout.split()
    for name in set(applets) - {"busybox"}:
        _link(archive, f"/bin/{name}", "/bin/busybox")
    for program in (server / "bin").iterdir():
        _link(archive, f"/usr/local/bin/{program.name}", str(program))
    # A program with file capabilities ignores its $ORIGIN library path, and finds libraries in /usr/lib only.
    for library in (server / "lib").iterdir():
        _link(archive, f"/usr/lib/{library.name}", str(library))
    _link(archive, "/var/run", "/run")
    for path, mode in _FOLDERS.items():
        entry = tarfile.TarInfo(path)
        entry.type, entry.mode = tarfile.DIRTYPE, mode
        archive.addfile(entry)
    for path, text in _FILES.items():
        _write(archive, path, text.encode(), 0o644)
    _write(archive, "/usr/local/bin/docker-entrypoint.sh", _ENTRYPOINT.read_bytes(), 0o755)


def _readable_by_all(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    entry.mode |= 0o555 if entry.isdir() or entry.mode & 0o100 else 0o444
    return entry


def _link(archive: tarfile.TarFile, path: str, target: str) -> None:
    entry = tarfile.TarInfo(path)
    entry.type, entry.linkname = tarfile.SYMTYPE, target
    archive.addfile(entry)


def _write(archive: tarfile.TarFile, path: str, content: bytes, mode: int) -> None:
    entry = tarfile.TarInfo(path)
    entry.size, entry.mode = len(content), mode
    archive.addfile(entry, io.BytesIO(content))
