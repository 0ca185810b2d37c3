"""What tests of containers share: an engine, and an image made of a fetched server."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from pytest_netns_mysql import ContainerError
from pytest_netns_mysql.cli import main
from pytest_netns_mysql.mysql.containers.engine import OWNER, Engine
from tests.conftest import IN_CI

IMAGE = "netns-mysql-tests:latest"


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The container engine. CI has one: a test that finds none fails there, and is skipped elsewhere."""
    try:
        return Engine("the tests")
    except ContainerError as error:
        if IN_CI:
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def image(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Give an image as netns_mysqld names it, made by the first of this run's processes that asks."""
    own = tmp_path_factory.getbasetemp()
    # The folder of this run: workers share the parent of theirs. Without workers the parent belongs to all runs.
    folder = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    with FileLock(folder / "image.lock"):
        done = folder / "image.done"
        if not done.exists():
            assert main(["image", IMAGE]) == 0
            done.touch()
    return f"docker://{IMAGE}"


@pytest.fixture
def left_of(engine: Engine) -> Callable[..., list[str]]:
    """Give what tells the containers, running or not, and the folders that processes with these pids have."""

    def there(*pids: int) -> list[str]:
        found: list[Any] = engine.client.containers.list(all=True, filters={"label": OWNER}, ignore_removed=True)
        owners = {str(one.name): int(one.labels[OWNER].partition("-")[0]) for one in found if one.labels[OWNER]}
        folders = [str(one) for pid in pids for one in Path("/dev/shm").glob(f"pytest-netns-mysql-{pid}-*")]
        return [*(name for name, pid in owners.items() if pid in pids), *folders]

    return there


@pytest.fixture
def odd_image(engine: Engine, image: str) -> Iterator[Callable[..., str]]:
    """Give a maker of images that are the tests' own with some files replaced: by text, executable."""
    made: list[str] = []

    def make(name: str, **files: str) -> str:
        import io
        import tarfile

        reference = f"netns-mysql-tests-{name}-{os.getpid()}:latest"
        container = engine.client.containers.create(IMAGE, ["true"], entrypoint=["true"], network_mode="none")
        try:
            content = io.BytesIO()
            with tarfile.open(fileobj=content, mode="w") as archive:
                for path, text in files.items():
                    entry = tarfile.TarInfo(f"usr/local/bin/{path}")
                    entry.size, entry.mode = len(text.encode()), 0o755
                    archive.addfile(entry, io.BytesIO(text.encode()))
            assert container.put_archive("/", content.getvalue())
            container.commit(*reference.split(":"))
        finally:
            container.remove(v=True)
        made.append(reference)
        return f"docker://{reference}"

    yield make
    for reference in made:
        engine.client.images.remove(reference, force=True)
