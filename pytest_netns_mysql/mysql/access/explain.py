"""The explanation of a login, for a namespace or for an origin."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from pytest_netns_mysql.endpoint import GLOBAL, Endpoint
from pytest_netns_mysql.errors import ClientError, EndpointError, in_short
from pytest_netns_mysql.mysql.access import accountchecks, origins, refusals
from pytest_netns_mysql.mysql.access.explanation import LoginExplanation, Origin
from pytest_netns_mysql.mysql.access.hiddenaccounts import HiddenAccounts
from pytest_netns_mysql.mysql.access.matching import candidates
from pytest_netns_mysql.mysql.access.proxyusers import proxied_account
from pytest_netns_mysql.mysql.access.reading import read_state
from pytest_netns_mysql.mysql.access.refusals import Login, Refusal

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.access.loginstate import LoginState, ServerAccount
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

SOCKET_FILE = "the socket file"
_UNREACHABLE = 2003  # CR_CONN_HOST_ERROR


@dataclass(frozen=True)
class _Place:
    """Where a client connects, and where it comes from."""

    endpoint: Endpoint
    origin: Origin


class LoginExplainer:
    """Explains logins to one server, by the server's state as of one moment."""

    def __init__(self, server: Instance, state: LoginState | None = None) -> None:
        """Read the state of the server as its administrator, unless it is given."""
        self._server = server
        self.state: LoginState = read_state(server) if state is None else state
        self._hidden = HiddenAccounts(server)
        self._place = cache(self._find_place)

    def from_namespace(
        self, user: str, namespace: str, endpoint: Endpoint | None = None, *, uses_tls: bool | None = None
    ) -> LoginExplanation:
        """Explain a login from a namespace.

        Args:
            user: The user name.
            namespace: The client's namespace.
            endpoint: Where the client connects, by default the nearest endpoint.
            uses_tls: Whether the client uses TLS, or None for a client that does whatever is required.

        Raises:
            UnknownNamespaceError: There is no such namespace.
        """
        _ = self._server.network[namespace]
        place = self._place(namespace, endpoint)
        if not isinstance(place, _Place):
            return _unreachable(user, namespace, endpoint, place)
        login = Login(user, place.origin, self.state, self._kind(place.endpoint), uses_tls)
        return replace(self.explain(login, str(place.endpoint)), namespace=namespace)

    def _find_place(self, namespace: str, endpoint: Endpoint | None) -> _Place | ClientError | EndpointError:
        """Return where clients of a namespace connect, or the error if they cannot; that may take seconds."""
        server = self._server
        try:
            place = server.endpoint_for(namespace) if endpoint is None else endpoint
            address = server.origin(namespace, place)
        except (ClientError, EndpointError) as error:
            return error
        return _Place(place, origins.completed(server, Origin(address), self.state))

    def _kind(self, endpoint: Endpoint | None) -> str:
        kinds = [] if endpoint is None else self._server._kinds_of(endpoint)
        return "admin" if kinds == ["admin"] else "mysql"

    def from_origin(
        self, user: str, origin: Origin, endpoint: Endpoint | None = None, *, uses_tls: bool | None = None
    ) -> LoginExplanation:
        """Explain a login from an origin; the arguments are those of ``explain_login_from``."""
        seen = origins.completed(self._server, origin, self.state)
        login = Login(user, seen, self.state, self._kind(endpoint), uses_tls)
        if endpoint is not None:
            return self.explain(login, str(endpoint))
        return self.explain(login, SOCKET_FILE if login.is_local else "any endpoint")

    def explain(self, login: Login, endpoint: str) -> LoginExplanation:
        """Explain a login whose origin is known.

        Args:
            login: The login.
            endpoint: The endpoint, for the explanation.
        """
        refusal = refusals.before_account(login)
        picked = login.picked if refusal is None else None
        if refusal is None:
            refusal = refusals.without_account(login) if picked is None else accountchecks.of_account(login, picked)
        found = LoginExplanation(
            user=login.user,
            origin=login.origin,
            namespace=None,
            endpoint=endpoint,
            account=None,
            allowed=refusal is None,
            error=None if refusal is None else refusal.error,
            reason="" if refusal is None else refusal.reason,
            requires=(),
            remedies=() if refusal is None else refusal.remedies,
            candidates=candidates(login.user, login.origin, self.state),
            summary="" if refusal is None else refusal.summary,
        )
        return found if picked is None else self._with_account(found, login, picked, refusal)

    def _with_account(
        self, found: LoginExplanation, login: Login, picked: ServerAccount, refusal: Refusal | None
    ) -> LoginExplanation:
        proxied = proxied_account(login, picked)
        account = picked if proxied is None else proxied
        why = next(candidate.reason for candidate in found.candidates if candidate.matches)
        if proxied is not None:
            why += f", and {picked} is a proxy user of {proxied}"
        return replace(
            found,
            account=str(account),
            reason=why if refusal is None else refusal.reason,
            requires=_requirements(login, picked),
            authenticated_as=str(picked),
            has_password=picked.has_password,
            requires_tls=tuple(picked.tls),
            limits=_limits(login, picked),
            hidden=self._hidden.behind(login, picked, is_refused=refusal is not None) if proxied is None else (),
        )


def explain_login(
    server: Instance, user: str, namespace: str = GLOBAL, endpoint: Endpoint | str | None = None
) -> LoginExplanation:
    """Explain whether a user may log in from a namespace, as ``MySQLServer.explain_login`` does."""
    _check_user(user)
    _ = server.network[namespace]
    return LoginExplainer(server).from_namespace(user, namespace, _known_endpoint(server, endpoint))


def explain_login_from(
    server: Instance,
    user: str,
    origin: Origin,
    endpoint: Endpoint | None = None,
    *,
    uses_tls: bool | None = None,
) -> LoginExplanation:
    """Explain whether a user may log in from an origin. Nothing is sent by clients: the administrator reads the rules.

    Args:
        server: The server, which may refuse every client.
        user: The user name.
        origin: The client's address, or its host as an error of the server names it. ``localhost`` is the socket file:
            write 127.0.0.1 for a client of that address.
        endpoint: Where the client connects, if that is known.
        uses_tls: Whether the client uses TLS, or None for a client that does whatever the server requires.

    Raises:
        ServerGoneError: mysqld does not run. The server's own errors are raised, too.
    """
    return LoginExplainer(server).from_origin(user, origin, endpoint, uses_tls=uses_tls)


def _check_user(user: object) -> None:
    if not isinstance(user, str):
        raise ClientError(
            f"user must be a user name, got {in_short(user)}",
            where="explain_login(...)",
            remedies=["write the name that the client gives, such as 'app'; '' is an anonymous user"],
        )


def _known_endpoint(server: Instance, endpoint: Endpoint | str | None) -> Endpoint | None:
    """Return an endpoint of the server, or one that leads to it; raise EndpointError for any other."""
    if endpoint is None:
        return None
    if isinstance(endpoint, str):
        same = [known for known in server.endpoints if "/" in endpoint and str(known) == endpoint]
        return same[0] if same else server.endpoint(endpoint)
    if not isinstance(endpoint, Endpoint):
        raise ClientError(
            f"endpoint must be an endpoint or the name of a namespace, got {in_short(endpoint)}",
            where="explain_login(endpoint=...)",
            remedies=["pass netns_mysqld.endpoint('red'), or write 'red'"],
        )
    forwards = [(str(forward.address), forward.port) for forward in server.network.topology.plan.port_forwards]
    is_published = (endpoint.address, endpoint.port) in forwards
    if is_published or server._kinds_of(endpoint) or any(known.is_wildcard for known in server.endpoints):
        return endpoint
    raise EndpointError(
        f"the server does not listen on {endpoint}, port {endpoint.port}",
        where="explain_login(endpoint=...)",
        tried=[f"it listens on {', '.join(map(str, server.endpoints)) or 'no endpoint'}"],
        remedies=["pass what netns_mysqld.endpoint('red') returns, or the name of a namespace"],
    )


def _unreachable(
    user: str, namespace: str, endpoint: Endpoint | None, error: ClientError | EndpointError
) -> LoginExplanation:
    return LoginExplanation(
        user=user,
        origin=Origin(""),
        namespace=namespace,
        endpoint="the server" if endpoint is None else str(endpoint),
        account=None,
        allowed=False,
        error=_UNREACHABLE,
        reason=": ".join([error.what, *error.tried[:1]]),
        requires=(),
        remedies=error.remedies,
        candidates=(),
        summary="cannot reach the server",
    )


def _requirements(login: Login, account: ServerAccount) -> tuple[str, ...]:
    """Return what the client must bring beside its credentials."""
    found = list(account.tls)
    if not found and not login.is_local and login.state.is_on("require_secure_transport"):
        found.append("TLS")
    ordinary = {"caching_sha2_password", "mysql_native_password", "sha256_password"}
    if not ordinary.intersection(account.plugins):
        found.append(f"the plugin {' or '.join(account.plugins)}")
    if account.is_expired and not login.state.is_on("disconnect_on_expired_password"):
        found.append("a new password first")
    return tuple(found)


def _limits(login: Login, account: ServerAccount) -> tuple[str, ...]:
    most, _ = login.state.connection_limit(account)
    return (*((f"at most {most} connections at a time",) if most > 0 else ()), *account.limits)
