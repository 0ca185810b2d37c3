"""The settings. One table defines the command line, the environment, the ini keys and the docs page."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pytest_netns_mysql import paths
from pytest_netns_mysql.settingvalues import Setting as Setting  # a name of this module, too
from pytest_netns_mysql.settingvalues import checked

TOPOLOGY_FILE = "netns-topology.toml"
SECRET = ("external_password", "image_env")
"""The settings whose values messages do not print."""

TABLE: tuple[Setting, ...] = (
    Setting(
        "mode",
        "auto",
        "how to create the sandbox: direct needs CAP_SYS_ADMIN and CAP_NET_ADMIN, rootless needs a user namespace; "
        "auto is direct if possible, else rootless",
        "MODE",
        ("auto", "direct", "rootless"),
    ),
    Setting(
        "topology",
        "red-blue",
        "the network: a preset, a TOML file, or FILE::NAME for one of the topologies in a file; if several are given, "
        "separated by commas, every netns test runs in each of them; if the setting is left out, a netns-topology.toml "
        "beside the ini file is used",
        "NAME|FILE[,...]",
    ),
    Setting(
        "mysqld",
        "auto",
        "the server: the path of a mysqld, a mariadbd or a base directory; mariadb; docker://IMAGE; external:HOST:PORT "
        "for a server that is already running; auto looks on PATH and among the fetched servers, then fetches one, and "
        "as a last resort runs docker://mysql:8.4; if several are given, separated by commas, every netns test runs on "
        "each of them",
        "auto|mariadb|PATH|docker://IMAGE|external:HOST:PORT[,...]",
    ),
    Setting(
        "fetch",
        "auto",
        "whether to download a server that is missing: auto fetches MySQL, MariaDB and MySQL Router from the machine's "
        "package sources, and pulls images; with never, a missing server is an error",
        "WHEN",
        ("auto", "never"),
    ),
    Setting(
        "image_env",
        "",
        "environment variables for the entrypoint of docker://IMAGE, such as MYSQL_DATABASE=shop,MYSQL_USER=app",
        "NAME=VALUE[,...]",
    ),
    Setting(
        "image_initdb",
        "",
        "a folder of scripts, which the entrypoint of docker://IMAGE finds in /docker-entrypoint-initdb.d; they run "
        "again only if the folder has changed",
        "DIR",
    ),
    Setting("external_user", "root", "the administrator's account on external:HOST:PORT", "USER"),
    Setting(
        "external_password",
        "",
        "the password of netns_external_user; best set in the environment, where process lists do not show it",
        "PASSWORD",
    ),
    Setting(
        "unavailable",
        "error",
        "what to do with netns tests when no sandbox can be created",
        "WHAT",
        ("error", "skip"),
    ),
    Setting(
        "other_tests",
        "fail",
        "what to do with other tests that come after the process has left the host's network for good: fail them, or "
        "allow them to run inside the sandbox, without the host's network",
        "WHAT",
        ("fail", "allow"),
    ),
    Setting(
        "leftovers",
        "reset",
        "what to do with changes that a test leaves behind, such as accounts, schemas, variables and routes: reset "
        "undoes them, fail undoes them and fails the test, keep does nothing; the marker netns_leftovers overrides the "
        "setting for single tests",
        "WHAT",
        ("reset", "fail", "keep"),
    ),
    Setting(
        "start",
        "auto",
        "when to start netns_mysqld: early, before conftests are imported; late, when the first test asks for the "
        "server; auto, early if the previous run used the server, else right after collection",
        "WHEN",
        ("auto", "early", "late"),
    ),
    Setting(
        "reuse",
        "auto",
        "whether to use a standing server, see `netns-mysql up`: auto uses a running one, but not in "
        "CI (if the environment variable CI is set); always uses a running one in CI, too, and starts one if none runs",
        "WHEN",
        ("auto", "always", "never"),
    ),
    Setting("start_timeout", "30", "how long to wait for a mysqld to answer, in seconds, at most a day", "SECONDS"),
    Setting(
        "cache", "", "the folder for fetched servers and data directories; empty means the user's cache folder", "DIR"
    ),
)


class Settings(NamedTuple):
    """The checked value of each setting; see TABLE.

    Attributes:
        start_timeout: In seconds.
        given: Where each setting that is not left out was set, by name.
    """

    mode: str
    topology: str
    mysqld: str
    fetch: str
    image_env: Mapping[str, str]
    image_initdb: Path | None
    external_user: str
    external_password: str
    unavailable: str
    other_tests: str
    leftovers: str
    start: str
    reuse: str
    start_timeout: float
    cache: Path
    given: Mapping[str, str]


Reader = Callable[[Setting], tuple[str, str] | None]
"""A function that returns the text of a setting and where it is set, or None if it is not set there."""


def resolve(*readers: Reader) -> Settings:
    """Return the settings. An empty value is a value: only a setting that no reader finds has its default.

    Args:
        readers: Where to look for a setting, the nearest first: the first one that finds the setting wins.

    Raises:
        SettingError: If a value is not allowed.
    """
    values: dict[str, Any] = {}
    given: dict[str, str] = {}
    for setting in TABLE:
        value, place = setting.default, "the default"
        for reader in readers:
            found = reader(setting)
            if found is not None:
                value, place = found
                given[setting.name] = place
                break
        values[setting.name] = checked(setting, value, place)
    return Settings(**values, given=given)


def environment(setting: Setting) -> tuple[str, str] | None:
    """Read a setting from the environment. This is a Reader."""
    value = os.environ.get(setting.variable)
    return None if value is None else (value, f"environment variable {setting.variable}")


def beside(folder: Path) -> Reader:
    """Return the reader that finds netns-topology.toml in ``folder``."""

    def reader(setting: Setting) -> tuple[str, str] | None:
        file = folder / TOPOLOGY_FILE
        return (str(file), f"found in {folder}") if setting.name == "topology" and file.is_file() else None

    return reader


def from_folder(setting: Setting, value: str, folder: Path) -> str:
    """Return a value of an ini file, with relative paths made relative to the folder of the ini file, as in pytest."""
    if setting.name == "image_initdb" and value.strip():
        try:
            return str(paths.absolute(value, folder))
        except ValueError:
            return value  # the check of the value raises the error
    if setting.name != "topology":
        return value
    parts = (choice.strip() for choice in value.split(","))
    return ",".join(str(folder / part) if ".toml" in part and not part.startswith("~") else part for part in parts)
