"""The table of settings: its names, who wins, and what each refuses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pytest_netns_mysql.errors import SettingError
from pytest_netns_mysql.settings import TABLE, Reader, Setting, environment, resolve

BY_NAME = {setting.name: setting for setting in TABLE}


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for setting in TABLE:
        monkeypatch.delenv(setting.variable, raising=False)


def reader(place: str, **values: str) -> Reader:
    """Make a reader that has these values, and no others."""
    return lambda setting: (values[setting.name], place) if setting.name in values else None


NAMES = {
    "mode": ("--netns-mode", "NETNS_MODE", "netns_mode"),
    "topology": ("--netns-topology", "NETNS_TOPOLOGY", "netns_topology"),
    "mysqld": ("--netns-mysqld", "NETNS_MYSQLD", "netns_mysqld"),
    "fetch": ("--netns-fetch", "NETNS_FETCH", "netns_fetch"),
    "image_env": ("--netns-image-env", "NETNS_IMAGE_ENV", "netns_image_env"),
    "image_initdb": ("--netns-image-initdb", "NETNS_IMAGE_INITDB", "netns_image_initdb"),
    "external_user": ("--netns-external-user", "NETNS_EXTERNAL_USER", "netns_external_user"),
    "external_password": ("--netns-external-password", "NETNS_EXTERNAL_PASSWORD", "netns_external_password"),
    "unavailable": ("--netns-unavailable", "NETNS_UNAVAILABLE", "netns_unavailable"),
    "other_tests": ("--netns-other-tests", "NETNS_OTHER_TESTS", "netns_other_tests"),
    "leftovers": ("--netns-leftovers", "NETNS_LEFTOVERS", "netns_leftovers"),
    "start": ("--netns-start", "NETNS_START", "netns_start"),
    "reuse": ("--netns-reuse", "NETNS_REUSE", "netns_reuse"),
    "pause": ("--netns-pause", "NETNS_PAUSE", "netns_pause"),
    "start_timeout": ("--netns-start-timeout", "NETNS_START_TIMEOUT", "netns_start_timeout"),
    "cache": ("--netns-cache", "NETNS_CACHE", "netns_cache"),
}


def test_each_setting_has_one_name_in_three_spellings() -> None:
    assert {one.name: (one.option, one.variable, one.ini) for one in TABLE} == NAMES


@pytest.mark.parametrize("setting", TABLE, ids=lambda setting: setting.name)
def test_each_setting_is_described_and_its_default_is_allowed(setting: Setting) -> None:
    assert setting.help
    assert setting.metavar.isupper() or "|" in setting.metavar
    assert not setting.choices or setting.default in setting.choices


def test_nothing_set_gives_the_defaults() -> None:
    settings = resolve(reader("nobody"))
    assert (settings.mode, settings.topology, settings.mysqld) == ("auto", "red-blue", "auto")
    assert (settings.unavailable, settings.other_tests, settings.start_timeout) == ("error", "fail", 30.0)
    assert settings.given == {}


def test_the_nearest_reader_wins_and_each_value_says_where_it_is_from() -> None:
    settings = resolve(
        reader("command line", mode="direct"),
        reader("environment", mode="rootless", topology="shop.toml"),
        reader("ini", mode="auto", topology="other.toml", start_timeout="5"),
    )
    assert (settings.mode, settings.topology, settings.start_timeout) == ("direct", "shop.toml", 5.0)
    assert settings.given == {"mode": "command line", "topology": "environment", "start_timeout": "ini"}


def test_a_value_that_is_the_default_is_given_all_the_same() -> None:
    assert resolve(reader("ini", mode="auto")).given == {"mode": "ini"}


def test_an_empty_value_is_a_value_and_no_farther_reader_is_asked() -> None:
    with pytest.raises(SettingError) as error:
        resolve(reader("command line", mysqld=""), reader("ini", mysqld="auto"))
    assert str(error.value) == (
        "netns_mysqld is empty\n  where: command line\n"
        "  do: write auto|mariadb|PATH|docker://IMAGE|external:HOST:PORT[,...], or leave the setting out for auto"
    )


def test_an_empty_cache_hides_a_farther_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    settings = resolve(reader("command line", cache=""), reader("ini", cache="/elsewhere"))
    assert settings.cache == tmp_path / "pytest-netns-mysql"
    assert settings.given == {"cache": "command line"}


SECONDS = "it must be a number of seconds above 0"


@pytest.mark.parametrize(
    ("name", "value", "what", "remedy"),
    [
        (
            "mode",
            "root",
            "netns_mode = 'root': it must be one of auto, direct, rootless",
            "write one of these, or leave the setting out for auto",
        ),
        (
            "mode",
            "",
            "netns_mode = '': it must be one of auto, direct, rootless",
            "write one of these, or leave the setting out for auto",
        ),
        (
            "mode",
            "Auto",
            "netns_mode = 'Auto': it must be one of auto, direct, rootless",
            "write one of these, or leave the setting out for auto",
        ),
        (
            "unavailable",
            "ignore",
            "netns_unavailable = 'ignore': it must be one of error, skip",
            "write one of these, or leave the setting out for error",
        ),
        (
            "other_tests",
            "skip",
            "netns_other_tests = 'skip': it must be one of fail, allow",
            "write one of these, or leave the setting out for fail",
        ),
        ("topology", "", "netns_topology is empty", "write NAME|FILE[,...], or leave the setting out for red-blue"),
        ("topology", " ", "netns_topology is empty", "write NAME|FILE[,...], or leave the setting out for red-blue"),
        (
            "mysqld",
            "",
            "netns_mysqld is empty",
            "write auto|mariadb|PATH|docker://IMAGE|external:HOST:PORT[,...], or leave the setting out for auto",
        ),
        ("start_timeout", "", f"netns_start_timeout = '': {SECONDS}", "write 30, for example"),
        ("start_timeout", "0", f"netns_start_timeout = '0': {SECONDS}", "write 30, for example"),
        ("start_timeout", "-1", f"netns_start_timeout = '-1': {SECONDS}", "write 30, for example"),
        ("start_timeout", "30s", f"netns_start_timeout = '30s': {SECONDS}", "write 30, for example"),
        ("start_timeout", "inf", f"netns_start_timeout = 'inf': {SECONDS}", "write 30, for example"),
        ("start_timeout", "nan", f"netns_start_timeout = 'nan': {SECONDS}", "write 30, for example"),
        (
            "cache",
            "~no-such-user/cache",
            "netns_cache = '~no-such-user/cache': there is no such user, or the user has no home folder",
            "write an absolute path",
        ),
    ],
)
def test_a_value_that_a_setting_does_not_take_is_refused_with_the_place(
    name: str, value: str, what: str, remedy: str
) -> None:
    with pytest.raises(SettingError) as error:
        resolve(reader("netns_x in pyproject.toml", **{name: value}))
    assert str(error.value) == f"{what}\n  where: netns_x in pyproject.toml\n  do: {remedy}"


@pytest.mark.parametrize(("text", "seconds"), [("30", 30.0), ("0.5", 0.5), ("1e2", 100.0)])
def test_the_start_timeout_is_seconds(text: str, seconds: float) -> None:
    assert resolve(reader("ini", start_timeout=text)).start_timeout == seconds


def test_what_an_image_gets(tmp_path: Path) -> None:
    settings = resolve(reader("ini", image_env="MYSQL_DATABASE=shop, MYSQL_PASSWORD=a=b", image_initdb=str(tmp_path)))
    assert settings.image_env == {"MYSQL_DATABASE": "shop", "MYSQL_PASSWORD": "a=b"}
    assert settings.image_initdb == tmp_path


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        (setting, setting.choices[-1] if setting.choices else "60" if setting.name == "start_timeout" else "/a/path")
        for setting in TABLE
        if setting.name not in ("image_env", "image_initdb")
    ],
    ids=lambda one: one.name if isinstance(one, Setting) else None,
)
def test_each_setting_is_read_from_its_variable(setting: Setting, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(setting.variable, value)
    settings = resolve(environment)
    assert settings.given == {setting.name: f"environment variable {setting.variable}"}
    found = getattr(settings, setting.name)
    assert found == type(found)(value)


def test_the_environment_tells_an_absent_variable_from_an_empty_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert environment(BY_NAME["mode"]) is None
    monkeypatch.setenv("NETNS_MODE", "")
    assert environment(BY_NAME["mode"]) == ("", "environment variable NETNS_MODE")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("~", "home/u"),
        ("~/servers", "home/u/servers"),
        ("servers", "work/servers"),
        ("", "home/u/.cache/pytest-netns-mysql"),
        (" ", "home/u/.cache/pytest-netns-mysql"),
    ],
)
def test_the_cache_is_an_absolute_folder_and_by_default_the_users(
    given: str, expected: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("HOME", str(tmp_path / "home/u"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert resolve(reader("ini", cache=given)).cache == tmp_path / expected


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("/xdg", "/xdg/pytest-netns-mysql"),
        ("", "/home/u/.cache/pytest-netns-mysql"),
        ("relative", "/home/u/.cache/pytest-netns-mysql"),
    ],
)
def test_the_users_cache_follows_the_xdg_specification(
    folder: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/u")
    monkeypatch.setenv("XDG_CACHE_HOME", folder)
    assert resolve().cache == Path(expected)


@pytest.mark.root  # only root can become a user that has no entry
def test_a_user_without_a_home_does_not_stop_the_run() -> None:
    script = (
        "import os; from pytest_netns_mysql.settings import resolve; "
        "os.environ.clear(); os.setuid(54321); print(resolve().cache)"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (result.stdout, result.returncode) == ("/.cache/pytest-netns-mysql\n", 0), result.stderr


@pytest.mark.parametrize("value", ["1e300", "86401", "1e9"])
def test_a_start_timeout_is_at_most_a_day(value: str) -> None:
    with pytest.raises(SettingError) as error:
        resolve(reader("ini", start_timeout=value))
    assert error.value.what == f"netns_start_timeout = {value!r}: it must be at most 86400 seconds, a day"
    assert resolve(reader("ini", start_timeout="86400")).start_timeout == 86_400


@pytest.mark.parametrize("setting", TABLE, ids=lambda setting: setting.name)
def test_no_setting_takes_a_nul_and_no_secret_is_shown(setting: Setting) -> None:
    with pytest.raises(SettingError) as error:
        resolve(reader("ini", **{setting.name: "secret\0"}))
    assert str(error.value) == f"{setting.ini} contains a NUL character\n  where: ini\n  do: remove the character"
