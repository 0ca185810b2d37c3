"""Loading SQL files for the sake of the accounts in them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from pytest_netns_mysql.mysql.access.reading import ACTIVE_PLUGINS
from pytest_netns_mysql.mysql.dialects.quoting import decoded, identifier
from pytest_netns_mysql.mysql.seed.loader import load_into
from pytest_netns_mysql.mysql.servernames import MARIADB

if TYPE_CHECKING:
    import mysql.connector

    from pytest_netns_mysql.mysql.load.loads import Load
    from pytest_netns_mysql.mysql.load.script import Statement
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

_SCHEMA = "netns_access"  # for the tables in a dump of one schema, which does not name the schema
_LET_IN = "ALTER USER root@localhost IDENTIFIED BY '' REQUIRE NONE ACCOUNT UNLOCK"
_START = r"\s*(?:/\*.*?\*/\s*|--\s[^\n]*\n\s*)*"
_GRANT, _CREATE, _CREATE_ANEW, _WITH_PLUGIN, _OF_ACCOUNTS = (
    re.compile(f"{_START}(?:{verb})\\b".encode(), re.IGNORECASE | re.DOTALL)
    for verb in (
        "GRANT|REVOKE",
        r"CREATE\s+(?:USER|ROLE)",
        r"CREATE\s+(?:USER|ROLE)\b(?!\s+IF\s+NOT\s+EXISTS)",
        r"GRANT|(?:CREATE|ALTER)\s+USER",
        r"GRANT|REVOKE|(?:CREATE|ALTER|DROP|RENAME)\s+(?:USER|ROLE)|SET\s+(?:DEFAULT\s+ROLE|ROLE|PASSWORD)",
    )
)
_ACCOUNT = re.compile(r"'[^']*'@'[^']*'")
_OWN_ACCOUNT = re.compile(r"'(?:mysql\.\w+|mariadb\.sys|root)'@'localhost'")
_TEXT = r"""(?:0x[0-9a-f]+|'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*")"""
_SECRET = rf"(?:\s+(?:AS|USING)\s+(?:{_TEXT}|PASSWORD\s*\(\s*{_TEXT}\s*\)))?"
_PLUGIN = re.compile(rb"\b(?:IDENTIFIED\s+(?:WITH|VIA)|OR)\s+['`\"]?(\w+)", re.IGNORECASE)
_DECISIVE = {"mysql_no_login": "mysql_no_login.so", "auth_socket": "auth_socket.so"}
"""The plugins that decide who may log in from where, each with its library."""
_OF_MARIADB = {"auth_socket": "unix_socket"}
"""The names in MariaDB of plugins of MySQL."""
_NO_PLUGIN = 1524  # ER_PLUGIN_IS_NOT_LOADED
_EXISTS = 1396  # ER_CANNOT_USER: a statement about accounts failed, mostly because there is such an account
_MISSING = frozenset(
    {
        1049,  # ER_BAD_DB_ERROR: a schema
        1054,  # ER_BAD_FIELD_ERROR: a column
        1146,  # ER_NO_SUCH_TABLE
        1305,  # ER_SP_DOES_NOT_EXIST: a routine
    }
)


_OF_CLIENT = range(2000, 3000)  # numbers of errors of the client library, such as for a lost connection
_MOST_NOTES = 10  # for each file


class AccountLoader:
    """Loads files into a server that is asked about accounts and nothing else.

    A dump of accounts has grants on tables and routines that are not there, and creates accounts that every server has.
    A full dump may have tables that only its own server takes. Such statements are left out. An authentication plugin
    that only the dump's server has is replaced by the server's default: who may log in from where does not depend on
    the plugin, unless it lets in nobody, or nobody but clients of the socket file. Such plugins are loaded.
    """

    def __init__(self, server: Instance, progress: Callable[[str], None]) -> None:
        """Remember the server, and a function that shows a line of text to the user."""
        self._server = server
        self._progress = progress
        self._notes = 0
        server._administrator.run(f"CREATE SCHEMA {identifier(_SCHEMA)}")

    def load(self, load: Load) -> None:
        """Load a file, and have the server read the grant tables; raise LoadError."""
        # A file before may have given the administrator a password, which nobody knows.
        self._server._administrator.run(_LET_IN)
        self._notes = 0
        load_into(self._server, [load], _SCHEMA, self._amended)
        if self._notes > _MOST_NOTES:
            self._progress(f"{load.name}: {self._notes - _MOST_NOTES} more statements are left out")
        self._server._administrator.run("FLUSH PRIVILEGES")

    def _amended(self, statement: Statement, error: mysql.connector.Error) -> bytes | None:
        """Return what to execute instead of a refused statement: b'' to leave it out, None for an error."""
        text, number = statement.text, error.errno
        if number == _EXISTS and (found := _CREATE_ANEW.match(text)):
            # The statement may create other accounts, too.
            accounts = _ACCOUNT.findall(error.msg or "")
            if not accounts or not all(map(_OWN_ACCOUNT.fullmatch, accounts)):
                self._note(statement, f"is executed with IF NOT EXISTS: {error.msg}")
            return text[: found.end()] + b" IF NOT EXISTS" + text[found.end() :]
        if number in (_NO_PLUGIN, _EXISTS) and (plugin := self._missing_plugin(text)):
            return self._with_other_plugin(statement, plugin)
        is_needless = number == _EXISTS if _CREATE.match(text) else number in _MISSING and bool(_GRANT.match(text))
        if not is_needless and (_OF_ACCOUNTS.match(text) or number in _OF_CLIENT or number < 0):
            return None
        self._note(statement, f"is left out: {error.msg}")
        return b""

    def _missing_plugin(self, text: bytes) -> str | None:
        """Return the first plugin in a statement that the server has not loaded, or None.

        The error does not always name it: for ALTER USER, MariaDB says no more than that the statement failed.
        """
        if not _WITH_PLUGIN.match(text):
            return None
        (rows,) = self._server._administrator.ask(ACTIVE_PLUGINS)
        loaded = {decoded(name).lower() for (name,) in rows}
        names = (decoded(found[1]).lower() for found in _PLUGIN.finditer(text))
        return next((name for name in names if name not in loaded), None)

    def _with_other_plugin(self, statement: Statement, plugin: str) -> bytes:
        """Return a statement with a plugin that the server has, or unchanged after the server has loaded the plugin."""
        is_mariadb = self._server._spec.kind.flavor == MARIADB
        other = _OF_MARIADB.get(plugin) if is_mariadb else None
        if plugin in _DECISIVE and other is None:
            self._server._administrator.run(f"INSTALL PLUGIN {plugin} SONAME '{_DECISIVE[plugin]}'")
            return statement.text
        self._note(statement, f"is executed without the plugin: Plugin '{plugin}' is not loaded")
        if is_mariadb:
            return _replaced(statement.text, plugin, other or "mysql_native_password")
        return _without(statement.text, plugin)

    def _note(self, statement: Statement, what: str) -> None:
        self._notes += 1
        if self._notes <= _MOST_NOTES:
            self._progress(f"{statement.file.name}, line {statement.line}, {what}")


def _replaced(text: bytes, plugin: str, other: str) -> bytes:
    """Return a statement with another plugin of MariaDB, without the secret that only the plugin understands."""
    expression = rf"(\b(?:IDENTIFIED\s+(?:WITH|VIA)|OR)\s+){_quoted(plugin)}{_SECRET}"
    return re.sub(expression.encode(), rf"\g<1>{other}".encode(), text, flags=re.IGNORECASE)


def _without(text: bytes, plugin: str) -> bytes:
    """Return a statement without a plugin of MySQL, so that the account has the server's default plugin.

    To name the default plugin instead would not do: ALTER USER would let the password expire. Without its first plugin,
    an account cannot have a second one.
    """
    name, any_name = _quoted(plugin), _quoted(r"\w+")
    for expression, left in (
        (rf"\s+AND\s+IDENTIFIED\s+WITH\s+{name}(?:{_SECRET}|\s+BY\s+{_TEXT})", ""),
        (rf"\bIDENTIFIED\s+WITH\s+{name}(?=\s+BY\b)", "IDENTIFIED"),
        (rf"\bIDENTIFIED\s+WITH\s+{name}{_SECRET}(?:\s+AND\s+IDENTIFIED\s+WITH\s+{any_name}{_SECRET})*", ""),
    ):
        text = re.sub(expression.encode(), left.encode(), text, flags=re.IGNORECASE)
    return text


def _quoted(name: str) -> str:
    """Return an expression for the name of a plugin, in quotes or not."""
    return rf"['`\"]?{name}\b['`\"]?"
