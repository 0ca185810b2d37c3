"""Which server an error is of, and which of its connections."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from types import FrameType
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.mysql.mysqld.attempts import attempt_that_raised

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.attempts import Attempt
    from pytest_netns_mysql.mysql.mysqld.instance import Instance
    from pytest_netns_mysql.report.explanations.context import Context

_INNER = ("_connection", "connection", "_session", "_protocol")
_HOSTS, _PORTS = ("host", "_host", "server_host"), ("port", "_port", "server_port")

_Found = tuple["Instance | None", "Attempt | None", "Attempt | None"]


def server_of(
    error: BaseException,
    message: str,
    frames: Sequence[FrameType],
    context: Context,
    target: tuple[str, int | None] | None = None,
) -> _Found:
    """Return the server that an error is of, the attempt that it ended, and the one that opened its connection.

    Args:
        error: The error.
        message: Its message. If nothing else tells the server, it is the one that the user in it connected to.
        frames: The frames of the driver in the error's traceback, the outermost first.
        context: The servers, the first of which is meant if nothing tells the server.
        target: The address and the port that a client program or a socket connected to, if they are known.
    """
    of_test = [(server, attempt) for server in context.servers for attempt in server._attempts.since(context.began)]
    if attempt := attempt_that_raised(error, [attempt for _, attempt in of_test]):
        return next(server for server, each in of_test if each is attempt), attempt, None
    every = [(server, attempt) for server in context.servers for attempt in server._attempts.since(0.0)]
    objects = list(_objects(frames))
    for server, attempt in reversed(every):
        if any(attempt.opened(each) for each in objects):
            return server, None, attempt
    owner = next((each for each in objects for server in context.servers if each is server), None)
    if owner is not None:
        return owner, None, None
    places = [(server, each.address, each.port) for server in context.servers for each in server.endpoints]
    addresses = {target, *_addresses(objects)}
    at_address = [server for server, *place in places if tuple(place) in addresses]
    of_user = [server for server, attempt in reversed(of_test) if f"'{attempt.user}'@" in message]
    return next(iter([*at_address, *of_user, *context.servers]), None), None, None


def connection_number(frames: Iterable[FrameType]) -> int | None:
    """Return the number of the connection that some frames of a driver work on, or None."""
    numbers = [number for frame in frames if (number := _number(frame.f_locals.get("self"))) is not None]
    return numbers[-1] if numbers else None


def _objects(frames: Iterable[FrameType]) -> Iterator[Any]:
    """Yield the objects whose methods some frames run, and what they name as their connection; the innermost last."""
    for frame in frames:
        owner = frame.f_locals.get("self")
        if owner is not None:
            yield owner
        for name in _INNER:
            with contextlib.suppress(Exception):  # a property of any object of a driver may raise
                yield getattr(owner, name)


def _addresses(objects: Iterable[Any]) -> Iterator[tuple[str, int]]:
    for each in objects:
        for host, port in zip(_HOSTS, _PORTS, strict=True):
            with contextlib.suppress(Exception):
                yield str(getattr(each, host)), int(getattr(each, port))


def _number(connection: Any) -> int | None:
    """Return the number of a driver's connection on its server, or None for any other object."""
    with contextlib.suppress(Exception):  # a property of any object of a driver may raise
        number = getattr(connection, "server_thread_id", None)  # PyMySQL, aiomysql
        number = number[0] if isinstance(number, tuple) and number else getattr(connection, "connection_id", None)
        return number if isinstance(number, int) else None
    return None
