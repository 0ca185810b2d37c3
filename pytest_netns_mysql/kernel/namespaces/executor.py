"""A pool of threads that live in a namespace."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from pytest_netns_mysql.kernel.namespaces.placedjob import PlacedJob

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.namespaces.threadplace import ThreadPlace

T = TypeVar("T")


class NamespaceExecutor(ThreadPoolExecutor):
    """A ``ThreadPoolExecutor`` whose threads live in a namespace, whoever submits a job."""

    def __init__(
        self,
        place: ThreadPlace,
        max_workers: int | None,
        thread_name_prefix: str,
        initializer: Callable[..., object] | None,
        initargs: tuple[Any, ...],
    ) -> None:
        """Start without a thread; the arguments are those of ``ThreadPoolExecutor``."""

        def start() -> None:
            place.stay()
            if initializer is not None:
                initializer(*initargs)

        super().__init__(max_workers, thread_name_prefix or f"netns-{place.name}", start)
        self._place = place

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Submit a job, see ``ThreadPoolExecutor.submit``."""
        return super().submit(PlacedJob(self._place, fn), *args, **kwargs)

    def end(self, test: str) -> None:  # noqa: ARG002 - no message names the test
        """End the threads that wait for jobs, and cancel jobs that no thread has begun."""
        self.shutdown(wait=False, cancel_futures=True)
