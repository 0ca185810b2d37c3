"""The matrix of logins: who may log in from where, for each user and each namespace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.errors import ClientError, in_short
from pytest_netns_mysql.mysql.access.columns import Column, columns_of
from pytest_netns_mysql.mysql.access.explain import LoginExplainer
from pytest_netns_mysql.mysql.access.explanation import LoginExplanation

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.access.loginstate import LoginState, ServerAccount
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

_OF_SERVER = ("mysql.", "mariadb.")
_ADMINISTRATOR = ("root", "localhost")
_ROLE_FOR_ALL = "PUBLIC"


class AccessMatrix(Mapping[tuple[str, str], LoginExplanation]):
    """Who may log in from where: an explanation for each user and namespace, such as ``matrix["app", "red"]``.

    Where a namespace reaches the server by IPv6 and IPv4, it has two columns: ``matrix["app", "red IPv4"]``. The name
    of the namespace alone then means the column of its nearest endpoint.

    Attributes:
        users: The users, in the order of the rows.
        columns: The columns.
    """

    def __init__(
        self, users: Sequence[str], columns: Sequence[Column], cells: Mapping[tuple[str, str], LoginExplanation]
    ) -> None:
        """Take the cells by user and label of the column."""
        self.users: tuple[str, ...] = tuple(users)
        self.columns: tuple[Column, ...] = tuple(columns)
        self._cells = cells

    def __getitem__(self, place: tuple[str, str]) -> LoginExplanation:
        user, name = place
        labels = [column.label for column in self.columns if name in (column.label, column.namespace)]
        if user not in self.users or not labels:
            raise KeyError(place)
        return self._cells[user, labels[0]]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._cells)

    def __len__(self) -> int:
        return len(self._cells)

    def as_text(self) -> str:
        """Return the matrix as an aligned table, with notes below it."""
        from pytest_netns_mysql.mysql.access.matrixtables import as_text

        return as_text(self.users, self.columns, self._cells)

    def as_markdown(self) -> str:
        """Return the matrix as a Markdown table, with notes below it."""
        from pytest_netns_mysql.mysql.access.matrixtables import as_markdown

        return as_markdown(self.users, self.columns, self._cells)

    def as_dict(self) -> dict[str, Any]:
        """Return the matrix as plain data, as json.dumps() takes it: users by name, with explanations by column."""
        from pytest_netns_mysql.mysql.access.matrixtables import as_dict

        return as_dict(self.users, self.columns, self._cells)


def access_matrix(server: Instance, users: Sequence[str] | None = None) -> AccessMatrix:
    """Return who may log in from where, as ``MySQLServer.access_matrix`` does."""
    explainer = LoginExplainer(server)
    rows = default_users(explainer.state) if users is None else _checked(users)
    columns: list[Column] = []
    cells: dict[tuple[str, str], LoginExplanation] = {}
    for column in columns_of(server):
        for number, user in enumerate(rows or [""]):
            found = explainer.from_namespace(user, column.namespace, column.endpoint)
            if number == 0:
                columns.append(replace(column, origin=found.origin))
            if rows:
                cells[user, column.label] = found
    by_user = {(user, column.label): cells[user, column.label] for user in rows for column in columns}
    return AccessMatrix(rows, columns, by_user)


def default_users(state: LoginState) -> list[str]:
    """Return the users of a server, in alphabetical order, without roles and without the server's own accounts."""
    return sorted({account.user for account in state.accounts if not account.is_role and not _is_internal(account)})


def _is_internal(account: ServerAccount) -> bool:
    is_of_server = account.user.startswith(_OF_SERVER) and account.host == "localhost"
    return is_of_server or account.name == _ADMINISTRATOR or account.user == _ROLE_FOR_ALL


def _checked(users: Any) -> list[str]:
    several = list(users) if isinstance(users, Iterable) and not isinstance(users, str) else [users]
    for user in several:
        if not isinstance(user, str):
            raise ClientError(
                f"users must be user names, got {in_short(user)}",
                where="access_matrix(users=...)",
                remedies=["write names, such as ['app', 'report']"],
            )
    return list(dict.fromkeys(several))
