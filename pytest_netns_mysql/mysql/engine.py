"""A container engine, Docker or Podman: reached as testcontainers reaches it, asked for images and containers."""

from __future__ import annotations

import contextlib
import io
import struct
import tarfile
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
_LINK = ".pytest-netns-mysql"


class Engine:
    """Ask the engine that testcontainers would use; see its configuration, DOCKER_HOST for one.

    Shape: ``client`` is docker-py's.
    """

    def __init__(self, where: str) -> None:
        """Connect; ``where`` is the setting that asks for it. Raises ContainerError where no engine answers."""
        try:
            import docker
            from testcontainers.core.docker_client import DockerClient
        except ImportError as error:
            raise ContainerError(
                "testcontainers is not installed, and containers are made by it",
                where=where,
                remedies=["pip install pytest-netns-mysql[containers]"],
            ) from error
        self._where = where
        self._errors = docker.errors
        try:
            self.client = DockerClient().client
            self.client.ping()
        except Exception as error:  # of requests and urllib3, too
            raise ContainerError(
                "no container engine answers",
                where=where,
                tried=[_first_line(error)],
                remedies=[
                    "start it: systemctl start docker, or systemctl start podman.socket",
                    "name where it answers: DOCKER_HOST=unix:///run/podman/podman.sock",
                    "may this user use it? usermod -aG docker USER, and log in again",
                ],
            ) from error

    def image(self, reference: str, *, progress: Callable[[str], None] | None) -> Mapping[str, Any] | None:
        """Return what the engine knows of an image, brought now with a line of ``progress`` where it is not there.

        Without ``progress`` nothing is brought: None. Raises ContainerError where it cannot be.
        """
        try:
            return self._attributes(reference)
        except self._errors.ImageNotFound:
            if progress is None:
                return None
        progress(f"pulling the image {reference}…")
        try:
            self.client.images.pull(*_split(reference))
            return self._attributes(reference)
        except Exception as error:
            raise ContainerError(
                f"there is no image {reference}, and it cannot be pulled",
                where=self._where,
                tried=[_first_line(error)],
                remedies=[
                    "mend the name: docker://mysql:8.4, docker://percona/percona-server:8.0",
                    "bring it: docker pull, docker load, or make one from a fetched server: netns-mysql image",
                ],
            ) from error

    def load(self, file: Path, reference: str, changes: Sequence[str]) -> None:
        """Make an image of an archive of its files; ``changes`` are as in a Dockerfile. Raises ContainerError."""
        repository, tag = _split(reference)
        try:
            self.client.api.import_image_from_file(str(file), repository, tag, changes=list(changes))
            self._attributes(reference)
        except (self._errors.APIError, self._errors.ImageNotFound) as error:
            raise ContainerError(
                f"the engine makes no image {reference}", where=self._where, tried=[_first_line(error)]
            ) from error

    def _attributes(self, reference: str) -> Mapping[str, Any]:
        attributes: Mapping[str, Any] = self.client.images.get(reference).attrs
        return attributes

    def output(self, image: str, command: Sequence[str]) -> str:
        """Run a program of an image, without a network, until it ends; return what it printed.

        Raises ContainerError where it cannot be run, or fails.
        """
        try:
            printed = self.client.containers.run(
                image, list(command[1:]), entrypoint=[command[0]], network_mode="none", remove=True, cap_drop=["ALL"]
            )
        except (self._errors.APIError, self._errors.ContainerError) as error:
            raise ContainerError(
                f"{command[0]} of the image does not run", where=self._where, tried=[_first_line(error)]
            ) from error
        return str(printed.decode("utf-8", "replace"))

    @contextlib.contextmanager
    def looking_into(self, image: str) -> Iterator[Callable[[str], str | None]]:
        """Give what tells where a path in an image leads, links followed, or None where nothing is there."""
        container = self.create(image, ["true"], owner="", program=None, entrypoint=["true"])
        try:
            yield lambda path: self._target(container, path)
        finally:
            self.remove(container)

    def _target(self, container: Container, path: str) -> str | None:
        try:
            stream, status = container.get_archive(path)
        except self._errors.NotFound:
            return None
        stream.close()
        return str(status["linkTarget"] or path)

    def create(
        self, image: str, command: Sequence[str], *, owner: str, program: str | None, **options: Any
    ) -> Container:
        """Make a container, without a network and with no capability but those of ``options``, and do not start it.

        ``program`` is a path in the image that is to have CAP_SYS_ADMIN whoever runs it, see capabilities(7), "File
        capabilities": an engine gives an ordinary user's process none. Raises ContainerError.
        """
        from testcontainers.core.labels import create_labels

        try:
            container = self.client.containers.create(
                image,
                list(command),
                labels=create_labels(image, {OWNER: owner}),
                network_mode="none",
                cap_drop=["ALL"],
                detach=True,
                **options,
            )
            if program is not None and not container.put_archive("/", _link_with_capability(program)):
                raise ContainerError(f"{program} of the image cannot be given CAP_SYS_ADMIN", where=self._where)
        except self._errors.APIError as error:
            raise ContainerError(
                "the engine makes no container", where=self._where, tried=[_first_line(error)]
            ) from error
        return container

    def start(self, container: Container) -> int:
        """Start a container; return the pid of its first process, 0 where it has ended already.

        Raises ContainerError where the engine does not run it.
        """
        try:
            container.start()
            container.reload()
        except self._errors.APIError as error:
            raise ContainerError(
                "the engine does not start the container",
                where=self._where,
                tried=[_first_line(error)],
                remedies=[
                    "the engine must see this machine's /proc and namespaces: no remote one, none in a machine of its "
                    "own, and pytest not in a container itself"
                ],
            ) from error
        return int(container.attrs["State"]["Pid"])

    def exit_code(self, container: Container) -> int:
        """Return the exit code of a container that has ended, -N where signal N ended it."""
        code = int(container.wait(timeout=10)["StatusCode"])
        return 128 - code if code > 128 else code

    def remove(self, container: Container) -> None:
        """End and remove a container, with what volumes it has of its own; one that is gone is no error."""
        with contextlib.suppress(self._errors.APIError):
            container.remove(force=True, v=True)

    def remove_all(self, owner: str) -> None:
        """End and remove the containers that belong to a process."""
        own = {"label": f"{OWNER}={owner}"}
        for container in self.client.containers.list(all=True, filters=own, ignore_removed=True):
            self.remove(container)


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
