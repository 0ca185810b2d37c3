"""The moment at which a rootless run enters its user namespace.

Only a process with a single thread can enter a user namespace, see unshare(2). So a run that is expected to have netns
tests enters before plugins and conftests can start threads.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterable

import pytest

from pytest_netns_mysql.errors import SandboxError, ThreadsError
from pytest_netns_mysql.kernel.linuxonly import platform_error
from pytest_netns_mysql.run.networks import NOTHING_SAID
from pytest_netns_mysql.run.pytestoptions import has_only_remote_workers, is_distributed, runs_nothing
from pytest_netns_mysql.run.reexecution import Reexecution
from pytest_netns_mysql.run.session import NetnsSession
from pytest_netns_mysql.run.start import is_first_worker, recall

_KEY = "netns/files"


class Entry:
    """The entry of this process into the user namespace of a rootless sandbox, if it needs one."""

    def __init__(self, config: pytest.Config, session: NetnsSession) -> None:
        """Decide whether a user namespace is needed; enter nothing yet."""
        self._config = config
        self._session = session
        self._options = config.known_args_namespace
        self._reexecution = Reexecution(config)
        self._starts_workers = is_distributed(self._options) or bool(getattr(self._options, "looponfail", False))
        self._files: set[str] = set()
        self._is_pending = self._is_needed() and session.received is None and not self.is_worker()

    def before_threads(self) -> None:
        """Enter at once if this process has several threads already, which means that pytest starts again."""
        if self._reexecution.has_happened:
            self._restore_capabilities()
        elif self._is_pending and len(os.listdir("/proc/self/task")) > 1:  # noqa: PTH208 - the names are not wanted
            self.enter()

    def enter(self) -> None:
        """Enter the user namespace if netns tests are expected; start pytest again if there are several threads.

        Errors are not reported here: the first netns test fails with the same error.
        """
        if not self._is_pending or not self._is_needed():
            return
        if not self._is_expected():
            self._session.networks.no_reexecution = NOTHING_SAID
            return
        from pytest_netns_mysql.kernel.namespaces.usernamespace import enter_user_namespace

        self._is_pending = False
        try:
            enter_user_namespace(starts_workers=self._starts_workers)
            self._session.networks.is_in_user_namespace = True
        except ThreadsError:
            self._session.networks.no_reexecution = self._reexecution.hindrance
            if self._reexecution.hindrance is None:
                try:
                    self._reexecution.start_again()
                except OSError as error:
                    self._session.networks.no_reexecution = str(error)
        except SandboxError:
            pass

    def come_too_late(self) -> None:
        """Note for the error of the first netns test that nothing said in time that the run has any."""
        if self._is_pending:
            self._session.networks.no_reexecution = NOTHING_SAID

    def note(self, items: Iterable[pytest.Item]) -> None:
        """Note the files of netns tests for ``remember``."""
        self._files |= {os.path.relpath(path, self._config.rootpath) for path in {item.path for item in items}}

    def remember(self) -> None:
        """Write the files of netns tests into pytest's cache: the next run may not find the word netns in them."""
        if self._files and is_first_worker(self._config) and hasattr(self._config, "cache"):
            known = {file for file in self._recalled() if (self._config.rootpath / file).exists()}
            if not self._files <= known:
                self._config.cache.set(_KEY, sorted(known | self._files))

    def _is_needed(self) -> bool:
        if runs_nothing(self._options) and not getattr(self._options, "looponfail", False):
            return False
        if has_only_remote_workers(self._options):
            return False
        from pytest_netns_mysql.kernel.namespaces.privileges import needs_user_namespace

        with contextlib.suppress(OSError, SandboxError):  # other systems have no /proc, and no sandboxes
            return needs_user_namespace(self._session.settings.mode)
        return False

    def is_worker(self) -> bool:
        """Return True in a worker of xdist, which has several threads from its start; its controller has entered.

        It can be asked before ``workerinput`` is there.
        """
        # Programs that tests start in a worker inherit the variable, but execnet starts a worker by `python -c`.
        return "PYTEST_XDIST_WORKER" in os.environ and not hasattr(sys.modules.get("__main__"), "__file__")

    def _is_expected(self) -> bool:
        """Return True if a netns setting is set, the last run had netns tests, or a test file has the word netns."""
        if self._session.settings.given:
            return True
        from pytest_netns_mysql.run import search

        places = search.places_of(self._config)
        known = (self._config.rootpath / file for file in self._recalled())
        if any(file.exists() and any(file.is_relative_to(path) for path in places.paths) for file in known):
            return True
        return search.mentions_netns(places)

    def _recalled(self) -> list[str]:
        found = recall(self._config, _KEY)
        return [file for file in found if isinstance(file, str)] if isinstance(found, list) else []

    def _restore_capabilities(self) -> None:
        from pytest_netns_mysql.kernel.namespaces.privileges import in_user_namespace
        from pytest_netns_mysql.kernel.namespaces.usernamespace import reduce_capabilities

        with contextlib.suppress(OSError):  # the kernel refused a user namespace
            if in_user_namespace():
                reduce_capabilities(starts_workers=self._starts_workers)
                self._session.networks.is_in_user_namespace = True


ENTRY = pytest.StashKey[Entry]()


def end_with_controller() -> None:
    """Let this worker of xdist end when its controller is killed; by itself it would notice five to fifteen s later."""
    if platform_error() is None:
        from pytest_netns_mysql.kernel.namespaces import syscalls

        syscalls.die_with_parent(signal.SIGKILL)
