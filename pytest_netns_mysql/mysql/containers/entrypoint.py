"""A data directory made by the entrypoint of an image, with its variables and scripts."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import mysql.connector

from pytest_netns_mysql.errors import ContainerError, ServerStartError
from pytest_netns_mysql.mysql.dialects.options import OptionValue, arguments, merge
from pytest_netns_mysql.mysql.fetch.progress import Progress
from pytest_netns_mysql.mysql.waiting import wait_until

if TYPE_CHECKING:
    from docker.models.containers import Container

    from pytest_netns_mysql.mysql.containers.image import Image

_INITDB = "/docker-entrypoint-initdb.d"
_DATADIR = "/var/lib/mysql"
_PAUSE = 0.05  # seconds
_LAST_LINES = 20


def initialize(
    image: Image,
    options: Mapping[str, OptionValue],
    folder: Path,
    progress: Callable[[str], None],
    timeout: float = 120.0,
) -> None:
    """Make a data directory with the entrypoint of an image.

    See "Environment Variables" in the image's documentation.

    Args:
        image: The image, with the variables and scripts for its entrypoint.
        options: mysqld's options.
        folder: The data directory, which must not exist.
        progress: Takes a line of text, once a second.
        timeout: How long the entrypoint may take, in seconds.

    Raises:
        ServerStartError: The entrypoint failed; with the last lines that it printed.
    """
    folder.mkdir()
    os.chown(folder, *image.user)
    engine = image.engine
    complete = merge(options, {"mysqlx": False, "skip_name_resolve": True})
    command = ["mysqld", f"--socket={_DATADIR}/first.sock", "--bind-address=127.0.0.1", *arguments(complete)]
    volumes = [f"{folder}:{_DATADIR}", *([] if image.initdb is None else [f"{image.initdb}:{_INITDB}:ro"])]
    with contextlib.ExitStack() as stack:
        container = engine.create(
            image.digest,
            command,
            program=None,
            user=":".join(map(str, image.user)),
            environment=dict(image.environment),
            volumes=volumes,
        )
        stack.callback(engine.remove, container)
        engine.start(container)
        try:
            _shut_down(image, folder, container, Progress(progress), timeout)
        except (ContainerError, mysql.connector.Error) as error:
            printed = engine.printed(container, lines=_LAST_LINES).splitlines()
            raise ServerStartError(
                f"the image's entrypoint could not make a data directory: {error}",
                command=command,
                log="\n".join(printed),
                codes=(),
                messages=printed,
                where=image.name,
                tried=printed,
                remedies=["read the lines of the container above", "correct netns_image_env or netns_image_initdb"],
            ) from error
    for file in folder.glob("*.sock*"):
        file.unlink()


def _shut_down(image: Image, folder: Path, container: Container, progress: Progress, timeout: float) -> None:
    """Shut the server down when the entrypoint has done its work: until then the server is closed to clients."""
    # A socket's path has room for 107 characters, see unix(7), and a cache may lie deeper.
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _await_and_shut_down(image, f"/proc/self/fd/{descriptor}/first.sock", container, progress, timeout)
    finally:
        os.close(descriptor)
    code = image.engine.exit_code(container, timeout=timeout)
    if code != 0:
        raise ContainerError(f"it ended with exit code {code}")


def _await_and_shut_down(image: Image, path: str, container: Container, progress: Progress, timeout: float) -> None:
    last_error: Exception | None = None

    def is_shutting_down() -> bool:
        nonlocal last_error
        progress.show(lambda: "the image's entrypoint is making a data directory")
        if not image.engine.is_running(container):
            raise ContainerError(f"it ended with exit code {image.engine.exit_code(container)}")
        try:
            return _ask_to_shut_down(path, image.password)
        except (mysql.connector.Error, OSError) as error:
            last_error = error
            return False

    def too_slow() -> ContainerError:
        return ContainerError(f"it was not ready after {timeout:g} seconds ({last_error})")

    wait_until(is_shutting_down, timeout=timeout, error=too_slow, pause=_PAUSE)


def _ask_to_shut_down(path: str, password: str) -> bool:
    """Shut the server down, and return True, if it is the last server that the entrypoint starts.

    The server that the entrypoint starts first, for its scripts, has skip_networking.
    """
    options = {"unix_socket": path, "user": "root", "password": password}
    with mysql.connector.connect(**options) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT @@GLOBAL.skip_networking")
        if cursor.fetchone() != (0,):
            return False
        cursor.execute("SET GLOBAL innodb_fast_shutdown = 0")
        cursor.execute("SHUTDOWN")
        return True
