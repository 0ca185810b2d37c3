"""mysqld's options: which mapping wins, and how they become arguments."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_netns_mysql.errors import SettingError
from pytest_netns_mysql.mysql.dialects.options import OptionValue, arguments, checked, initial, merge
from pytest_netns_mysql.mysql.mysqld.listeners import check_port_options
from pytest_netns_mysql.optionnames import normal

DEFAULTS = merge()


@pytest.mark.parametrize("name", ["max_connections", "max-connections", "--max-connections", "MAX_Connections"])
def test_an_option_has_one_name_however_it_is_written(name: str) -> None:
    assert normal(name) == "max_connections"


def test_the_defaults_are_small_and_do_not_flush() -> None:
    assert DEFAULTS["port"] == 3306
    assert DEFAULTS["loose_innodb_flush_log_at_trx_commit"] == 0
    assert DEFAULTS["loose_innodb_flush_method"] == "nosync"
    assert DEFAULTS["loose_innodb_doublewrite"] is False
    assert DEFAULTS["loose_innodb_redo_log_capacity"] == 8 * 1024 * 1024  # the minimum
    assert DEFAULTS["loose_innodb_buffer_pool_size"] == 32 * 1024 * 1024
    assert DEFAULTS["skip_log_bin"] is None


def test_by_default_x_plugin_and_the_lookup_of_host_names_are_off() -> None:
    assert DEFAULTS["loose_mysqlx"] is False
    assert DEFAULTS["skip_name_resolve"] is True


def test_options_that_some_version_lacks_are_loose() -> None:
    """A server stops at an option that it does not know, unless the option is loose."""
    assert {name for name in DEFAULTS if not name.startswith("loose_")} == {
        "port",
        "table_definition_cache",
        "skip_name_resolve",
        "secure_file_priv",
        "skip_log_bin",
    }


@pytest.mark.parametrize(
    ("default", "name", "value"),
    [
        ("port", "port", 3307),
        ("port", "--PORT", 3307),
        ("port", "loose-port", 3307),
        ("loose_innodb_doublewrite", "innodb-doublewrite", True),
        ("loose_mysqlx", "mysqlx", True),
        ("loose_mysqlx", "skip_mysqlx", None),
        ("skip_log_bin", "log_bin", "binlog"),
        ("skip_log_bin", "disable-log-bin", None),
        ("skip_log_bin", "enable_log_bin", None),
        ("skip_log_bin", "loose_log_bin", "binlog"),
        ("skip_name_resolve", "skip-name-resolve", False),
        ("skip_name_resolve", "loose_skip_name_resolve", False),
        ("skip_name_resolve", "disable-skip-name-resolve", None),
        ("secure_file_priv", "secure_file_priv", "/tmp"),
        ("table_definition_cache", "loose-table-definition-cache", 2000),
    ],
)
def test_an_option_replaces_the_default_in_any_spelling(default: str, name: str, value: OptionValue) -> None:
    merged = merge({name: value})
    assert merged[normal(name)] == value
    assert len(merged) == len(DEFAULTS)
    assert (default in merged) == (default == normal(name))


def test_the_last_mapping_with_an_option_wins() -> None:
    merged = merge({"log_bin": "first", "port": 1}, {"skip-log-bin": None}, {"log-bin": "last"})
    assert (merged["log_bin"], merged["port"]) == ("last", 1)
    assert "skip_log_bin" not in merged


def test_other_options_are_added_to_the_defaults() -> None:
    assert merge({"Max-Connections": 5}) == DEFAULTS | {"max_connections": 5}


def test_merging_changes_no_default() -> None:
    merge({"port": 1, "max_connections": 5})
    assert merge() == DEFAULTS


@pytest.mark.parametrize(
    ("name", "value", "argument"),
    [
        ("port", 3307, "--port=3307"),
        ("max_connections", "5", "--max-connections=5"),
        ("mysqlx", True, "--mysqlx=ON"),
        ("mysqlx", False, "--mysqlx=OFF"),
        ("skip_log_bin", None, "--skip-log-bin"),
        ("secure_file_priv", "", "--secure-file-priv="),
        ("long_query_time", 0.5, "--long-query-time=0.5"),
        ("innodb_flush_log_at_trx_commit", 0, "--innodb-flush-log-at-trx-commit=0"),
        ("sql_mode", "ANSI_QUOTES,NO_ZERO_DATE", "--sql-mode=ANSI_QUOTES,NO_ZERO_DATE"),
    ],
)
def test_an_option_becomes_an_argument_of_mysqld(name: str, value: OptionValue, argument: str) -> None:
    assert arguments({name: value}) == [argument]


def test_arguments_keep_their_order() -> None:
    assert arguments({"b": 1, "a": 2}) == ["--b=1", "--a=2"]


@pytest.mark.parametrize(
    "name", ["lower_case_table_names", "innodb-page-size", "loose_innodb_data_file_path", "INNODB_UNDO_DIRECTORY"]
)
def test_initialize_gets_the_options_that_are_built_into_a_data_directory(name: str) -> None:
    made = initial({name: "16K", "max_connections": 5, "port": 3307})
    assert made[name] == "16K"
    assert "max_connections" not in made
    assert "port" not in made


def test_initialize_makes_small_files() -> None:
    assert initial({}) == {name: value for name, value in DEFAULTS.items() if name.startswith("loose_innodb_")}


@pytest.mark.parametrize(
    ("name", "what", "remedy"),
    [
        (
            "bind_address",
            "the option bind_address has a parameter of its own, which checks the endpoints",
            "write bind_address=... beside options=..., not inside",
        ),
        (
            "--Admin-Address",
            "the option admin_address has a parameter of its own, which checks the endpoints",
            "write admin_address=... beside options=..., not inside",
        ),
        ("datadir", "the option datadir is set by the plugin: every server has its own", "remove the option"),
        ("loose-socket", "the option socket is set by the plugin: every server has its own", "remove the option"),
    ],
)
def test_an_option_that_the_plugin_sets_is_refused(name: str, what: str, remedy: str) -> None:
    with pytest.raises(SettingError) as error:
        checked({"port": 3307, name: "x"}, where="mysqld(options=...)")
    assert str(error.value) == f"{what}\n  where: mysqld(options=...)\n  do: {remedy}"


@pytest.mark.parametrize(
    "name", ["daemonize", "Daemonize", "loose-daemonize", "skip_loose_daemonize", "--daemoniz", "daem"]
)
def test_daemonize_is_refused_in_any_spelling(name: str) -> None:
    with pytest.raises(SettingError) as error:
        checked({"port": 3307, name: None}, where="mysqld(options=...)")
    option = "daemonize" if "daemonize" in name.lower() else f"{name.lstrip('-')} (daemonize)"
    assert str(error.value) == (
        f"the option {option} is refused: mysqld would leave the process that starts it\n"
        "  where: mysqld(options=...)\n  do: remove the option"
    )


@pytest.mark.parametrize("name", ["chroot", "initialize-insecure", "initialize", "initiali", "bootstrap", "chro"])
def test_options_that_keep_mysqld_from_serving_are_refused(name: str) -> None:
    with pytest.raises(SettingError, match="is refused: mysqld would "):
        checked({name: None}, where="here")


def test_the_beginning_of_an_option_is_refused_like_the_option() -> None:
    with pytest.raises(SettingError, match="the option pid_file is set by the plugin"):
        checked({"pid-fil": "x"}, where="here")


def test_options_that_only_resemble_those_of_the_plugin_are_accepted() -> None:
    options: dict[str, OptionValue] = {"port": 1, "mysqlx_socket": "x", "log_error_verbosity": 3, "admin_port": 2}
    assert checked(options, where="here") == options


WORDS = st.sampled_from(["mysqlx", "log_bin", "port", "name", "skip_name_resolve"])
PREFIXES = st.lists(st.sampled_from(["loose-", "skip_", "disable-", "enable_", "--"]), max_size=3).map("".join)


@given(st.lists(st.tuples(st.builds("".join, st.tuples(PREFIXES, WORDS)), st.integers(0, 9))))
def test_merging_one_by_one_or_all_at_once_gives_the_same(layers: list[tuple[str, int]]) -> None:
    step: dict[str, OptionValue] = {}
    for name, value in layers:
        step = merge(step, {name: value})
    assert (step or merge()) == merge(*({name: value} for name, value in layers))


@pytest.mark.parametrize(
    "name", ["", "--", " ", "max connections", "port=1", "a\nb", "a\0b", "voilà", "x" * 300, "skip_" * 3000, 5, None]
)
def test_an_invalid_name_is_refused(name: str) -> None:
    with pytest.raises(SettingError, match="cannot be the name of an option\n  where: here\n  do: name it as in an"):
        checked({name: 1}, where="here")


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("a\0b", "it contains a NUL or a line break, where mysqld would cut it off"),
        ("a\nb", "it contains a NUL or a line break, where mysqld would cut it off"),
        ("\ud800", "it cannot be written in UTF-8"),
        ("x" * 200_000, "it is 200,000 bytes long, but an argument of a program has less than 128 KiB"),
        (b"a", "an option cannot have a value of type bytes"),
        ([1], "an option cannot have a value of type list"),
        ({}, "an option cannot have a value of type dict"),
        (10**30, "it has more than 64 bits"),
        (float("inf"), "mysqld accepts only finite numbers"),
        (float("nan"), "mysqld accepts only finite numbers"),
    ],
)
def test_an_invalid_value_is_refused(value: OptionValue, why: str) -> None:
    with pytest.raises(SettingError) as error:
        checked({"init_connect": value}, where="here")
    assert error.value.what.startswith("the option init_connect = ")
    assert error.value.what.endswith(f": {why}")


@pytest.mark.parametrize("value", [None, True, 5, 0.5, "a b", "", Path("/etc/my.cnf"), 2**64 - 1])
def test_a_valid_value_is_accepted(value: OptionValue) -> None:
    assert checked({"--init-connect": value, "validate_password.policy": 1}, where="here")


@pytest.mark.parametrize("value", ["abc", 0, 70_000, True, None, "9" * 5000])
def test_a_port_is_a_port(value: OptionValue) -> None:
    with pytest.raises(SettingError, match=r"^the option mysqlx_port = .* is not a port number\n  where: here"):
        check_port_options({"--mysqlx-port": value}, "here")
