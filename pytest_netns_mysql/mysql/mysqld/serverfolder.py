"""The private folder of a server: its data directory, its socket and its error log."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.mysql.mysqld import copying

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


class ServerFolder:
    """The private folder of a server, on a file system that exists in the sandbox alone.

    Attributes:
        folder: The path of the folder.
        home: The namespace in which the path exists, to be entered.
    """

    home: AbstractContextManager[Any]

    def __init__(self, folder: Path) -> None:
        """Take the path; nothing is made."""
        self.folder = folder

    @property
    def datadir(self) -> Path:
        """The path of the data directory."""
        return self.folder / "data"

    @property
    def socket(self) -> Path:
        """The path of the administrator's private socket."""
        return self.folder / "mysql.sock"

    @property
    def log(self) -> Path:
        """The path of the error log; mysqld adds .err to names with another suffix."""
        return self.folder / "error.err"

    def make_folder(self) -> None:
        """Make the server's private folder."""
        with self.home:
            if self.folder.exists():  # left by a server of the same name that could not be removed
                shutil.rmtree(self.folder)
            self.folder.mkdir()

    def copy_data(self, template: Path) -> None:
        """Make the data directory, as a copy of ``template``."""
        with self.home:
            copying.copy(template, self.datadir)

    def files(self, is_ignored: Callable[[str], object]) -> Iterator[tuple[str, int]]:
        """Yield the files outside of users' schemas, with the times of their last changes in ns.

        Args:
            is_ignored: Returns something true for the name of a file that is left out.
        """
        with self.home:
            for folder in (self.datadir, self.datadir / "mysql", self.datadir / "sys"):
                with contextlib.suppress(FileNotFoundError), os.scandir(folder) as scan:
                    for entry in scan:
                        if not is_ignored(entry.name) and entry.is_file(follow_symlinks=False):
                            yield entry.path, entry.stat().st_mtime_ns
