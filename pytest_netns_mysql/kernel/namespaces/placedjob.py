"""A job for a pool of threads that runs in one namespace, whoever submits the job."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytest_netns_mysql.kernel.namespaces.asyncblock import current_async_block
from pytest_netns_mysql.kernel.namespaces.threadplace import ThreadPlace


class PlacedJob:
    """A job that its thread runs in a namespace."""

    def __init__(self, place: ThreadPlace, job: Callable[..., Any]) -> None:
        """Note where to run the job; the code that submits it calls this."""
        self._place = place
        self._job = job
        self._block = current_async_block()

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Run the job."""
        # asyncio.to_thread runs the job in the context of the task, which may be in another namespace than this one.
        with self._place.visited(self._block):
            return self._job(*args, **options)
