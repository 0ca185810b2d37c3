"""Whether netns tests are to be expected in a run: the word netns in its test files, before anything is imported."""

from __future__ import annotations

import fnmatch
import importlib.util
import os
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

# A marker, a fixture, an import: netns, netns_mysql, pytest_netns_mysql.
_WORD = re.compile(rb"\b(?:pytest_)?netns(?:_\w+)?\b")
_PLUGINS = re.compile(rb"pytest_plugins\b[^=\n]*=\s*(\[[^\]]*\]|\([^)]*\)|[^\n]*)")
_QUOTED = re.compile(rb"""["']([\w.]+)["']""")
_CONFTEST = "conftest.py"
_VENV = ("pyvenv.cfg", "conda-meta")

_MOST_FILES = 5000
_MOST_BYTES = 1 << 26
_LONGEST = 0.5  # seconds


@dataclass(frozen=True)
class Places:
    """Where a run looks for tests.

    Attributes:
        paths: The files and folders of the run's arguments, or those of testpaths.
        root: The rootdir: conftests are read from there down to each path.
        files: The patterns of python_files.
        ignored: The patterns of norecursedirs.
        plugins: The modules that are loaded as plugins, by name.
    """

    paths: Sequence[Path]
    root: Path
    files: Sequence[str]
    ignored: Sequence[str]
    plugins: Sequence[str] = ()


def mentions_netns(places: Places) -> bool:
    """Return True if a test file, a conftest or a module beside them has the word netns.

    Test files and conftests are read before other modules of the same folders. At most 5000 files, 64 MB and half a
    second are spent; what is not found by then is not there.
    """
    return _Search(places).run()


@dataclass
class _Search:
    places: Places
    seen: set[str] = field(default_factory=set)
    helpers: list[str] = field(default_factory=list)
    modules: list[str] = field(default_factory=list)
    bytes: int = 0
    deadline: float = field(default_factory=lambda: time.monotonic() + _LONGEST)

    def run(self) -> bool:
        self.modules += self.places.plugins
        if any(self._has_word(file) for file in self._candidates()):
            return True
        if any(self._has_word(file) for file in self.helpers):
            return True
        while self.modules:  # a plugin may name others
            file = _file_of(self.modules.pop(), self.places)
            if file is not None and self._has_word(file):
                return True
        return False

    @property
    def _is_over(self) -> bool:
        return len(self.seen) > _MOST_FILES or self.bytes > _MOST_BYTES or time.monotonic() > self.deadline

    def _has_word(self, file: str) -> bool:
        if file in self.seen or self._is_over:
            return False
        self.seen.add(file)
        try:
            with open(file, "rb", buffering=0) as stream:  # noqa: PTH123 - thousands of files, and Path is slower
                text = stream.read(_MOST_BYTES)
        except OSError:
            return False
        self.bytes += len(text)
        if b"pytest_plugins" in text:
            for names in _PLUGINS.findall(text):
                self.modules += [name.decode() for name in _QUOTED.findall(names)]
        return b"netns" in text and _WORD.search(text) is not None

    def _candidates(self) -> Iterator[str]:
        """Give test files and conftests, and note the other modules of their folders."""
        for path in self.places.paths:
            for folder in _between(self.places.root, path):
                yield os.path.join(folder, _CONFTEST)  # noqa: PTH118 - as above
        for path in self.places.paths:
            if path.is_dir():
                yield from self._below(str(path), is_of_tests=False)
            else:
                yield str(path)

    def _below(self, top: str, *, is_of_tests: bool) -> Iterator[str]:
        waiting = [(top, is_of_tests)]
        visited = set()
        while waiting and not self._is_over:
            folder, is_of_tests = waiting.pop()
            try:
                with os.scandir(folder) as scan:
                    entries = list(scan)
            except OSError:
                continue
            if folder != top and any(entry.name in _VENV for entry in entries):
                continue
            modules = [entry for entry in entries if entry.name.endswith(".py")]
            tests = [entry for entry in modules if self._is_test(entry)]
            yield from (entry.path for entry in tests)
            is_of_tests = is_of_tests or bool(tests)
            if is_of_tests:
                self.helpers += [entry.path for entry in modules if entry not in tests]
            for entry in entries:
                if self._is_folder(entry):
                    if entry.is_symlink():
                        real = os.path.realpath(entry.path)
                        if real in visited or folder.startswith(real):
                            continue
                        visited.add(real)
                    waiting.append((entry.path, is_of_tests))

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
    """Match as pytest does: a pattern with a slash is one of the path's end."""
    if "/" not in pattern:
        return fnmatch.fnmatchcase(entry.name, pattern)
    return fnmatch.fnmatchcase(entry.path, pattern if pattern.startswith("/") else f"*/{pattern}")


def _between(root: Path, path: Path) -> Iterable[Path]:
    """Return the folders from the root to a path; those above it, up to the file system's, where it lies elsewhere."""
    folders = [path, *path.parents]
    return folders[: folders.index(root) + 1] if root in folders else folders


def _file_of(module: str, places: Places) -> str | None:
    """Return the source of a module, sought without importing anything, or None."""
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
