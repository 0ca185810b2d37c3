"""Text that Markdown shows letter by letter."""

from __future__ import annotations

import re

from pytest_netns_mysql.errors import printable

# What could be read as Markdown, HTML, a formula, a mention or a link. An entity is never read as any of them. Blanks
# at the start would make a block of code of the line.
_SPECIAL = re.compile(r"[&<>\\`*_{}\[\]#|~!$]|@(?=\w)|:(?=//)|(?<=www)\.|^[-+=]|^ +| +$|^\d+(?=[.)](?:\s|$))")


def as_markdown(text: str) -> str:
    """Return a text as Markdown of one line that shows it letter by letter, also in a table."""
    return _SPECIAL.sub(lambda found: "".join(f"&#{ord(char)};" for char in found[0]), printable(text))
