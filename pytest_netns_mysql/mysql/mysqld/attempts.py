"""The attempts to connect to a server, for the reports of failing tests."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from pytest_netns_mysql.endpoint import Endpoint

_KEPT = 200


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
    at: float = field(default_factory=time.time)
    uses_tls: bool | None = None
    connection: int | None = None
    error: str = ""
    errno: int | None = None

    def is_of(self, error: BaseException) -> bool:
        """Return True if this attempt ended with an error."""
        return bool(self.error) and self.error == str(error)


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
            attempt.error = str(error)
            number = getattr(error, "errno", None)
            if number is None and error.args and isinstance(error.args[0], int):
                number = error.args[0]  # PyMySQL
            attempt.errno = number if isinstance(number, int) else None
            raise

    def since(self, moment: float) -> list[Attempt]:
        """Return the attempts that began at or after a moment, in seconds since the epoch."""
        return [attempt for attempt in list(self._attempts) if attempt.at >= moment]  # a thread may add some
