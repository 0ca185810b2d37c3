"""Which account counted: the account that a server picked for a client, and the other accounts of the same user."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import mysql.connector

from pytest_netns_mysql.errors import NetnsError
from pytest_netns_mysql.mysql.access.explain import LoginExplainer, explain_login_from
from pytest_netns_mysql.mysql.access.explanation import LoginExplanation, Origin
from pytest_netns_mysql.mysql.dialects.hostrules import AccountName
from pytest_netns_mysql.mysql.dialects.quoting import literal
from pytest_netns_mysql.report.explanations.answers import ask

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.attempts import Attempt
    from pytest_netns_mysql.mysql.mysqld.instance import Instance
    from pytest_netns_mysql.report.explanations.context import Context
    from pytest_netns_mysql.report.explanations.drivererror import Failure

_CLIENT = re.compile(r"'((?:[^'\\]|''|\\.)*)'@'([^']*)'")


def quoted(account: AccountName) -> str:
    """Return an account as SQL writes it, such as ``'app'@'192.0.2.%'``."""
    user, host = account
    return f"{literal(user)}@{literal(host)}"


def fixture_of(server: Instance | None) -> str:
    """Return the name by which a test knows a server: that of its fixture."""
    if server is None:
        return "netns_mysqld"
    return "netns_mysqld" if server.name == "mysqld" else server.name


def is_mariadb(server: Instance | None) -> bool:
    """Return True if a server is known to be MariaDB."""
    return server is not None and server._spec.kind.flavor == "mariadb"


def named_client(text: str) -> AccountName | None:
    """Return the user and the host that an error's message names first, or None."""
    found = _CLIENT.search(text)
    return None if found is None else (found[1].replace("''", "'"), found[2])


def all_accounts(server: Instance | None) -> list[AccountName]:
    """Return the accounts of a server, roles included."""
    if server is None:
        return []
    return [(user, host) for user, host in ask(server, f"SELECT User, Host FROM {server._dialect.account_table}")]


def origin_of(server: Instance, attempt: Attempt) -> str:
    """Return the client's address that the server named or else saw in an attempt, or '' if no route is left."""
    if attempt.seen_from:
        return attempt.seen_from  # whatever changed in the network since
    try:
        return server.origin(attempt.namespace, attempt.endpoint)
    except (NetnsError, OSError):
        return ""


def client_of(failure: Failure, context: Context) -> AccountName | None:
    """Return the user and the address of the client whose statement or login failed, or None.

    A message that names no client is taken to be of the connection that the traceback shows, or else of the only user
    that the test connected as.
    """
    client = named_client(failure.message)
    if client is not None:
        return client
    if failure.session is not None:
        return failure.session.user, failure.session.host
    if failure.server is None:
        return None
    if failure.attempt is not None:
        return failure.attempt.user, origin_of(failure.server, failure.attempt)
    opened = [attempt for attempt in failure.server._attempts.since(context.began) if not attempt.error]
    clients = {(attempt.user, origin_of(failure.server, attempt)) for attempt in opened}
    return clients.pop() if len(clients) == 1 else None


def login_of(failure: Failure, client: AccountName | None) -> LoginExplanation | None:
    """Return which account the server picks for a client and why, or None if the server cannot be asked.

    Args:
        failure: The failure, whose endpoint and TLS count if it is of an attempt to connect.
        client: The user, and the client's address or host name.
    """
    server, attempt = failure.server, failure.attempt
    if server is None or client is None or not client[1]:
        return None
    endpoint = attempt.endpoint if attempt is not None and server._kinds_of(attempt.endpoint) else None
    uses_tls = None if attempt is None else attempt.uses_tls
    try:
        return explain_login_from(server, client[0], Origin(client[1]), endpoint, uses_tls=uses_tls)
    except (mysql.connector.Error, NetnsError, OSError):
        return None


def explainer_of(server: Instance) -> LoginExplainer | None:
    """Return what explains several logins by one reading of a server's accounts, or None if it cannot be asked."""
    try:
        return LoginExplainer(server)
    except (mysql.connector.Error, NetnsError, OSError):
        return None


def account_in_force(failure: Failure, context: Context) -> AccountName | None:
    """Return the account whose privileges counted for a statement, or None if it cannot be told.

    Some messages name the account itself, others name the account's user and the client's address.
    """
    client = client_of(failure, context)
    if client is None or client in all_accounts(failure.server):
        return client
    login = login_of(failure, client)
    return None if login is None else picked_account(login)


def picked_account(login: LoginExplanation) -> AccountName | None:
    """Return the account that a server picks for a login, or None; of a proxy user the account that it acts as."""
    if login.account is None:
        return None
    for each in login.candidates:
        if each.account == login.account:
            return each.user, each.host
    found = named_client(login.account)
    return None if found is None else (found[0].replace("\\\\", "\\"), found[1].replace("\\\\", "\\"))


def picked_for(account: AccountName, failure: Failure, context: Context) -> str:
    """Return the clause that tells for which client the server picked an account, or '' if that is plain."""
    client = seen_client(failure)
    if client is None or client[1] in ("", account[1]):
        return ""
    return f"for {client[0]} from {context.with_namespace(client[1])} the server picked {quoted(account)}"


def seen_client(failure: Failure) -> AccountName | None:
    """Return the user and the address of the client as the server sees them, or None."""
    if failure.session is not None:
        return failure.session.user, failure.session.host
    if failure.attempt is not None and failure.server is not None:
        return failure.attempt.user, origin_of(failure.server, failure.attempt)
    return named_client(failure.message)
