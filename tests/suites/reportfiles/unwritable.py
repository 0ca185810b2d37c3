import shutil
from pathlib import Path

import pytest


@pytest.mark.netns("red")
def test_it(netns):
    shutil.rmtree("reports")
    Path("reports").write_text("a file, where the folder was")
