"""The interface of a server's insides: how the administrator gets in, and what is known without asking the server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from pytest_netns_mysql.errors import ServerGoneError
    from pytest_netns_mysql.mysql.mysqld.connectionnames import ConnectionNames
    from pytest_netns_mysql.mysql.mysqld.errorlog import ErrorLog


class ServerAccess(Protocol):
    """This plugin's access to one server, whether this plugin or somebody else runs the server.

    A Process, which this plugin starts and ends, has more.

    Attributes:
        folder: A folder of this plugin's own for the server's private files.
        socket: The path of the administrator's private socket.
        home: The namespace that the administrator connects from, to be entered.
        command: The server's command line, empty where it is not known.
        clients: Who opened which connection.
        administration: The driver's options for connecting as the administrator.
        default_network_namespace: The namespace that the server must name to connect from its own namespace, or ''.
        pid: The pid of the running server, or None.
        exit_code: The exit code of a server that has ended, or None.
        state: The server's state for reports, such as ``pid 4711``.
        crash: The crash in the error log since the last start, as one line, or ''.
        error_log: The error log, as written so far.
    """

    folder: Path
    home: AbstractContextManager[Any]
    command: list[str]
    clients: ConnectionNames

    @property
    def socket(self) -> Path: ...  # noqa: D102 - see Attributes
    @property
    def administration(self) -> Mapping[str, Any]: ...  # noqa: D102
    @property
    def default_network_namespace(self) -> str: ...  # noqa: D102
    @property
    def pid(self) -> int | None: ...  # noqa: D102
    @property
    def exit_code(self) -> int | None: ...  # noqa: D102
    @property
    def state(self) -> str: ...  # noqa: D102
    @property
    def crash(self) -> str: ...  # noqa: D102
    @property
    def error_log(self) -> ErrorLog: ...  # noqa: D102

    def is_running(self) -> bool:
        """Return True if the server runs, as far as this process knows."""
        ...

    def check_running(self) -> None:
        """Raise ServerGoneError if the server does not run."""
        ...

    def may_answer(self) -> bool:
        """Return True if an attempt to connect is worthwhile; the calling thread is in ``home``."""
        ...

    def raise_if_server_died(self) -> AbstractContextManager[None]:
        """Return a block that raises ServerGoneError, in place of a driver's error, if the server ends in it."""
        ...

    def silent_error(self, what: str) -> ServerGoneError:
        """Return the error for a running server that has left ``what`` unanswered."""
        ...

    def make_folder(self) -> None:
        """Make ``folder``; the calling thread must be able to enter the sandbox's namespaces."""
        ...

    def wait(self, answers: Callable[[], bool], *, timeout: float) -> None:
        """Return when ``answers`` returns True; raise ServerStartError after ``timeout`` seconds."""
        ...

    def remove(self) -> None:
        """Remove ``folder``."""
        ...
