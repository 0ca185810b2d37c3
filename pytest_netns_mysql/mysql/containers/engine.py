"""A container engine, Docker or Podman: reached as testcontainers reaches it, asked for images and containers."""

from __future__ import annotations

import contextlib
import gc
import io
import os
import shutil
import struct
import tarfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.errors import ContainerError

if TYPE_CHECKING:
    from docker.models.containers import Container

OWNER = "pytest-netns-mysql.owner"
"""The label that says which process a container belongs to."""

# struct vfs_cap_data of the kernel's: the second revision, effective at once, CAP_SYS_ADMIN (21) permitted.
_FILE_CAPABILITY = struct.pack("<5I", 0x02000001, 1 << 21, 0, 0, 0)
_ROUNDS = 4  # without a container, before it is believed that there is none
_PAUSE = 0.5  # seconds
_LINK = ".pytest-netns-mysql"


class Engine:
    """Ask the engine that testcontainers would use; see its configuration, DOCKER_HOST for one.

    Shape: ``client`` is docker-py's.
    """

    def __init__(self, where: str) -> None:
        """Connect; ``where`` is the setting that asks for it. Raises ContainerError where no engine answers."""
        try:
            import docker
            import requests
            from testcontainers.core.docker_client import DockerClient
        except ImportError as error:
            raise ContainerError(
                "testcontainers is not installed, and containers are made by it",
                where=where,
                remedies=["pip install pytest-netns-mysql[containers]"],
            ) from error
        self._where = where
        self._errors = docker.errors
        self._missing = docker.errors.NotFound  # images, too
        self._failures = (docker.errors.DockerException, requests.RequestException)
        met = ""
        # A socket that did not connect is left open by the client, and goes with the error that leads to it.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            try:
                self.client = DockerClient().client
                self.client.ping()
            except Exception as error:  # noqa: BLE001 - of requests and urllib3, too
                met = _first_line(error)
            if met:
                gc.collect()
        if met:
            raise ContainerError(
                "no container engine answers",
                where=where,
                tried=[met],
                remedies=[
                    "start it: systemctl start docker, or systemctl start podman.socket",
                    "name where it answers: DOCKER_HOST=unix:///run/podman/podman.sock",
                    "may this user use it? usermod -aG docker USER, and log in again",
                ],
            )

    @contextlib.contextmanager
    def _told(self, what: str, *remedies: str) -> Iterator[None]:
        """Raise ContainerError where the engine refuses what the block asks of it, or does not answer."""
        try:
            yield
        except self._failures as error:
            raise ContainerError(what, where=self._where, tried=[_first_line(error)], remedies=remedies) from error

    def image(self, reference: str, *, progress: Callable[[str], None] | None) -> Mapping[str, Any] | None:
        """Return what the engine knows of an image, brought now with a line of ``progress`` where it is not there.

        Without ``progress`` nothing is brought: None. Raises ContainerError where it cannot be.
        """
        try:
            return self._attributes(reference)
        except self._missing:
            if progress is None:
                return None
        progress(f"pulling the image {reference}…")
        with self._told(
            f"there is no image {reference}, and it cannot be pulled",
            "mend the name: docker://mysql:8.4, docker://percona/percona-server:8.0",
            "bring it: docker pull, docker load, or make one from a fetched server: netns-mysql image",
        ):
            self.client.images.pull(*_split(reference))
            return self._attributes(reference)

    def load(self, file: Path, reference: str, changes: Sequence[str]) -> None:
        """Make an image of an archive of its files; ``changes`` are as in a Dockerfile. Raises ContainerError."""
        repository, tag = _split(reference)
        with self._told(f"the engine makes no image {reference}"):
            self.client.api.import_image_from_file(str(file), repository, tag, changes=list(changes))
            self._attributes(reference)

    def _attributes(self, reference: str) -> Mapping[str, Any]:
        attributes: Mapping[str, Any] = self.client.images.get(reference).attrs
        return attributes

    def output(self, image: str, command: Sequence[str]) -> str:
        """Run a program of an image until it ends; return what it printed, and raise ContainerError where it fails."""
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
        """Give what tells where a path in an image leads, links followed, or None where nothing is there."""
        container = self.create(image, ["true"], program=None, entrypoint=["true"])
        try:
            yield lambda path: self._target(container, path)
        finally:
            self.remove(container)

    def _target(self, container: Container, path: str) -> str | None:
        with self._told("the engine does not show the files of a container"):
            try:
                stream, status = container.get_archive(path)
            except self._missing:
                return None
            stream.close()
        return str(status["linkTarget"] or path)

    def create(self, image: str, command: Sequence[str], *, program: str | None, **options: Any) -> Container:
        """Make a container, without a network and with no capability but those of ``options``, and do not start it.

        ``program`` is a path in the image that is to have CAP_SYS_ADMIN whoever runs it, see capabilities(7), "File
        capabilities": an engine gives an ordinary user's process none. Raises ContainerError.
        """
        from testcontainers.core.labels import create_labels

        labels = create_labels(image, {OWNER: owner()})
        alone = {"network_mode": "none", "cap_drop": ["ALL"], "detach": True, "labels": labels}
        with self._told("the engine makes no container"):
            container = self.client.containers.create(image, list(command), **alone, **options)
        try:
            with self._told(f"{program} of the image cannot be given CAP_SYS_ADMIN"):
                if program is not None and not container.put_archive("/", _link_with_capability(program)):
                    raise self._errors.DockerException("the engine took no archive")
        except BaseException:
            self.remove(container)
            raise
        return container

    def start(self, container: Container) -> int:
        """Start a container; return the pid of its first process, 0 where it has ended already.

        Raises ContainerError where the engine does not run it.
        """
        with self._told(
            "the engine does not start the container",
            "the engine must see this machine's /proc and namespaces: no remote one, none in a machine of its own, and "
            "pytest not in a container itself",
        ):
            container.start()
            container.reload()
            return int(container.attrs["State"]["Pid"])

    def is_running(self, container: Container) -> bool:
        """Tell whether a container has not ended; raise ContainerError where the engine does not say."""
        with self._told("the engine does not tell of a container"):
            container.reload()
            return str(container.status) != "exited"

    def exit_code(self, container: Container, *, timeout: float = 30.0) -> int:
        """Return the exit code of a container that ends, -N where signal N ended it; ``timeout`` is in seconds.

        Raises ContainerError where it has not ended by then.
        """
        with self._told(f"a container has not ended after {timeout:g} seconds"):
            code = int(container.wait(timeout=timeout)["StatusCode"])
        return 128 - code if code > 128 else code

    def printed(self, container: Container, *, lines: int | str = "all") -> str:
        """Return the last lines that a container printed; raise ContainerError where the engine does not say."""
        with self._told("the engine does not tell what a container printed"):
            return str(container.logs(tail=lines).decode("utf-8", "replace"))

    def remove(self, container: Container) -> None:
        """End and remove a container, with what volumes it has of its own; one that is gone is no error."""
        with contextlib.suppress(*self._failures):
            container.remove(force=True, v=True)

    def remove_all(self, owner: str) -> int:
        """End and remove the containers that belong to a process; return how many there were."""
        own = {"label": f"{OWNER}={owner}"}
        found = self.client.containers.list(all=True, filters=own, ignore_removed=True)
        for container in found:
            self.remove(container)
        return len(found)


def owner() -> str:
    """Return what this process's containers bear: a pid is used again, its start time is not."""
    return f"{os.getpid()}-{Path('/proc/self/stat').read_text().rpartition(') ')[2].split()[19]}"


def reap(owner: str, folder: str) -> None:
    """Remove what a killed process left behind.

    Args:
        owner: The label's value on the process's containers.
        folder: The folder of the containers' files.
    """
    engine, rounds = Engine("the end of a run"), 0
    while rounds < _ROUNDS:  # a container may have been in the making
        rounds = 0 if engine.remove_all(owner) else rounds + 1
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(_PAUSE)


def _link_with_capability(program: str) -> bytes:
    """Return an archive with a hard link to a file: what is set of a link, its file has.

    So nothing of the program's 60 MB is sent. tar's extended headers carry attributes, see capabilities(7).
    """
    link = tarfile.TarInfo(_LINK)
    link.type, link.linkname, link.mode = tarfile.LNKTYPE, program.lstrip("/"), 0o755
    link.pax_headers = {"SCHILY.xattr.security.capability": _FILE_CAPABILITY.decode("latin-1")}
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.PAX_FORMAT, encoding="utf-8") as archive:
        archive.addfile(link)
    return content.getvalue()


def _split(reference: str) -> tuple[str, str | None]:
    """Return repository and tag: without a tag an engine would pull them all."""
    repository, colon, tag = reference.rpartition(":")
    if "@" in reference or not colon or "/" in tag:
        return reference, None if "@" in reference else "latest"
    return repository, tag


def _first_line(error: BaseException) -> str:
    """Return what an engine's error says, without the objects of three libraries around it."""
    explanation = getattr(error, "explanation", None) or error
    return f"{type(error).__name__}: {str(explanation).strip().splitlines()[0] if str(explanation) else ''}"
