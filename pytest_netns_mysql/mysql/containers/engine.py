"""A container engine, Docker or Podman: found by testcontainers' client, used through the docker package."""

from __future__ import annotations

import contextlib
import gc
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.errors import ContainerError
from pytest_netns_mysql.mysql.containers.filecapability import link_with_capability

if TYPE_CHECKING:
    import docker
    from docker.models.containers import Container

OWNER = "pytest-netns-mysql.owner"
"""The label with the process that a container belongs to."""


class Engine:
    """The container engine that testcontainers would use: see its configuration, such as DOCKER_HOST.

    Attributes:
        client: The client of the docker package.
    """

    def __init__(self, where: str) -> None:
        """Connect to the engine.

        Args:
            where: The setting that needs the engine, for errors.

        Raises:
            ContainerError: testcontainers is not installed, or no engine answers.
        """
        try:
            import docker
            import requests
            from testcontainers.core.docker_client import DockerClient
        except ImportError as error:
            raise ContainerError(
                "containers need the packages docker and testcontainers, which are not installed",
                where=where,
                remedies=["pip install pytest-netns-mysql[containers]"],
            ) from error
        self._where = where
        self._errors = docker.errors
        self._missing = docker.errors.NotFound  # images, too
        self._failures = (docker.errors.DockerException, requests.RequestException)
        failure = ""
        # The client does not close a socket that could not connect. The socket ends with the error that refers to it.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            try:
                self.client: docker.DockerClient = DockerClient().client
                self.client.ping()
            except Exception as error:  # noqa: BLE001 - of requests and urllib3, too
                failure = _first_line(error)
            if failure:
                gc.collect()
        if failure:
            raise ContainerError(
                "no container engine answers",
                where=where,
                tried=[failure],
                remedies=[
                    "start the engine: systemctl start docker, or systemctl start podman.socket",
                    "name the engine's socket: DOCKER_HOST=unix:///run/podman/podman.sock",
                    "let this user use the engine: usermod -aG docker USER, and log in again",
                ],
            )

    @contextlib.contextmanager
    def _raising(self, what: str, *remedies: str) -> Iterator[None]:
        """Raise ContainerError if the engine refuses a request of the block, or does not answer."""
        try:
            yield
        except self._failures as error:
            raise ContainerError(what, where=self._where, tried=[_first_line(error)], remedies=remedies) from error

    def image(self, reference: str, *, progress: Callable[[str], None] | None) -> Mapping[str, Any] | None:
        """Return the attributes of an image, which is pulled if the engine does not have it.

        Args:
            reference: The image, as ``docker run`` takes it.
            progress: Takes a line of text before the image is pulled. With None the image is not pulled.

        Returns:
            The attributes, as ``docker inspect`` shows them, or None if there is no image and nothing is pulled.

        Raises:
            ContainerError: The image cannot be pulled, or the engine does not answer.
        """
        with self._raising(f"the engine does not describe the image {reference}"):
            try:
                return self._attributes(reference)
            except self._missing:
                if progress is None:
                    return None
        progress(f"pulling the image {reference}…")
        with self._raising(
            f"there is no image {reference}, and it cannot be pulled",
            "correct the name: docker://mysql:8.4, docker://percona/percona-server:8.0",
            "or get the image by docker pull or docker load, or make an image of a fetched server: netns-mysql image",
        ):
            self.client.images.pull(*_split(reference))
            return self._attributes(reference)

    def load(self, file: Path, reference: str, changes: Sequence[str]) -> None:
        """Make an image of an archive of its files.

        Args:
            file: The tar archive.
            reference: The name of the image.
            changes: Instructions, as in a Dockerfile.

        Raises:
            ContainerError: The engine cannot make the image.
        """
        repository, tag = _split(reference)
        with self._raising(f"the engine cannot make the image {reference}"):
            self.client.api.import_image_from_file(str(file), repository, tag, changes=list(changes))
            self._attributes(reference)

    def _attributes(self, reference: str) -> Mapping[str, Any]:
        attributes: Mapping[str, Any] = self.client.images.get(reference).attrs
        return attributes

    def output(self, image: str, command: Sequence[str]) -> str:
        """Run a program of an image and return what it prints.

        Args:
            image: The image.
            command: The path of the program in the image, and its arguments.

        Raises:
            ContainerError: The program cannot be run, or fails.
        """
        container = self.create(image, command[1:], program=None, entrypoint=[command[0]])
        try:
            self.start(container)
            code, printed = self.exit_code(container), self.printed(container)
        finally:
            self.remove(container)
        if code != 0:
            raise ContainerError(
                f"{command[0]} of the image does not run: it ended with exit code {code}",
                where=self._where,
                tried=printed.splitlines()[-3:],
            )
        return printed

    @contextlib.contextmanager
    def looking_into(self, image: str) -> Iterator[Callable[[str], str | None]]:
        """Return a block whose value resolves paths in an image: links are followed, and a missing path is None."""
        container = self.create(image, ["true"], program=None, entrypoint=["true"])
        try:
            yield lambda path: self._target(container, path)
        finally:
            self.remove(container)

    def _target(self, container: Container, path: str) -> str | None:
        with self._raising("the engine cannot list the files of a container"):
            try:
                stream, status = container.get_archive(path)
            except self._missing:
                return None
            stream.close()
        return str(status["linkTarget"] or path)

    def create(self, image: str, command: Sequence[str], *, program: str | None, **options: Any) -> Container:
        """Create a container without a network and without capabilities other than those of ``options``.

        Args:
            image: The image.
            command: The command.
            program: The path of a program in the image that gets CAP_SYS_ADMIN as a file capability, or None. An engine
                gives an ordinary user's process no capability otherwise; see capabilities(7), "File capabilities".
            **options: Further arguments of ``containers.create`` in the docker package.

        Raises:
            ContainerError: The engine cannot create the container.
        """
        from testcontainers.core.labels import create_labels

        labels = create_labels(image, {OWNER: owner()})
        alone = {"network_mode": "none", "cap_drop": ["ALL"], "detach": True, "labels": labels}
        with self._raising("the engine cannot create a container"):
            container = self.client.containers.create(image, list(command), **alone, **options)
        try:
            with self._raising(f"{program} of the image cannot be given CAP_SYS_ADMIN"):
                if program is not None and not container.put_archive("/", link_with_capability(program)):
                    raise self._errors.DockerException("the engine did not accept the archive")
        except BaseException:
            self.remove(container)
            raise
        return container

    def start(self, container: Container) -> int:
        """Start a container, and return the pid of its first process, or 0 if that has ended already.

        Raises ContainerError if the engine cannot run the container.
        """
        with self._raising(
            "the engine cannot start the container",
            "use an engine that sees this machine's /proc and namespaces: not a remote engine or one in a virtual "
            "machine, and with pytest outside of a container",
        ):
            container.start()
            container.reload()
            return int(container.attrs["State"]["Pid"])

    def is_running(self, container: Container) -> bool:
        """Return True if a container has not ended; raise ContainerError if the engine does not answer."""
        with self._raising("the engine does not report the state of a container"):
            container.reload()
            return str(container.status) != "exited"

    def exit_code(self, container: Container, *, timeout: float = 30.0) -> int:
        """Wait for the end of a container, and return its exit code, or -N after signal N.

        Args:
            container: The container.
            timeout: How long to wait, in seconds.

        Raises:
            ContainerError: The container has not ended in time.
        """
        with self._raising(f"a container has not ended after {timeout:g} seconds"):
            code = int(container.wait(timeout=timeout)["StatusCode"])
        return 128 - code if code > 128 else code

    def printed(self, container: Container, *, lines: int | str = "all") -> str:
        """Return the last lines that a container printed.

        Args:
            container: The container.
            lines: The number of lines, or ``all``.

        Raises:
            ContainerError: The engine does not answer.
        """
        with self._raising("the engine does not return what a container printed"):
            return str(container.logs(tail=lines).decode("utf-8", "replace"))

    def remove(self, container: Container) -> bool:
        """End and remove a container and its anonymous volumes; return True if the container is gone."""
        try:
            container.remove(force=True, v=True)
        except self._missing:
            return True
        except self._failures:
            return False
        return True

    def remove_all(self, owner: str) -> int:
        """End and remove all containers of a process, and return their number."""
        label = {"label": f"{OWNER}={owner}"}
        containers = self.client.containers.list(all=True, filters=label, ignore_removed=True)
        for container in containers:
            self.remove(container)
        return len(containers)


def owner() -> str:
    """Return the value of the label for this process: its pid, which may be used again, and its start time."""
    return f"{os.getpid()}-{Path('/proc/self/stat').read_text().rpartition(') ')[2].split()[19]}"


def _split(reference: str) -> tuple[str, str | None]:
    """Return repository and tag; without a tag an engine would pull all tags."""
    repository, colon, tag = reference.rpartition(":")
    if "@" in reference or not colon or "/" in tag:
        return reference, None if "@" in reference else "latest"
    return repository, tag


def _first_line(error: BaseException) -> str:
    """Return the first line of an engine's error, without the errors of requests and urllib3 around it."""
    explanation = getattr(error, "explanation", None) or error
    return f"{type(error).__name__}: {str(explanation).strip().splitlines()[0] if str(explanation) else ''}"
