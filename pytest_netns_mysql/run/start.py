"""When netns_mysqld begins to boot: as soon as it is known that a test will need it."""

from __future__ import annotations

import contextlib
import os
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_netns_mysql.errors import NetnsError
from pytest_netns_mysql.kernel.linuxonly import platform_error
from pytest_netns_mysql.run import pytest_internals
from pytest_netns_mysql.run.pytestoptions import runs_nothing
from pytest_netns_mysql.run.stash import TOPOLOGY_IN_FORCE
from pytest_netns_mysql.settingtable import TABLE

if TYPE_CHECKING:
    from pytest_netns_mysql.run.early import EarlyStart
    from pytest_netns_mysql.run.session import NetnsSession
    from pytest_netns_mysql.topology.topology import Topology

_FIRST_WORKER = "gw0"
_REMEMBERED = 50  # argument lists

# The server that a test file needs: where its topology comes from, and whether X Plugin is to listen.
Need = tuple[str, bool]


def recall(config: pytest.Config, key: str) -> Any:
    """Return what an earlier run wrote into pytest's cache, or None; it works before conftests are imported."""
    options = config.known_args_namespace
    if not config.pluginmanager.has_plugin("cacheprovider") or options.cacheclear:
        return None
    return pytest_internals.read_cache(config, key)


def is_first_worker(config: pytest.Config) -> bool:
    """Return True in the process of a run that writes to pytest's cache: the only one, or the first worker."""
    return bool(getattr(config, "workerinput", {}).get("workerid", _FIRST_WORKER) == _FIRST_WORKER)


class Start:
    """The early start of netns_mysqld.

    A server starts before collection if the last run tells that these tests need it. It ends after collection if no
    test needs it, and what the tests needed is remembered for the next run. With netns_start = late this run starts no
    server here, but it takes a standing server. Later, a rootless run is in a user namespace of its own, and cannot
    enter the server's.
    """

    def __init__(self, config: pytest.Config, session: NetnsSession) -> None:
        """Start nothing yet.

        Args:
            config: The configuration of the run.
            session: The session that takes over what is started.
        """
        self._config = config
        self._session = session
        self._options = config.known_args_namespace
        self._is_active = not runs_nothing(self._options) and platform_error() is None
        self._memory: dict[str, Any] = {"files": {}, "wrong": [], "hooks": False}
        self._begun: Need | None = None
        self._early: EarlyStart | None = None
        self._needs: dict[str, Need] = {}
        self._is_collected = False
        self._is_misled = False

    def before_collection(self) -> None:
        """Start the server that the last run needed, or take a standing one.

        If the last run tells nothing, the server of the first topology is started with netns_start = early, or taken.
        """
        if not self._is_active:
            return
        self._memory = self._recall()
        if self._memory["hooks"]:  # of a conftest, which is not read yet
            return
        if self._is_late and not self._takes_standing_servers():
            return
        guess = self._guess(self._memory["files"])
        is_wrong = self._arguments in self._memory["wrong"]
        with contextlib.suppress(NetnsError):  # collection meets the error again
            if guess is not None and not is_wrong:
                self._begin(self._topology_of(guess), guess)
            elif self._session.settings.start == "early" or self._takes_first(may_start=not is_wrong):
                topology = self._session.topologies.of_settings[0]
                self._begin(topology, (_source(topology), False))

    def after_collection(self, items: Sequence[pytest.Item]) -> None:
        """Start the server that the first of ``items`` needs; end a server that none of them needs.

        Args:
            items: The tests that need netns_mysqld.
        """
        if not self._is_active:
            return
        self._is_collected = True
        for item in items:
            file = os.path.relpath(item.path, self._config.rootpath)
            self._needs.setdefault(file, self._need_of(item))
        if self._begun is not None and (self._begun not in self._needs.values() or self._is_changed_by_hooks()):
            self.end()
            self._is_misled = True
        if self._begun is None and items:
            self._begin(items[0].stash[TOPOLOGY_IN_FORCE], self._need_of(items[0]))
        if self._begun is not None:
            # While the server boots. The timeout of a test would leave this half imported for all later tests.
            import mysql.connector  # noqa: F401

    def remember(self) -> None:
        """Write what the tests needed into pytest's cache, and whether the guess was wrong; one worker does it."""
        if not self._is_collected or not is_first_worker(self._config) or not hasattr(self._config, "cache"):
            return
        if self._needs and self._session.networks.sandbox is None:
            return  # no sandbox can be created: the next run is to fail in the same place
        known = {**self._memory["files"], **{file: list(need) for file, need in self._needs.items()}}
        files = {file: need for file, need in known.items() if (self._config.rootpath / file).exists()}
        wrong = [one for one in self._memory["wrong"] if one != self._arguments]
        guess = self._guess(files)
        was_wrong = self._is_misled or self._arguments in self._memory["wrong"]
        if (not self._needs and was_wrong) if guess is None else (guess not in self._needs.values()):
            # As with -k: it would mislead again.
            wrong = [*wrong, self._arguments][-_REMEMBERED:]
        new = {"files": files, "wrong": wrong, "hooks": self._has_hooks}
        if new != self._memory:
            self._config.cache.set(self._key, new)

    def _begin(self, topology: Topology, need: Need) -> None:
        from pytest_netns_mysql.run import boot

        if self._is_late and not self._takes_standing_servers():
            return
        begin = boot.take if self._is_late else boot.boot
        # Whatever stands in the way: the first test that asks meets it again, and says so.
        with contextlib.suppress(NetnsError, OSError, RuntimeError):
            early = begin(self._session, topology, mysqlx=need[1], worker=hasattr(self._config, "workerinput"))
            if early is not None:
                self._session.adopt(early)
                self._begun, self._early = need, early

    def end(self) -> None:
        """End the server that was started. A standing server is given back, or ended if this run has brought it up."""
        if self._early is not None and self._early.brought_up is not None:
            from pytest_netns_mysql.reuse import protocol

            protocol.ask(self._early.brought_up, "end")  # while this run has the server: no other can take it
        self._session.close()
        self._begun = self._early = None

    @property
    def _is_late(self) -> bool:
        return self._session.settings.start == "late"

    @property
    def _has_hooks(self) -> bool:
        return self._session.hooks.changes_topologies or self._session.hooks.changes_servers

    def _is_changed_by_hooks(self) -> bool:
        """Return True if the hooks of conftests, which were not read before, change what was started."""
        early, need = self._early, self._begun
        if early is None or need is None or not self._has_hooks:
            return False
        with contextlib.suppress(NetnsError):  # the test that asks for the server meets the error again
            topology = self._topology_of(need)
            spec = self._session.spec_of(topology, early.mysqld, mysqlx=need[1])
            return (
                topology != early.network.topology or replace(spec, name=early.server._spec.name) != early.server._spec
            )
        return True

    def _takes_standing_servers(self) -> bool:
        """Return True if there is a standing server that may be taken, or if this run may start one."""
        from pytest_netns_mysql.reuse import offers

        setting, is_worker = self._session.settings.reuse, hasattr(self._config, "workerinput")
        may_start = setting == "always" and not is_worker
        return may_start or (offers.is_allowed(setting) and bool(offers.addresses()))

    def _takes_first(self, *, may_start: bool) -> bool:
        """Return True if a standing server of the first topology is to be taken before collection.

        With netns_reuse = always, that may start one. So only a rootless run does it, which cannot take a server after
        collection, and only if a test file has the word netns.

        Args:
            may_start: Whether a standing server may be started.
        """
        if self._session.settings.reuse != "always" or hasattr(self._config, "workerinput"):
            return self._takes_standing_servers()
        from pytest_netns_mysql.kernel.namespaces.privileges import needs_user_namespace
        from pytest_netns_mysql.run import search

        if not may_start or not needs_user_namespace(self._session.settings.mode):
            return False
        return search.mentions_netns(search.places_of(self._config))

    def _need_of(self, item: pytest.Item) -> Need:
        topology = item.stash[TOPOLOGY_IN_FORCE]
        return _source(topology), self._session.wants_mysqlx(topology)

    def _topology_of(self, need: Need) -> Topology:
        source, _ = need
        known = (one for one in self._session.topologies.of_settings if _source(one) == source)
        return next(known, None) or self._session.topologies.named(source, self._config.rootpath)[0]

    @property
    def _key(self) -> str:
        settings = repr([getattr(self._session.settings, setting.name) for setting in TABLE])
        return f"netns/start-{zlib.crc32(settings.encode()):08x}"

    @property
    def _arguments(self) -> list[str]:
        return list(map(str, self._config.invocation_params.args))

    def _recall(self) -> dict[str, Any]:
        """Return what the last runs needed, by file, and the argument lists for which that misled."""
        found = recall(self._config, self._key)
        try:
            files = {str(file): [str(source), bool(mysqlx)] for file, (source, mysqlx) in found["files"].items()}
            return {"files": files, "wrong": list(found["wrong"]), "hooks": bool(found.get("hooks"))}
        except (AttributeError, KeyError, TypeError, ValueError):
            return {"files": {}, "wrong": [], "hooks": False}

    def _guess(self, files: Mapping[str, Sequence[Any]]) -> Need | None:
        """Return what the first known file needs that the arguments of this run include."""
        here, root = self._config.invocation_params.dir, self._config.rootpath
        words = list(self._options.file_or_dir or ())
        if not words and here == root:
            words = [str(path) for pattern in self._config.getini("testpaths") for path in root.glob(pattern)]
        places = [os.path.normpath(here / word.partition("::")[0]) for word in words or [""]]
        for file, need in files.items():
            path = os.path.normpath(root / file)
            if any(path == place or path.startswith(f"{place.rstrip('/')}/") for place in places):
                source, mysqlx = need
                return source, mysqlx
        return None


def _source(topology: Topology) -> str:
    """Return the text that loads the topology again."""
    return topology.source.removeprefix("preset ")


START = pytest.StashKey[Start]()
