"""Functions run in a new thread: their exceptions, and threads that are not threads of the kernel."""

from __future__ import annotations

import threading

import pytest

from pytest_netns_mysql.errors import SandboxError
from pytest_netns_mysql.kernel.namespaces.newthread import has_kernel_threads, run_in_new_thread

pytestmark = [pytest.mark.as_user, pytest.mark.oldest_python]


def test_an_exception_of_the_new_thread_is_raised_by_the_caller() -> None:
    def fail() -> None:
        raise KeyError(threading.current_thread().name)

    with pytest.raises(KeyError, match="netns-sandbox"):
        run_in_new_thread(fail)


def test_a_thread_of_this_process_is_a_thread_of_the_kernel() -> None:
    assert has_kernel_threads()


def test_a_greenlet_in_place_of_a_thread_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Greenlet(threading.Thread):
        def start(self) -> None:
            self.run()

        def join(self, timeout: float | None = None) -> None:
            pass

    monkeypatch.setattr(threading, "Thread", Greenlet)
    assert not has_kernel_threads()
    with pytest.raises(SandboxError, match=r"are not threads of the kernel"):
        run_in_new_thread(lambda: None)
