"""The one table of settings: it makes the command line, the environment, the ini keys and the docs page."""

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
"""The settings whose values are not shown."""

TABLE: tuple[Setting, ...] = (
    Setting(
        "mode",
        "auto",
        "how the sandbox is made: direct needs CAP_SYS_ADMIN and CAP_NET_ADMIN, rootless a user namespace, "
        "auto takes direct where it can",
        "MODE",
        ("auto", "direct", "rootless"),
    ),
    Setting(
        "topology",
        "red-blue",
        "the network: a preset, a TOML file, or FILE::NAME for one of several in a file; several, with commas, run "
        "every netns test over each; without it a netns-topology.toml beside the ini file is taken",
        "NAME|FILE[,...]",
    ),
    Setting(
        "mysqld",
        "auto",
        "the server: a path to a mysqld, a mariadbd or a base directory; mariadb; docker://IMAGE; external:HOST:PORT "
        "for one that others run; auto takes one on PATH, one fetched earlier, fetches one now, or else runs "
        "docker://mysql:8.4; several, with commas, run every netns test on each",
        "auto|mariadb|PATH|docker://IMAGE|external:HOST:PORT[,...]",
    ),
    Setting(
        "fetch",
        "auto",
        "whether a server that is not here is brought: auto fetches MySQL, MariaDB and MySQL Router from the machine's "
        "package sources and pulls images; never brings nothing, and the error names what is missing",
        "WHEN",
        ("auto", "never"),
    ),
    Setting(
        "image_env",
        "",
        "variables for the entrypoint of docker://IMAGE, as its documentation names them: "
        "MYSQL_DATABASE=shop,MYSQL_USER=app",
        "NAME=VALUE[,...]",
    ),
    Setting(
        "image_initdb",
        "",
        "a folder of scripts that the entrypoint of docker://IMAGE finds as /docker-entrypoint-initdb.d, run once for "
        "each change of it",
        "DIR",
    ),
    Setting("external_user", "root", "the administrator of a server that others run, external:HOST:PORT", "USER"),
    Setting(
        "external_password",
        "",
        "the password of netns_external_user; best in the environment, which no process list shows",
        "PASSWORD",
    ),
    Setting(
        "unavailable",
        "error",
        "what becomes of netns tests where no sandbox can be made",
        "WHAT",
        ("error", "skip"),
    ),
    Setting(
        "other_tests",
        "fail",
        "what becomes of tests without netns that come after this process has left the host's network for good: "
        "fail, or allow them to run inside the sandbox, without the host's network",
        "WHAT",
        ("fail", "allow"),
    ),
    Setting(
        "leftovers",
        "reset",
        "what to do with changes that a test leaves on a server that others use, such as accounts, schemas, variables, "
        "and in the network: reset puts it back, fail puts it back and fails the test, keep does not look; the marker "
        "netns_leftovers says it for single tests",
        "WHAT",
        ("reset", "fail", "keep"),
    ),
    Setting(
        "start",
        "auto",
        "when netns_mysqld begins to boot: early, before conftests are imported; late, when the first test asks for "
        "it; auto, early where the last run tells that this one will ask for it, else right after collection",
        "WHEN",
        ("auto", "early", "late"),
    ),
    Setting(
        "reuse",
        "auto",
        "whether a server that stays up between runs is used, see `netns-mysql up`: auto takes one that is there, not "
        "in CI (the environment variable CI); always takes one in CI, too, and brings one up where there is none",
        "WHEN",
        ("auto", "always", "never"),
    ),
    Setting("start_timeout", "30", "how long a mysqld may take to answer, in seconds, at most a day", "SECONDS"),
    Setting("cache", "", "the folder of fetched servers and data directories; empty is the user's cache folder", "DIR"),
)


class Settings(NamedTuple):
    """Hold the value of each setting, checked, and where it came from.

    Shape: ``start_timeout`` is in seconds; ``given`` maps each setting that somebody set to its place.
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


def resolve(*readers: Reader) -> Settings:
    """Ask each reader in turn, the nearest first, for a value and its place; take the default where none has it.

    Absent means absent: an empty value is a value. Raises SettingError, naming the place and what is allowed.
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
    """Read a setting from the environment; a Reader."""
    value = os.environ.get(setting.variable)
    return None if value is None else (value, f"environment variable {setting.variable}")


def beside(folder: Path) -> Reader:
    """Return the reader that finds a topology file in ``folder``, which somebody put there to be found."""

    def reader(setting: Setting) -> tuple[str, str] | None:
        file = folder / TOPOLOGY_FILE
        return (str(file), f"found in {folder}") if setting.name == "topology" and file.is_file() else None

    return reader


def from_folder(setting: Setting, value: str, folder: Path) -> str:
    """Return a value of an ini file with the paths in it sought from its folder, as pytest does."""
    if setting.name == "image_initdb" and value.strip():
        try:
            return str(paths.absolute(value, folder))
        except ValueError:
            return value  # which is told when it is checked
    if setting.name != "topology":
        return value
    parts = (choice.strip() for choice in value.split(","))
    return ",".join(str(folder / part) if ".toml" in part and not part.startswith("~") else part for part in parts)
