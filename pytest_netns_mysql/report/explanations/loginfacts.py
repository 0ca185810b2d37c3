"""What is known of a login that a server refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_netns_mysql.report.explanations.context import Context
from pytest_netns_mysql.report.explanations.drivererror import Failure
from pytest_netns_mysql.report.explanations.loginaccounts import client_of, login_of, origin_of, quoted

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.access.explanation import Candidate, LoginExplanation
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

_NOTHING_GIVEN = "using password: NO"


class Login:
    """A login that was refused: the user, the origin, the account that the server picked.

    Attributes:
        failure: The failure.
        user: The user.
        address: The client's address, or its host name.
        explanation: What the server does with such a login, or None if it cannot be asked.
        account: The account whose credentials count, or None.
        context: What may be looked at.
        server: The server, or None if it is not known.
    """

    def __init__(self, failure: Failure, context: Context) -> None:
        """Find out what the server does with such a login."""
        self.failure = failure
        user, host = client_of(failure, context) or ("", "")
        if failure.attempt is not None and failure.server is not None:
            user = failure.attempt.user
            host = origin_of(failure.server, failure.attempt) or host
        self.user: str = user
        self.address: str = host
        self.context: Context = context
        self.server: Instance | None = failure.server
        self.explanation: LoginExplanation | None = login_of(failure, (user, host))
        candidates = self.explanation.candidates if self.explanation else ()
        self.of_user: list[Candidate] = [each for each in candidates if each.user == user]
        matching = ((each.user, each.host) for each in candidates if each.matches)
        self.account: tuple[str, str] | None = next(matching, None)
        self.later: list[str] = [each.account for each in self.of_user if each.matches and each.account != self.picked]

    @property
    def origin(self) -> str:
        """The client's address with its namespace."""
        return self.context.with_namespace(self.address)

    @property
    def who(self) -> str:
        """The user and where it comes from."""
        return f"{self.user} from {self.origin}"

    @property
    def picked(self) -> str:
        """The account as SQL writes it."""
        return quoted(self.account) if self.account else "no account"

    @property
    def gave_password(self) -> bool:
        """True if the server got a password."""
        return _NOTHING_GIVEN not in self.failure.message

    @property
    def may_have_wrong_password(self) -> bool:
        """False if the account has no password and the client gave none."""
        return self.gave_password or self.explanation is None or self.explanation.has_password is not False

    @property
    def picked_it(self) -> tuple[str, ...]:
        """The sentence that tells for whom the server picked the account; only of a user with several accounts."""
        return (f"the server picked it for {self.who}",) if len(self.of_user) > 1 else ()
