"""Capabilities by name: masks, and the capabilities of files as getcap(8) writes them."""

from __future__ import annotations

import os
import shutil
import struct
from pathlib import Path

import pytest

from pytest_netns_mysql.errors import SettingError
from pytest_netns_mysql.kernel.namespaces import capabilitynames

pytestmark = [pytest.mark.as_user, pytest.mark.oldest_python]

REVISION_2, REVISION_3, EFFECTIVE = 0x02000000, 0x03000000, 0x1
SYS_ADMIN, BPF = 1 << 21, 1 << (39 - 32)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ((REVISION_2 | EFFECTIVE, SYS_ADMIN, 0, 0, 0), "cap_sys_admin=ep"),
        ((REVISION_2, SYS_ADMIN, SYS_ADMIN, 0, 0), "cap_sys_admin=ip"),
        ((REVISION_2 | EFFECTIVE, SYS_ADMIN | 1, 0, BPF, 0), "cap_chown,cap_sys_admin,cap_bpf=ep"),
        ((REVISION_3 | EFFECTIVE, SYS_ADMIN, 0, 0, 0, 1000), "cap_sys_admin=ep"),
        ((REVISION_2 | EFFECTIVE, SYS_ADMIN, 1, 0, 0), "cap_chown=ei cap_sys_admin=ep"),
        ((REVISION_2, 0, 0, 0, 0), None),
    ],
)
def test_file_capabilities_are_written_as_getcap_writes_them(words: tuple[int, ...], text: str | None) -> None:
    assert capabilitynames.format_attribute(struct.pack(f"<{len(words)}I", *words)) == text


def test_a_program_without_file_capabilities() -> None:
    path = shutil.which("cat")
    assert path is not None
    assert capabilitynames.of_file(Path(path)) is None


@pytest.mark.root  # only root gives a file capabilities
def test_a_program_with_file_capabilities(tmp_path: Path) -> None:
    program = tmp_path / "cat"
    shutil.copy(shutil.which("cat") or "", program)
    os.setxattr(program, "security.capability", struct.pack("<5I", REVISION_2 | EFFECTIVE, SYS_ADMIN, 0, 0, 0))
    assert capabilitynames.of_file(program) == "cap_sys_admin=ep"


def test_names_are_accepted_in_any_spelling() -> None:
    assert capabilitynames.to_mask(["CAP_SYS_ADMIN", "cap_chown"]) == SYS_ADMIN | 1
    assert capabilitynames.to_mask("bpf") == BPF << 32
    assert capabilitynames.to_mask(()) == 0
    with pytest.raises(SettingError, match="there is no capability 'CAP_'"):
        capabilitynames.to_mask("CAP_")
