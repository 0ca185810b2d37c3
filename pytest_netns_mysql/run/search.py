"""A search for the word netns in the test files of a run, before any of them is imported.

A run whose files have the word is expected to have netns tests.
"""

from __future__ import annotations

import fnmatch
import importlib.util
import os
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

# Matches markers, fixtures and imports: netns, netns_mysql, pytest_netns_mysql.
_WORD = re.compile(rb"\b(?:pytest_)?netns(?:_\w+)?\b")
_PLUGIN_LIST = re.compile(rb"pytest_plugins\b[^=\n]*=\s*(\[[^\]]*\]|\([^)]*\)|[^\n]*)")
_QUOTED = re.compile(rb"""["']([\w.]+)["']""")
_CONFTEST = "conftest.py"
_IN_VIRTUALENV = ("pyvenv.cfg", "conda-meta")

_MAX_FILES = 5000
_MAX_BYTES = 1 << 26
_MAX_DURATION = 0.5  # seconds


@dataclass(frozen=True)
class Places:
    """The places where a run collects tests.

    Attributes:
        paths: The files and folders that the command line names, else those of ``testpaths``.
        root: The rootdir. pytest reads the conftests of all folders from the rootdir down to each path.
        files: The patterns of ``python_files``.
        ignored: The patterns of ``norecursedirs``.
        plugins: The names of the modules that are loaded as plugins.
    """

    paths: Sequence[Path]
    root: Path
    files: Sequence[str]
    ignored: Sequence[str]
    plugins: Sequence[str] = ()


def places_of(config: pytest.Config) -> Places:
    """Return the places of a run, before its conftests are imported."""
    options = config.known_args_namespace
    here, root = config.invocation_params.dir, config.rootpath
    words = [str(word).partition("::")[0] for word in getattr(options, "file_or_dir", None) or ()]
    if not words and here == root:
        words = [str(path) for pattern in config.getini("testpaths") for path in root.glob(pattern)]
    paths = [Path(os.path.normpath(here / word)) for word in words or ["."]]
    missing = [word for word, path in zip(words, paths, strict=False) if not path.exists()]
    return Places(
        paths=[path for path in paths if path.exists()],
        root=root,
        files=config.getini("python_files"),
        ignored=config.getini("norecursedirs"),
        plugins=[*missing, *(name for name in options.plugins or () if not name.startswith("no:"))],
    )


def mentions_netns(places: Places) -> bool:
    """Return True if a test file, a conftest, a plugin or a module beside the tests has the word netns.

    Test files and conftests are read first. The search stops, and the result is False, after 5000 files, 64 MiB or half
    a second.
    """
    return _Search(places).run()


@dataclass
class _Search:
    places: Places
    seen: set[str] = field(default_factory=set)
    helpers: list[str] = field(default_factory=list)
    modules: list[str] = field(default_factory=list)
    bytes: int = 0
    deadline: float = field(default_factory=lambda: time.monotonic() + _MAX_DURATION)

    def run(self) -> bool:
        self.modules += self.places.plugins
        if any(self._has_word(file) for file in self._candidates()):
            return True
        if any(self._has_word(file) for file in self.helpers):
            return True
        while self.modules:  # grows while plugins are read: a plugin may load other plugins
            file = _file_of(self.modules.pop(), self.places)
            if file is not None and self._has_word(file):
                return True
        return False

    @property
    def _is_over(self) -> bool:
        return len(self.seen) > _MAX_FILES or self.bytes > _MAX_BYTES or time.monotonic() > self.deadline

    def _has_word(self, file: str) -> bool:
        if file in self.seen or self._is_over:
            return False
        self.seen.add(file)
        try:
            with open(file, "rb", buffering=0) as stream:  # noqa: PTH123 - thousands of files, and Path is slower
                text = stream.read(_MAX_BYTES)
        except OSError:
            return False
        self.bytes += len(text)
        if b"pytest_plugins" in text:
            for names in _PLUGIN_LIST.findall(text):
                self.modules += [name.decode() for name in _QUOTED.findall(names)]
        return b"netns" in text and _WORD.search(text) is not None

    def _candidates(self) -> Iterator[str]:
        """Yield test files and conftests; collect the other modules of their folders in ``helpers``."""
        for path in self.places.paths:
            for folder in _between(self.places.root, path):
                yield os.path.join(folder, _CONFTEST)  # noqa: PTH118 - Path is slower
        for path in self.places.paths:
            if path.is_dir():
                yield from self._below(str(path), has_tests=False)
            else:
                yield str(path)

    def _below(self, top: str, *, has_tests: bool) -> Iterator[str]:
        waiting = [(top, has_tests)]
        visited = set()
        while waiting and not self._is_over:
            folder, has_tests = waiting.pop()
            try:
                with os.scandir(folder) as scan:
                    entries = list(scan)
            except OSError:
                continue
            if folder != top and any(entry.name in _IN_VIRTUALENV for entry in entries):
                continue
            modules = [entry for entry in entries if entry.name.endswith(".py")]
            tests = [entry for entry in modules if self._is_test(entry)]
            yield from (entry.path for entry in tests)
            has_tests = has_tests or bool(tests)
            if has_tests:
                self.helpers += [entry.path for entry in modules if entry not in tests]
            for entry in entries:
                if self._is_folder(entry):
                    if entry.is_symlink():
                        real = os.path.realpath(entry.path)
                        if real in visited or folder.startswith(real):
                            continue
                        visited.add(real)
                    waiting.append((entry.path, has_tests))

    def _is_test(self, entry: os.DirEntry[str]) -> bool:
        return entry.name == _CONFTEST or any(_matches(entry, pattern) for pattern in self.places.files)

    def _is_folder(self, entry: os.DirEntry[str]) -> bool:
        try:
            if entry.name == "__pycache__" or not entry.is_dir():
                return False
        except OSError:
            return False
        return not any(_matches(entry, pattern) for pattern in self.places.ignored)


def _matches(entry: os.DirEntry[str], pattern: str) -> bool:
    """Match as pytest does: a pattern with a slash is compared with the end of the whole path."""
    if "/" not in pattern:
        return fnmatch.fnmatchcase(entry.name, pattern)
    return fnmatch.fnmatchcase(entry.path, pattern if pattern.startswith("/") else f"*/{pattern}")


def _between(root: Path, path: Path) -> Iterable[Path]:
    """Return the path and its parents up to the rootdir; all parents if the path lies outside of the rootdir."""
    folders = [path, *path.parents]
    return folders[: folders.index(root) + 1] if root in folders else folders


def _file_of(module: str, places: Places) -> str | None:
    """Return the source file of a module, or None; nothing is imported."""
    words = module.split(".")
    folders = [places.root, *places.paths, *(path.parent for path in places.paths)]
    for folder in folders:
        for file in (folder.joinpath(*words).with_suffix(".py"), folder.joinpath(*words, "__init__.py")):
            if file.is_file():
                return str(file)
    try:
        spec = importlib.util.find_spec(words[0])
    except (ImportError, ValueError):
        return None
    if spec is None or spec.origin is None:
        return None
    if len(words) == 1:
        return spec.origin
    for place in spec.submodule_search_locations or ():
        file = Path(place).joinpath(*words[1:]).with_suffix(".py")
        if file.is_file():
            return str(file)
    return None
