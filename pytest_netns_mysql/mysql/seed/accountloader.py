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
_GRANT, _CREATE = (
    re.compile((_START + verb + r"\b").encode(), re.IGNORECASE | re.DOTALL)
    for verb in ("(?:GRANT|REVOKE)", r"CREATE\s+(?:USER|ROLE)")
)
_OWN_ACCOUNT = re.compile(r"'(?:mysql\.\w+|mariadb\.sys|root)'@'localhost'")
_ALTER = re.compile((_START + r"(?:CREATE|ALTER)\s+USER\b").encode(), re.IGNORECASE | re.DOTALL)
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


class AccountLoader:
    """Loads files into a server that is asked about accounts and nothing else.

    A dump of accounts has grants on tables and routines that are not there, and creates accounts that every server has.
    These statements are left out, and so are authentication plugins that only the dump's server has: who may log in
    from where does not depend on them.
    """

    def __init__(self, server: Instance, progress: Callable[[str], None]) -> None:
        """Remember the server, and a function that shows a line of text to the user."""
        self._server = server
        self._progress = progress
        server.administrator.run(f"CREATE SCHEMA {identifier(_SCHEMA)}")

    def load(self, load: Load) -> None:
        """Load a file, and have the server read the grant tables; raise LoadError."""
        # A file before may have given the administrator a password, which nobody knows.
        self._server.administrator.run(_LET_IN)
        load_into(self._server, [load], _SCHEMA, self._skips)
        self._server.administrator.run("FLUSH PRIVILEGES")

    def _skips(self, statement: Statement, error: mysql.connector.Error) -> bool:
        if error.errno == _EXISTS and _CREATE.match(statement.text):
            if not _OWN_ACCOUNT.search(error.msg or ""):
                self._tell(statement, f"is left out: {error.msg}")
        elif error.errno in _MISSING and _GRANT.match(statement.text):
            self._tell(statement, f"is left out: {error.msg}")
        elif error.errno == _NO_PLUGIN and _ALTER.match(statement.text) and _PLUGIN.search(statement.text):
            self._server.administrator.run(decoded(_PLUGIN.sub(b"", statement.text)))
            self._tell(statement, f"is executed without the plugin: {error.msg}")
        else:
            return False
        return True

    def _tell(self, statement: Statement, what: str) -> None:
        self._progress(f"{statement.file.name}, line {statement.line}, {what}")
