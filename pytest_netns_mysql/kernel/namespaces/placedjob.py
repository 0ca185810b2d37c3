"""Jobs of thread pools: each runs where it was submitted, or in the one namespace of its pool."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.errors import NetnsError, OriginError
from pytest_netns_mysql.kernel.namespaces.asyncblock import current_async_block
from pytest_netns_mysql.kernel.namespaces.block import Block
from pytest_netns_mysql.kernel.namespaces.threadplace import ThreadPlace

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox


class PlacedJob:
    """A job that its thread runs in a namespace, whoever submits the job."""

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


class SubmissionPlace:
    """Where the code stands that gives a job to a pool."""

    def __init__(self, sandbox: Sandbox) -> None:
        """Note where the calling code stands."""
        self._sandbox = sandbox
        self._saved = sandbox.blocks.save_target()
        block = current_async_block()
        # The sockets of a job whose test is over are refused, where the job knows the block.
        self._block = None if block is not None and block.ended_with else block

    @contextlib.contextmanager
    def visited(self) -> Iterator[None]:
        """Return a context manager that has the calling thread, one of a pool, stand there.

        Raises:
            OriginError: The kernel does not let the thread move there.
            OneWayError: The thread could not come back.
        """
        blocks = self._sandbox.blocks
        blocks.jobs += 1
        try:
            if self._block is None and self._saved.is_current():
                yield
            else:
                with self._moved():
                    yield
        finally:
            blocks.jobs -= 1

    def bound(self, job: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that runs a job there, in whichever thread."""

        def run(*args: Any, **options: Any) -> Any:
            with self.visited():
                return job(*args, **options)

        return run

    def bound_callback(self, callback: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that runs a callback there, or where the thread stands if the thread cannot move.

        An error would end the thread, which others wait for. The job itself has failed with this error then.
        """

        def run(*args: Any, **options: Any) -> Any:
            with contextlib.ExitStack() as stack:
                with contextlib.suppress(NetnsError):
                    stack.enter_context(self.visited())
                return callback(*args, **options)

        return run

    @contextlib.contextmanager
    def _moved(self) -> Iterator[None]:
        blocks = self._sandbox.blocks
        block = Block("a job of a pool", self._saved.target, (os.devnull, 0), by_hand=False)
        block.async_block = self._block
        try:
            if self._sandbox.has_moved_in:
                blocks.settle()
            blocks.enter(block, is_plain=False)
        except OSError as error:
            raise OriginError(
                "a thread of a pool cannot move to where its job was submitted: without root no thread leaves the "
                "sandbox",
                tried=[str(error)],
                remedies=["make the pool in the test that uses it, and shut it down there"],
            ) from error
        try:
            yield
        finally:
            blocks.end_inside(block)
            blocks.drop(block)
