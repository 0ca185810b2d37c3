"""The attempts to connect to a server, for the reports of failing tests."""

from __future__ import annotations

import contextlib
import re
import weakref
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from pytest_netns_mysql import clock
from pytest_netns_mysql.endpoint import Endpoint

_KEPT = 200
# Where a server refuses a schema, it names the account and not the client.
_CLIENT = re.compile(r"(?:Access denied for user '.*?'@|\bHost )'([0-9a-fA-F:.]+)'(?! to database)")

_Referred = TypeVar("_Referred")


def _reference(referred: _Referred) -> weakref.ref[_Referred] | None:
    """Return a weak reference, or None to what allows none, such as Python's own exceptions."""
    try:
        return weakref.ref(referred)
    except TypeError:
        return None


@dataclass
class Attempt:
    """One attempt to connect to a server.

    Attributes:
        namespace: The namespace in which the socket was created.
        endpoint: The endpoint that the client connected to.
        user: The user name that the client gave.
        driver: The name of the driver, such as ``pymysql``.
        at: When it began, in seconds since the epoch.
        uses_tls: Whether the connection used TLS, or None if that is not known.
        connection: The number of the connection on its server, or None.
        error: The text of the driver's error, or '' for a connection that was opened.
        errno: The number of the error, or None.
    """

    namespace: str
    endpoint: Endpoint
    user: str
    driver: str
    at: float = field(default_factory=clock.now)
    uses_tls: bool | None = None
    connection: int | None = None
    error: str = ""
    errno: int | None = None

    _exception: weakref.ref[BaseException] | None = field(default=None, repr=False, compare=False)
    _opened: weakref.ref[object] | None = field(default=None, repr=False, compare=False)

    def note_connection(self, connection: object, number: int | None) -> None:
        """Keep the connection that was opened, as long as others keep it, and its number on its server."""
        self.connection, self._opened = number, _reference(connection)

    def note_error(self, error: BaseException) -> None:
        """Keep the text and the number of the error that ended this attempt; the error itself while others keep it."""
        self.error, self._exception = str(error), _reference(error)
        number = getattr(error, "errno", None)
        if number is None and error.args and isinstance(error.args[0], int):
            number = error.args[0]  # PyMySQL
        self.errno = number if isinstance(number, int) else None

    def opened(self, connection: object) -> bool:
        """Return True if this attempt opened a connection; a weak proxy of the connection will do."""
        own = None if self._opened is None else self._opened()
        if own is None or connection is own:
            return own is not None
        with contextlib.suppress(Exception):  # an attribute of any object, of a proxy that refers to nothing
            return getattr(connection.close, "__self__", None) is own  # type: ignore[attr-defined]
        return False

    @property
    def seen_from(self) -> str:
        """The client's address that the server named when it refused this attempt, or ''."""
        found = _CLIENT.search(self.error)
        return "" if found is None else found[1]

    def raised(self, error: BaseException) -> bool:
        """Return True if this attempt ended with this very exception; False, too, if that is not known."""
        return self._exception is not None and self._exception() is error


def attempt_that_raised(error: BaseException, attempts: Iterable[Attempt]) -> Attempt | None:
    """Return the attempt that ended with an exception, or None.

    If no attempt is known to have ended with this very exception, the last one whose error has the same text is meant.
    """
    latest = list(attempts)[::-1]
    same_text = (each for each in latest if each.error and each.error == str(error))
    return next((each for each in latest if each.raised(error)), None) or next(same_text, None)


class Attempts:
    """The last attempts to connect to one server, the oldest first."""

    def __init__(self) -> None:
        """Begin without attempts."""
        self._attempts: deque[Attempt] = deque(maxlen=_KEPT)

    @contextlib.contextmanager
    def noting(self, attempt: Attempt) -> Iterator[None]:
        """Keep an attempt that is made in the block, and the error that ends the block."""
        self._attempts.append(attempt)
        try:
            yield
        except Exception as error:
            attempt.note_error(error)
            raise

    def since(self, moment: float) -> list[Attempt]:
        """Return the attempts that began at or after a moment, in seconds since the epoch."""
        return [attempt for attempt in list(self._attempts) if attempt.at >= moment]  # a thread may add some
