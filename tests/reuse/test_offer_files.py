"""The files of offers: nothing of them is left when the last server has ended."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_netns_mysql.reuse import offerfiles, offers

ADDRESS = "0123456789abcdef"


def test_the_end_of_the_last_offer_removes_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    folder = offers.open_folder(make=True)
    assert folder is not None
    names = [ADDRESS, ADDRESS[::-1]]
    locks = [offerfiles.lock(folder, name) for name in names]
    offerfiles.remove(folder, names[0])
    assert offers.folder().is_dir()
    offerfiles.remove(folder, names[1])
    assert not offers.folder().exists()
    assert offers.addresses(strict=True) == []
    with pytest.raises(FileNotFoundError):  # so that the next server makes the folder again
        offerfiles.lock(folder, ADDRESS)
    offerfiles.clean(folder, ADDRESS)
    for lock in filter(None, locks):
        os.close(lock)
    os.close(folder)
