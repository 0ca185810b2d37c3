"""When a rootless run enters its user namespace: before plugins and conftests can start threads, if netns is meant."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_netns_mysql.errors import SandboxError, ThreadsError
from pytest_netns_mysql.run.networks import NOTHING_SAID
from pytest_netns_mysql.run.reexecution import Reexecution
from pytest_netns_mysql.run.session import NetnsSession
from pytest_netns_mysql.run.start import is_distributed, is_first_worker, recall, runs_nothing

if TYPE_CHECKING:
    from pytest_netns_mysql.run import search

_KEY = "netns/files"


class Entry:
    """What brings this process into the user namespace of a rootless sandbox, where one is needed."""

    def __init__(self, config: pytest.Config, session: NetnsSession) -> None:
        """Keep whose process it is; nothing is entered."""
        self._config = config
        self._session = session
        self._options = config.known_args_namespace
        self._reexecution = Reexecution(config)
        self._starts_workers = is_distributed(self._options) or bool(getattr(self._options, "looponfail", False))
        self._items: set[str] = set()
        self._hold = self._is_needed() and not self._is_worker()

    def before_threads(self) -> None:
        """Enter at once where this process has threads already, so starts again; else leave that to others first."""
        if self._reexecution.has_happened:
            self._settle()
        elif self._hold and len(os.listdir("/proc/self/task")) > 1:  # noqa: PTH208 - the names are not wanted
            self.enter()

    def enter(self) -> None:
        """Enter the user namespace, by starting again where there are threads, if this run has netns tests.

        What stands in the way is told by the first netns test, which meets it again.
        """
        if not self._hold or not self._is_needed():
            return
        if not self._is_expected():
            self._session.networks.no_reexecution = NOTHING_SAID
            return
        from pytest_netns_mysql.kernel.namespaces.usernamespace import enter_user_namespace

        self._hold = False
        try:
            enter_user_namespace(starts_workers=self._starts_workers)
        except ThreadsError:
            self._session.networks.no_reexecution = self._reexecution.hindrance
            if self._reexecution.hindrance is None:
                try:
                    self._reexecution.start_again()
                except OSError as error:
                    self._session.networks.no_reexecution = str(error)
        except SandboxError:
            pass

    def note(self, items: Iterable[pytest.Item]) -> None:
        """Note the files of netns tests, for the next run."""
        self._items |= {os.path.relpath(item.path, self._config.rootpath) for item in items}

    def remember(self) -> None:
        """Write the files of netns tests down for the next run: they may not have the word themselves."""
        if self._items and is_first_worker(self._config) and hasattr(self._config, "cache"):
            known = {file for file in self._recalled() if (self._config.rootpath / file).exists()}
            if not self._items <= known:
                self._config.cache.set(_KEY, sorted(known | self._items))

    def _is_needed(self) -> bool:
        if runs_nothing(self._options) and not getattr(self._options, "looponfail", False):
            return False
        from pytest_netns_mysql.kernel.namespaces.privileges import needs_user_namespace

        with contextlib.suppress(OSError, SandboxError):  # without /proc, as on another system, there are no sandboxes
            return needs_user_namespace(self._session.settings.mode)
        return False

    def _is_worker(self) -> bool:
        """Return True in a worker of xdist, which has threads from its first moment: its controller has entered."""
        # Programs that a worker's tests start have the variable as well; execnet starts a worker by `python -c`.
        return "PYTEST_XDIST_WORKER" in os.environ and not hasattr(sys.modules.get("__main__"), "__file__")

    def _is_expected(self) -> bool:
        """Return True if netns tests are to be expected: by a setting, by the last run, by the project's files."""
        if self._session.settings.given:
            return True
        from pytest_netns_mysql.run import search

        places = self._places()
        known = (self._config.rootpath / file for file in self._recalled())
        if any(file.exists() and any(file.is_relative_to(path) for path in places.paths) for file in known):
            return True
        return search.mentions_netns(places)

    def _recalled(self) -> list[str]:
        found = recall(self._config, _KEY)
        return [file for file in found if isinstance(file, str)] if isinstance(found, list) else []

    def _places(self) -> search.Places:
        from pytest_netns_mysql.run import search

        config, options = self._config, self._options
        here, root = config.invocation_params.dir, config.rootpath
        words = [str(word).partition("::")[0] for word in getattr(options, "file_or_dir", None) or ()]
        if not words and here == root:
            words = [str(path) for pattern in config.getini("testpaths") for path in root.glob(pattern)]
        paths = [Path(os.path.normpath(here / word)) for word in words or ["."]]
        missing = [word for word, path in zip(words, paths, strict=False) if not path.exists()]
        return search.Places(
            paths=[path for path in paths if path.exists()],
            root=root,
            files=config.getini("python_files"),
            ignored=config.getini("norecursedirs"),
            plugins=[*missing, *(name for name in options.plugins or () if not name.startswith("no:"))],
        )

    def _settle(self) -> None:
        from pytest_netns_mysql.kernel.namespaces.privileges import in_user_namespace
        from pytest_netns_mysql.kernel.namespaces.usernamespace import reduce_capabilities

        with contextlib.suppress(OSError):  # where the kernel let it into none
            if in_user_namespace():
                reduce_capabilities(starts_workers=self._starts_workers)


ENTRY = pytest.StashKey[Entry]()
