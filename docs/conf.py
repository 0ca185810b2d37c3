"""How Sphinx builds the site from these pages: ``python -m sphinx -W docs docs/_build``."""

from __future__ import annotations

import dataclasses
import re
from importlib.metadata import version as version_of
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest_netns_mysql

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ROOT = Path(__file__).parent.parent
REPOSITORY = "https://github.com/pytest-netns-mysql/pytest-netns-mysql"

project = "pytest-netns-mysql"
author = "The pytest-netns-mysql developers"
copyright = author  # noqa: A001 - the name is Sphinx's
version = release = version_of(project)

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
exclude_patterns = ["_build"]

myst_heading_anchors = 3

autodoc_member_order = "groupwise"
autodoc_typehints = "signature"
napoleon_google_docstring = True
napoleon_numpy_docstring = False

copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True

html_theme = "furo"
html_title = project
html_theme_options = {"source_repository": f"{REPOSITORY}/", "source_branch": "main", "source_directory": "docs/"}


def link_to_the_repository(app: Sphinx, docname: str, source: list[str]) -> None:
    """Turn links to files that the site does not have, such as examples, into links to the repository."""
    folder = (Path(app.srcdir) / docname).parent

    def linked(match: re.Match[str]) -> str:
        target, anchor = match[1], match[2] or ""
        path = (folder / target).resolve()
        if path.is_relative_to(app.srcdir) or not path.exists():
            return match[0]
        kind = "tree" if path.is_dir() else "blob"
        return f"]({REPOSITORY}/{kind}/main/{path.relative_to(ROOT)}{anchor})"

    source[0] = re.sub(r"\]\((?!https?:)([^)#\s]+)(#[^)\s]*)?\)", linked, source[0])


def without_constructor(
    _app: Sphinx, what: str, _name: str, value: Any, _options: Any, signature: str | None, _returned: str | None
) -> tuple[str, None] | None:
    """Leave the arguments out of a class that users get from fixtures and do not construct."""
    is_of_topology = dataclasses.is_dataclass(value) and value.__module__.startswith("pytest_netns_mysql.topology")
    is_constructed = is_of_topology or value is pytest_netns_mysql.NamespacePool
    return ("", None) if signature and what in ("class", "exception") and not is_constructed else None


def setup(app: Sphinx) -> None:
    """Register what this file adds to Sphinx."""
    app.connect("source-read", link_to_the_repository)
    app.connect("autodoc-process-signature", without_constructor)
