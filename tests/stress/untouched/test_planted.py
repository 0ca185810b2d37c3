"""What another user planted in a folder that everybody may write to: it is refused, or has no effect."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_netns_mysql.report import jsonfile
from pytest_netns_mysql.run.reportwriting import ReportWriter

STRANGER = 54322


@pytest.mark.root
def test_a_link_that_another_user_made_in_tmp_is_not_followed(tmp_path: Path) -> None:
    """The kernel refuses it only where fs.protected_symlinks is set."""
    precious, everybodys = tmp_path / "precious", tmp_path / "tmp"
    precious.write_text("precious")
    everybodys.mkdir()
    everybodys.chmod(0o1777)
    report = everybodys / "report.json"
    report.symlink_to(precious)
    os.chown(report, STRANGER, STRANGER, follow_symlinks=False)
    writer = ReportWriter([report], None)
    writer.write()
    assert writer.lines == [
        f"netns report: {report} could not be written: it is a link that another user made (uid {STRANGER})"
    ]
    assert precious.read_text() == "precious"
    os.chown(report, os.geteuid(), os.getegid(), follow_symlinks=False)
    ReportWriter([report], None).write()
    assert jsonfile.load(precious.read_bytes()).tests == ()
    assert [path.name for path in everybodys.iterdir()] == ["report.json"]
