"""The kinds of server that the settings name; each is looked for once, when it is first needed."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.errors import NetnsError, SettingError
from pytest_netns_mysql.mysql.cache import locking
from pytest_netns_mysql.mysql.servernames import AUTO, MARIADB
from pytest_netns_mysql.settingvalues import foreign_base

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pytest_netns_mysql.mysql.choice import Finder
    from pytest_netns_mysql.mysql.fetch.permission import Permission
    from pytest_netns_mysql.mysql.mysqld.kind import Kind
    from pytest_netns_mysql.mysql.proxies.router import RouterProgram
    from pytest_netns_mysql.settings import Settings
    from pytest_netns_mysql.topology.topology import Topology


class ServerKinds:
    """The kinds of server of a run, by their names in the setting netns_mysqld; the first is the default."""

    def __init__(self, settings: Settings, progress: Callable[[str], None]) -> None:
        """Look for nothing yet.

        Args:
            settings: The settings of the run.
            progress: Takes a line of text that tells what takes long.
        """
        self._settings = settings
        self._progress = progress
        self._found: dict[str, Kind | NetnsError] = {}
        self._kept: list[int] = []  # descriptors

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names in the setting, in order."""
        return choices(self._settings.mysqld, where=self._settings.given.get("mysqld"))

    @cached_property
    def _finder(self) -> Finder:
        from pytest_netns_mysql.mysql.choice import Finder

        settings = self._settings
        foreign = None if settings.given.get("cache") else foreign_base()
        if foreign is not None:
            self._progress(f"{foreign} belongs to another user: root keeps servers and data in {settings.cache}")
        return Finder(
            settings.cache,
            self._progress,
            self._permission,
            settings.image_env,
            settings.image_initdb,
            settings.external_user,
            settings.external_password,
        )

    @cached_property
    def _permission(self) -> Permission:
        from pytest_netns_mysql.mysql.fetch.permission import Permission

        return Permission(self._settings.fetch, self._settings.given.get("fetch"))

    @cached_property
    def router(self) -> RouterProgram:
        """The program of MySQL Router, looked for once."""
        from pytest_netns_mysql.mysql.proxies.router import RouterProgram

        return RouterProgram(self._settings.cache, self._progress, self._permission)

    def look_for(self, choices: Iterable[str]) -> None:
        """Find servers, fetching those that are not on this machine; errors are kept for the tests that need them."""
        for choice in choices:
            self._look_for(choice)

    def _look_for(self, choice: str) -> Kind | NetnsError:
        if choice not in self._found:
            try:
                found = self._finder.find(choice)
                while not self._keep(found):
                    found = self._finder.find(choice)
                self._found[choice] = found
            except NetnsError as error:
                self._found[choice] = error
        return self._found[choice]

    def _keep(self, found: Kind) -> bool:
        """Keep `netns-mysql cache clear` from removing a server, until this process ends; return False if it is gone.

        Fetched servers alone are in the cache.
        """
        program = Path(found.name)
        folder = program.parent.parent
        if folder.parent != self._settings.cache.expanduser().absolute() / "servers":
            return True
        descriptor = locking.share(folder)
        if descriptor is not None:
            self._kept.append(descriptor)
        return program.exists()

    def close(self) -> None:
        """Release the servers in the cache."""
        while self._kept:
            os.close(self._kept.pop())

    def find(self, choice: str | None = None) -> Kind:
        """Return a kind of server, fetched now if need be.

        Raises:
            ServerNotFoundError: There is no such server, and it cannot be fetched.
            ServerVersionError: The server is too old.
        """
        found = self._look_for(self.names[0] if choice is None else choice)
        if isinstance(found, NetnsError):
            raise found
        return found

    def known(self, choice: str | None = None) -> Kind | None:
        """Return a kind of server if it is on this machine, or None; raise as ``find`` does."""
        name = self.names[0] if choice is None else choice
        if name in self._found:
            return self.find(name)
        found = self._finder.look(name)
        if found is None or not self._keep(found):
            return None
        self._found[name] = found
        return found

    def found(self, choice: str | None) -> Kind | None:
        """Return a kind of server that was found before, or None."""
        found = self._found.get(choice) if choice is not None else None
        return None if isinstance(found, NetnsError) else found

    def if_known(self, choice: str) -> Kind | None:
        """Return a kind of server if it is on this machine, or None; the test that needs it gets the error."""
        try:
            return self.known(choice)
        except NetnsError:
            return None

    @property
    def labels(self) -> list[str]:
        """The servers in the ids of tests: flavor, version, origin; numbered where two are alike."""
        from pytest_netns_mysql.mysql.mysqld.kind import label

        found = [label(self.find(choice)) for choice in self.names]
        return [f"{one}-{found[:at].count(one) + 1}" if found.count(one) > 1 else one for at, one in enumerate(found)]


def server_for(topology: Topology, choice: str) -> str:
    """Return the server for a topology: ``auto`` is MariaDB where the topology's image is.

    Args:
        topology: The topology.
        choice: The server, as the setting netns_mysqld names it.
    """
    image = topology.mysqld.image
    if choice != AUTO or image is None:
        return choice
    from pytest_netns_mysql.topology.compose.images import product_of

    return MARIADB if product_of(image) == MARIADB else AUTO


def choices(setting: str, *, where: str | None) -> tuple[str, ...]:
    """Return the servers that a setting names; raise SettingError if a name is missing or occurs twice."""
    servers = tuple(part.strip() for part in setting.split(","))
    wrong = next((one for one in servers if not one or servers.count(one) > 1), None)
    if wrong is not None:
        fault = f"{wrong} occurs twice" if wrong else "a name is missing beside a comma"
        raise SettingError(
            f"netns_mysqld = {setting!r}: {fault}",
            where=where,
            remedies=["name each server once, with one comma between two"],
        )
    return servers
