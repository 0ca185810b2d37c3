"""The accounts and schemas of one test, which are dropped when the test ends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import mysql.connector

from pytest_netns_mysql.endpoint import Endpoint
from pytest_netns_mysql.errors import ClientError
from pytest_netns_mysql.mysql.clients import clientarguments
from pytest_netns_mysql.mysql.clients.account import Account
from pytest_netns_mysql.mysql.dialects.hostrules import AccountName, account_of
from pytest_netns_mysql.mysql.dialects.quoting import RawRow, decoded, identifier, literal
from pytest_netns_mysql.mysql.mysqld.instance import Instance
from pytest_netns_mysql.mysql.mysqld.lockholders import LOCK_TIMEOUTS, LOCK_WAIT, lock_holders
from pytest_netns_mysql.mysql.mysqld.processlist import LIST, listed
from pytest_netns_mysql.mysql.mysqld.spare import SpareAccount

_LONGEST_USER = 32
_LONGEST_HOST = 255
_LONGEST_SCHEMA = 64
_FIXTURE = "netns_account"
_LOCK_TIMEOUT = 5  # seconds to wait for a lock of another connection
_EVERY_HOST = ("%", "")


@dataclass(frozen=True)
class _Step:
    """A statement, the task that it does, for errors, and what to do once the server has done it."""

    task: str
    statement: str
    note: Callable[[], None] = lambda: None


class Accounts:
    """The accounts and schemas that a test creates on a server, or on the source of a server that is a replica.

    Threads that create accounts at the same time take turns.
    """

    def __init__(self, server: Instance) -> None:
        """Remember the server; nothing is created yet."""
        self._server = server
        self._turn = threading.RLock()
        self._accounts: list[Account] = []
        self._schemas: set[str] = set()
        self._with_grants: set[Account] = set()
        self._known: set[tuple[Account, Instance]] = set()
        self._checksums: dict[Account, bytes] = {}  # of the table of accounts, by accounts that may be kept

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
        """Create an account.

        Args:
            user: The user name.
            host: The host pattern, as in CREATE USER.
            password: The password.
            grants: One or several clauses as between GRANT and TO, such as ``SELECT ON shop.*``.
            schema: A schema that is created for the account, with all privileges on it.
            require: A clause as after REQUIRE, such as ``X509``.

        Raises:
            ClientError: An argument is wrong, or the server refuses a statement.
        """
        dialect = self._server._dialect
        account = Account(
            clientarguments.checked_name(user, "user", longest=dialect.longest_user),
            clientarguments.checked_name(host, "host", longest=_LONGEST_HOST),
            clientarguments.checked_text(password, "password", fixture=_FIXTURE),
            schema if schema is None else clientarguments.checked_name(schema, "schema", longest=_LONGEST_SCHEMA),
            clientarguments.checked_requirement(require),
        )
        clauses = clientarguments.checked_grants(grants)
        self._server._raise_if_unwritable()
        self._server._administrator.drop_spare()
        with self._turn:
            self._create(account, clauses)
        return account

    def _create(self, account: Account, clauses: Sequence[str]) -> None:
        dialect, schema = self._server._dialect, account.schema
        requirement = f" REQUIRE {account.require}" if account.require else ""
        statement = f"CREATE USER {account} IDENTIFIED BY {literal(account.password)}{requirement}"
        steps = [_Step(f"creating the account {account}", statement, lambda: self._accounts.append(account))]
        # With partial_revokes = ON a schema's name in GRANT is no pattern, so its _ must not be escaped.
        questions = dialect.grants_by_pattern if schema is not None else ()
        if schema is not None and schema not in self._schemas:
            statement = f"CREATE SCHEMA {identifier(schema)}"
            steps.append(_Step(f"creating the schema {schema!r}", statement, partial(self._schemas.add, schema)))
        answers = self._run([*steps, *(_Step("asking how schemas are granted", question) for question in questions)])
        by_pattern = (b"0",) not in answers
        if clauses:
            self._with_grants.add(account)
        steps = [_Step(f"granting {clause!r}", f"GRANT {clause} TO {account}") for clause in clauses]
        if schema is not None:
            name = identifier(schema, pattern=by_pattern)
            steps.insert(0, _Step(f"granting all on {schema!r}", f"GRANT ALL ON {name}.* TO {account}"))
        can_be_kept = schema is not None and not (clauses or account.password or account.require) and dialect.questions
        if can_be_kept:
            steps.append(_Step("reading the accounts", f"CHECKSUM TABLE {dialect.account_table}"))
        answers = self._run(steps) if steps else []
        if can_be_kept:
            self._checksums[account] = answers[-1][1] or b""

    def _run(self, steps: Sequence[_Step]) -> list[RawRow]:
        """Run statements in one round trip, and return their rows.

        Raises ClientError, which names the task of a statement, if the server refuses that statement.
        """
        dialect, answers = self.server._dialect, list[RawRow]()
        statements = dialect.limited(_LOCK_TIMEOUT, *(step.statement for step in steps))
        step, *later = steps
        try:
            for number, rows in enumerate(self.server._administrator.run_each(*statements)):
                answers += rows
                if 0 < number <= len(steps):  # the first and the last statement limit the wait
                    step.note()
                    step = later.pop(0) if later else step
        except mysql.connector.Error as error:
            task = step.task
            self.restore_lock_timeout()
            if error.errno in LOCK_TIMEOUTS:
                raise ClientError(
                    f"{task} took too long: the server waited {_LOCK_TIMEOUT} seconds for a lock",
                    where="netns_account(...)",
                    tried=[*map(str, lock_holders(self.server, self._schemas)), str(error)],
                    remedies=["commit, unlock or close that connection before you create an account"],
                ) from error
            raise ClientError(
                f"{task} failed: the server refused the statement",
                where="netns_account(...)",
                tried=[str(error)],
                remedies=["correct the arguments", "create each account once: keep what netns_account returned"],
            ) from error
        return answers

    def of_namespace(self, name: str, endpoint: Endpoint) -> Account:
        """Return the account of a namespace, such as 'red_user'@'192.0.2.2', which the first call creates.

        The account owns a schema, such as ``red_schema``.

        Args:
            name: The namespace's name.
            endpoint: The endpoint that clients connect to. The account's host is the origin that the server sees there.
        """
        user, schema = f"{name[: _LONGEST_USER - 5]}_user", f"{name[: _LONGEST_SCHEMA - 7]}_schema"
        account = Account(user, self._server.origin(name, endpoint), schema=schema)
        with self._turn:
            if account in self._accounts:
                return account
            spare = self._server._administrator.take_spare(str(account), schema)
            if spare is None:
                return self.create(user, host=account.host, schema=schema)
            self._accounts.append(account)
            self._schemas.add(schema)
            self._checksums[account] = spare.checksum
            return account

    def is_confined(self, account: Account) -> bool:
        """Return True if the account was created here with privileges on its own schema only."""
        return account in self._accounts and account.schema is not None and account not in self._with_grants

    @property
    def are_confined(self) -> bool:
        """True if all accounts were created here with privileges on their own schemas only."""
        return all(map(self.is_confined, self._accounts))

    def wait_until_known(self, account: Account, server: Instance) -> None:
        """Wait until a server knows an account that was created here.

        Args:
            account: The account; nothing is done for an account that was not created here.
            server: The server, which may be a replica of the server that the account was created on.
        """
        if account in self._accounts and (account, server) not in self._known:
            server.catch_up()
            self._known.add((account, server))

    @property
    def server(self) -> Instance:
        """The server on which the accounts are created."""
        return self._server.writable

    @property
    def dataset(self) -> object:
        """What the servers that have these accounts have in common."""
        return self._server._dataset

    @property
    def created(self) -> tuple[Account, ...]:
        """The accounts that were created here, and are not dropped yet."""
        return tuple(self._accounts)

    @property
    def names(self) -> frozenset[AccountName]:
        """The users and hosts of the accounts that were created here."""
        return frozenset((account.user, account.host) for account in self._accounts)

    @property
    def schemas(self) -> frozenset[str]:
        """The schemas that were created here."""
        return frozenset(self._schemas)

    def end_connections(self, *, only_busy: bool = False) -> None:
        """End the connections of the accounts that were created here, since their locks would block ``drop``.

        Args:
            only_busy: True to spare connections that wait for their next statement.
        """
        for server in {self.server, *(server for _, server in self._known)}:
            if self._accounts and server.is_running:
                self._end_connections_of(server, only_busy=only_busy)

    def _end_connections_of(self, server: Instance, *, only_busy: bool) -> None:
        administrator = server._administrator
        (rows,) = administrator.ask(LIST)
        users = {user for user, _ in self.names}
        wanted = [row for row in rows if not only_busy or row[4] != b"Sleep"]
        connections = [each for each in listed(wanted, administrator.numbers) if each.user in users]
        if not connections:
            return
        (rows,) = administrator.ask(f"SELECT User, Host FROM {server._dialect.account_table}")
        accounts = [(decoded(user), decoded(host)) for user, host in rows]
        rules = server._dialect.host_rules
        administrator.end_connections(
            each.number for each in connections if account_of(each.user, each.host, accounts, rules) in self.names
        )

    def drop(self) -> None:
        """Drop all accounts and schemas that were created here.

        Raises the server's error if the server refuses, or if another connection holds a lock for a second.
        """
        if not self._accounts or not self.server.is_running:
            return
        let_in_every_host = any(account.host in _EVERY_HOST for account in self._accounts)
        statements = [
            *(f"DROP SCHEMA IF EXISTS {identifier(schema)}" for schema in self._schemas),
            f"DROP USER IF EXISTS {', '.join(map(str, self._accounts))}",
            # After such an account the server skips its check of hosts until it reads the grant tables again.
            *(["FLUSH PRIVILEGES"] if let_in_every_host else []),
        ]
        self.server._administrator.run(*self.server._dialect.limited(LOCK_WAIT, *statements))
        self._accounts.clear()
        self._schemas.clear()

    def to_keep(self, checksum: bytes | None) -> SpareAccount | None:
        """Return the account that was created here if there is only one, and it is as new.

        Args:
            checksum: The checksum of the table of accounts.
        """
        if len(self._accounts) != 1 or checksum is None or self._checksums.get(self._accounts[0]) != checksum:
            return None
        (account,) = self._accounts
        return SpareAccount(str(account), account.schema or "", checksum)

    def keep(self, spare: SpareAccount) -> None:
        """Make the schema as new, and keep the account for the next test, instead of dropping both.

        Raises the server's error if the server refuses, or if another connection holds a lock for a second.
        """
        administrator = self.server._administrator
        administrator.run(*self.server._dialect.limited(LOCK_WAIT, *spare.renewing))
        administrator.spare = spare
        self._accounts.clear()
        self._schemas.clear()

    def restore_lock_timeout(self) -> None:
        """Set the lock timeouts of the administrator's session back, after the server refused a statement."""
        self.server._administrator.run(self.server._dialect.no_limit)
