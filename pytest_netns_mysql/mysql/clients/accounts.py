"""Accounts and schemas of one test: made for it, dropped after it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import mysql.connector

from pytest_netns_mysql.endpoint import Endpoint
from pytest_netns_mysql.errors import ClientError
from pytest_netns_mysql.mysql.clients import clientarguments
from pytest_netns_mysql.mysql.clients.hostpatterns import AccountName, account_of
from pytest_netns_mysql.mysql.dialects.quoting import decoded, identifier, literal
from pytest_netns_mysql.mysql.mysqld.instance import Instance
from pytest_netns_mysql.mysql.mysqld.lockholders import LOCK_TIMEOUTS, LOCK_WAIT, lock_holders
from pytest_netns_mysql.mysql.mysqld.processlist import LIST, listed

_LONGEST_USER = 32
_LONGEST_HOST = 255
_LONGEST_SCHEMA = 64
_FIXTURE = "netns_account"
_PATIENCE = 5  # seconds for a lock that somebody else holds
_EVERY_HOST = ("%", "")


@dataclass(frozen=True)
class Account:
    """Name a MySQL account, ``user@host``; ``schema`` is the one it owns, or None.

    Shape: ``require`` is what it requires of TLS, as in CREATE USER, or nothing. See the manual, "Specifying Account
    Names".
    """

    user: str
    host: str
    password: str = ""
    schema: str | None = None
    require: str = ""

    def __str__(self) -> str:
        return f"{literal(self.user)}@{literal(self.host)}"


class Accounts:
    """Make accounts and schemas on a server, or on the one that it copies, and drop them all with ``drop``."""

    def __init__(self, server: Instance) -> None:
        """Keep the server; nothing is made yet."""
        self._server = server
        self._made: list[Account] = []
        self._schemas: set[str] = set()
        self._granted: set[Account] = set()
        self._arrived: set[tuple[Account, Instance]] = set()

    def create(
        self,
        user: str,
        *,
        host: str,
        password: str = "",
        grants: str | Iterable[str] = (),
        schema: str | None = None,
        require: str = "",
    ) -> Account:
        """Make an account.

        ``host`` is a pattern as in CREATE USER; ``grants``, one or several, are what stands between GRANT and TO,
        such as ``SELECT ON shop.*``; a ``schema`` is made with it, and is its own; ``require`` is what stands behind
        REQUIRE, such as ``X509``. Raises ClientError for an argument that cannot be, or that the server refuses.
        """
        dialect = self._server.dialect
        account = Account(
            clientarguments.name(user, "user", longest=dialect.longest_user),
            clientarguments.name(host, "host", longest=_LONGEST_HOST),
            clientarguments.text(password, "password", fixture=_FIXTURE),
            schema if schema is None else clientarguments.name(schema, "schema", longest=_LONGEST_SCHEMA),
            clientarguments.requirement(require),
        )
        each_grant = clientarguments.grants(grants)
        self._server.raise_if_unwritable()
        required = f" REQUIRE {require}" if require else ""
        self._run(f"makes no account {account}", f"CREATE USER {account} IDENTIFIED BY {literal(password)}{required}")
        self._made.append(account)
        if schema is not None:
            self._give_schema(account, schema)
        if each_grant:
            self._granted.add(account)
        for grant in each_grant:
            self._run(f"does not grant {grant!r}", f"GRANT {grant} TO {account}")
        return account

    def _give_schema(self, account: Account, schema: str) -> None:
        if schema not in self._schemas:
            self._run(f"makes no schema {schema!r}", f"CREATE SCHEMA {identifier(schema)}")
            self._schemas.add(schema)
        ask = self._server.writable.administrator.ask
        # Where privileges can be revoked in part, no wildcard stands in a schema's name.
        by_pattern = all(row != (b"0",) for query in self._server.dialect.grants_by_pattern for row in ask(query)[0])
        name = identifier(schema, pattern=by_pattern)
        self._run(f"does not grant all on {schema!r}", f"GRANT ALL ON {name}.* TO {account}")

    def _run(self, what: str, statement: str) -> None:
        """Run a statement; raise ClientError where the server refuses it: ``what`` it does not do."""
        try:
            dialect = self.server.dialect
            self.server.administrator.run(dialect.limit(_PATIENCE), statement, dialect.no_limit)
        except mysql.connector.Error as error:
            self.tidy()
            if error.errno in LOCK_TIMEOUTS:
                raise ClientError(
                    f"the server {what}: it has waited {_PATIENCE} seconds for a lock",
                    where="netns_account(...)",
                    tried=[*map(str, lock_holders(self.server, self._schemas)), str(error)],
                    remedies=["end what that connection does before an account is made: commit, UNLOCK, or close it"],
                ) from error
            raise ClientError(
                f"the server {what}",
                where="netns_account(...)",
                tried=[str(error)],
                remedies=["mend the arguments", "an account is made once in a test: keep what netns_account returned"],
            ) from error

    def of_namespace(self, name: str, endpoint: Endpoint) -> Account:
        """Return the account of a namespace, such as 'red_user'@'192.0.2.2', made when first asked for.

        Its host is the origin that ``endpoint`` sees; it owns a schema, ``red_schema``.
        """
        user, schema = f"{name[: _LONGEST_USER - 5]}_user", f"{name[: _LONGEST_SCHEMA - 7]}_schema"
        account = Account(user, self._server.origin(name, endpoint), schema=schema)
        if account in self._made:
            return account
        return self.create(user, host=account.host, schema=schema)

    def is_confined(self, account: Account) -> bool:
        """Return True if an account was made here with nothing but a schema of its own."""
        return account in self._made and account.schema is not None and account not in self._granted

    def arrive(self, account: Account, server: Instance) -> None:
        """Return when an account made here is known on ``server``, which may be a copy of the one it was made on."""
        if account in self._made and (account, server) not in self._arrived:
            server.catch_up()
            self._arrived.add((account, server))

    @property
    def server(self) -> Instance:
        """The server on which the accounts are made."""
        return self._server.writable

    @property
    def dataset(self) -> object:
        """What the servers that have these accounts have in common."""
        return self._server.dataset

    @property
    def names(self) -> frozenset[AccountName]:
        """The users and hosts of the accounts made here."""
        return frozenset((account.user, account.host) for account in self._made)

    @property
    def schemas(self) -> frozenset[str]:
        """The schemas made here."""
        return frozenset(self._schemas)

    def end_connections(self, *, only_busy: bool = False) -> None:
        """End the connections of the accounts made here: their locks would hold up ``drop``.

        With ``only_busy`` those that wait for the next statement go on.
        """
        for server in {self.server, *(one for _, one in self._arrived)}:
            if self._made and server.is_running:
                administrator = server.administrator
                (clients,) = administrator.ask(LIST)
                users = {user for user, _ in self.names}
                meant = [row for row in clients if not only_busy or row[4] != b"Sleep"]
                found = [one for one in listed(meant, administrator.numbers) if one.user in users]
                if found:
                    (known,) = administrator.ask(f"SELECT User, Host FROM {server.dialect.account_table}")
                    accounts = [(decoded(user), decoded(host)) for user, host in known]
                    administrator.end_connections(
                        one.number for one in found if account_of(one.user, one.host, accounts) in self.names
                    )

    def drop(self) -> None:
        """Drop every account and schema made here.

        Raises what the server answers where it refuses, or where another connection holds a lock for a second.
        """
        if not self._made or not self.server.is_running:
            return
        dialect = self.server.dialect
        everywhere = any(account.host in _EVERY_HOST for account in self._made)
        self.server.administrator.run(
            dialect.limit(LOCK_WAIT),
            *(f"DROP SCHEMA IF EXISTS {identifier(schema)}" for schema in self._schemas),
            f"DROP USER IF EXISTS {', '.join(map(str, self._made))}",
            # The server goes on letting every host in until it reads the grant tables again.
            *(["FLUSH PRIVILEGES"] if everywhere else []),
            dialect.no_limit,
        )
        self._made.clear()
        self._schemas.clear()

    def tidy(self) -> None:
        """Undo the limit of a statement in the administrator's session, once the server has refused the statement."""
        self.server.administrator.run(self.server.dialect.no_limit)
