"""Loading SQL files for the sake of the accounts in them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from pytest_netns_mysql.mysql.dialects.quoting import decoded, identifier
from pytest_netns_mysql.mysql.seed.loader import load_into

if TYPE_CHECKING:
    import mysql.connector

    from pytest_netns_mysql.mysql.load.loads import Load
    from pytest_netns_mysql.mysql.load.script import Statement
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

_SCHEMA = "netns_access"  # for the tables in a dump of one schema, which does not name the schema
_LET_IN = "ALTER USER root@localhost IDENTIFIED BY '' REQUIRE NONE ACCOUNT UNLOCK"
_START = r"\s*(?:/\*.*?\*/\s*|--\s[^\n]*\n\s*)*"
_GRANT, _CREATE, _CHANGE, _OF_ACCOUNTS = (
    re.compile(f"{_START}(?:{verb})\\b".encode(), re.IGNORECASE | re.DOTALL)
    for verb in (
        "GRANT|REVOKE",
        r"CREATE\s+(?:USER|ROLE)",
        r"(?:CREATE|ALTER)\s+USER",
        r"GRANT|REVOKE|(?:CREATE|ALTER|DROP|RENAME)\s+(?:USER|ROLE)|SET\s+(?:DEFAULT\s+ROLE|ROLE|PASSWORD)",
    )
)
_OWN_ACCOUNT = re.compile(r"'(?:mysql\.\w+|mariadb\.sys|root)'@'localhost'")
_PLUGIN = re.compile(
    rb"\bIDENTIFIED\s+(?:WITH|VIA)\s+['`\"]?\w+['`\"]?(?:\s+(?:AS|USING)\s+(?:0x[0-9a-f]+|'(?:[^'\\]|\\.|'')*'))?",
    re.IGNORECASE,
)
_NO_PLUGIN = 1524  # ER_PLUGIN_IS_NOT_LOADED
_EXISTS = 1396  # ER_CANNOT_USER
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
    A full dump may have tables that only its own server takes. Such statements are left out, and so are authentication
    plugins that only the dump's server has: who may log in from where does not depend on them.
    """

    def __init__(self, server: Instance, progress: Callable[[str], None]) -> None:
        """Remember the server, and a function that shows a line of text to the user."""
        self._server = server
        self._progress = progress
        self._notes = 0
        server.administrator.run(f"CREATE SCHEMA {identifier(_SCHEMA)}")

    def load(self, load: Load) -> None:
        """Load a file, and have the server read the grant tables; raise LoadError."""
        # A file before may have given the administrator a password, which nobody knows.
        self._server.administrator.run(_LET_IN)
        self._notes = 0
        load_into(self._server, [load], _SCHEMA, self._skips)
        if self._notes > _MOST_NOTES:
            self._progress(f"{load.name}: {self._notes - _MOST_NOTES} more statements are left out")
        self._server.administrator.run("FLUSH PRIVILEGES")

    def _skips(self, statement: Statement, error: mysql.connector.Error) -> bool:
        text, number = statement.text, error.errno
        if number == _EXISTS and _CREATE.match(text) and _OWN_ACCOUNT.search(error.msg or ""):
            return True
        if number == _NO_PLUGIN and _CHANGE.match(text) and _PLUGIN.search(text):
            self._server.administrator.run(decoded(_PLUGIN.sub(b"", text)))
            self._note(statement, f"is executed without the plugin: {error.msg}")
            return True
        is_needless = number == _EXISTS if _CREATE.match(text) else number in _MISSING and bool(_GRANT.match(text))
        if not is_needless and (_OF_ACCOUNTS.match(text) or number in _OF_CLIENT or number < 0):
            return False
        self._note(statement, f"is left out: {error.msg}")
        return True

    def _note(self, statement: Statement, what: str) -> None:
        self._notes += 1
        if self._notes <= _MOST_NOTES:
            self._progress(f"{statement.file.name}, line {statement.line}, {what}")
