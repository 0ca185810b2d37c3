"""The machines of these tests."""

from __future__ import annotations

import pytest

from tests.conftest import IN_CI
from tests.support.machines import Machines, sshd


@pytest.fixture
def machines(pytester: pytest.Pytester) -> Machines:
    """Two machines with an sshd; the controller runs in the test's folder."""
    if sshd() is None:
        reason = "there is no sshd: .ci/tools installs it, or: apt-get install openssh-server"
        pytest.fail(reason, pytrace=False) if IN_CI else pytest.skip(reason)
    return Machines(pytester.path)
