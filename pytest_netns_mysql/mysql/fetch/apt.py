"""apt with a private root, for packages from the machine's own signed sources."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.errors import FetchError
from pytest_netns_mysql.kernel.namespaces import launcher
from pytest_netns_mysql.mysql.fetch.progress import of_total, size_below
from pytest_netns_mysql.mysql.fetch.sources import ORIGINS, ROOM, Source, parse_stanzas

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_netns_mysql.mysql.fetch.progress import Progress

# apt.conf(5): the machine's own configuration stays in force, with its proxies, certificates and credentials. Only the
# folders that apt reads and writes are private. Hooks are cleared, because they would act on the machine, and so are
# pins and the default release, because they are about the machine's suites. Without the error mode, apt-get update
# would succeed although it could not reach a source.
_CONFIGURATION = """\
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
APT::Default-Release "";
APT::Install-Recommends "false";
APT::Install-Suggests "false";
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Dir::State "{root}/state";
Dir::State::lists "lists/";
Dir::State::status "{root}/status";
Dir::Cache "{root}/cache";
Dir::Cache::archives "archives/";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
"""
_OWN_SOURCES = """\
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "{root}/sources";
"""

# apt-secure(8): unsigned packages are refused, even if the machine's configuration allows them.
_SIGNED_ONLY = (
    "APT::Get::AllowUnauthenticated=false",
    "Acquire::AllowInsecureRepositories=false",
    "Acquire::AllowWeakRepositories=false",
    "Acquire::AllowDowngradeToInsecureRepositories=false",
)
_LOGIN = re.compile(r"(?<=://)[^/\s]*@")
_CONFIGURABLE = re.compile(r'[^"\\\x00-\x1f\x7f\ud800-\udfff]+')  # the last are bytes that are not UTF-8
_ERROR_LINE = re.compile(r"(E:|W:|Err:)")


@dataclass(frozen=True)
class Package:
    """A package to download.

    Attributes:
        name: The name.
        version: The version.
        size: The size of the archive, in bytes.
        digest: The checksum as apt prints it, with the algorithm's name, or ''.
    """

    name: str
    version: str
    size: int
    digest: str


class AptRoot:
    """apt with its own state, cache and sources, for any user. Nothing is installed."""

    def __init__(self, root: Path, progress: Progress) -> None:
        """Create the root.

        Args:
            root: An existing empty folder.
            progress: Progress lines for downloads.

        Raises:
            FetchError: The machine has no apt.
        """
        missing = [name for name in ("apt-get", "apt-cache", "dpkg", "dpkg-deb") if shutil.which(name) is None]
        if missing:
            raise FetchError(
                f"this machine has no {missing[0]}: fetching works where packages come by apt",
                tried=(f"{missing[0]} in PATH={os.environ.get('PATH', '')}",),
            )
        if not _CONFIGURABLE.fullmatch(str(root)):
            raise FetchError(
                "apt's configuration cannot name a folder whose path has a quotation mark, a backslash, a line "
                "break or bytes that are not UTF-8",
                where=str(root),
                remedies=("set NETNS_CACHE to another folder",),
            )
        self.root = root
        self._progress = progress
        self.sources: tuple[Source, ...] = ()
        for folder in ("state/lists/partial", "cache/archives/partial", "sources", "debs"):
            (root / folder).mkdir(parents=True)
        (root / "status").touch()
        (root / "machine.conf").write_text(_CONFIGURATION.format(root=root), "utf-8")
        (root / "apt.conf").write_text((_CONFIGURATION + _OWN_SOURCES).format(root=root), "utf-8")

    def architecture(self) -> str:
        """Return the machine's architecture as packages name it, such as ``amd64``."""
        return _run(["dpkg", "--print-architecture"]).stdout.strip()

    def where(self) -> str:
        """Return the archives and suites in use for messages, without the logins that addresses may contain."""
        return ", ".join(f"{_LOGIN.sub('', source.uri)} {' '.join(source.suites)}" for source in self.sources)

    def use(self, sources: Sequence[Source]) -> None:
        """Use these sources, and download their signed indexes; raise FetchError if that fails."""
        self.sources = tuple(sources)
        text = "\n".join(source.stanza() for source in sources)
        (self.root / "sources" / "fetch.sources").write_text(text)
        answer = self._apt("apt-get", "update", state=self._lists_state)
        if answer.returncode != 0:
            raise self._failure("the package indexes could not be downloaded and verified", answer)

    def names(self, pattern: str) -> list[str]:
        """Return the names of the packages that match a regular expression."""
        answer = self._apt("apt-cache", "search", "--names-only", pattern)
        return [line.split(" - ", 1)[0] for line in answer.stdout.splitlines() if " - " in line]

    def closure(self, names: Sequence[str]) -> list[Package]:
        """Return the packages of these names and all dependencies; raise FetchError if apt cannot resolve them."""
        answer = self._apt("apt-get", "install", "-qq", "--yes", "--print-uris", "--download-only", *names)
        packages = [_parse_uri(line) for line in answer.stdout.splitlines() if line.startswith("'")]
        if answer.returncode != 0 or not packages:
            raise self._failure(f"apt cannot resolve {', '.join(names)}", answer)
        return packages

    def download(self, packages: Sequence[Package], title: str) -> list[Path]:
        """Download packages, verified against the signed indexes, and return their files.

        Args:
            packages: The packages.
            title: The name of the product, for progress lines.

        Raises:
            FetchError: A package could not be downloaded or verified.
        """
        total = sum(package.size for package in packages)
        folder = self.root / "debs"
        before = set(folder.iterdir())

        # apt-get downloads into `archives`, and copies the files to its working directory at the end.
        archives = self.root / "cache" / "archives"
        size_before = size_below(archives)

        def state() -> str:
            done = max(size_below(archives) - size_before, size_below(folder))
            return f"downloading {title}: {of_total(done, total)}"

        wanted = [f"{package.name}={package.version}" for package in packages]
        answer = self._apt("apt-get", "download", "-qq", *wanted, cwd=folder, state=state)
        files = sorted(set(folder.iterdir()) - before)
        if answer.returncode != 0 or len(files) != len(packages):
            raise self._failure("the packages could not be downloaded and verified", answer)
        return files

    def targets(self) -> list[dict[str, str]]:
        """Return the machine's own package indexes, with the origin and label of their releases."""
        packages = "Created-By: Packages"
        targets = parse_stanzas(_run(["apt-get", "indextargets", packages]).stdout)
        if any(target.get("Origin") in ORIGINS for target in targets):
            return targets
        # If the machine's lists were deleted, as in many images, apt does not know the origins of its sources. They are
        # in the signed release files, which are small.
        releases_only = "Acquire::IndexTargets::deb::Packages::DefaultEnabled=false"
        options = ("update", "-o", releases_only)
        self._apt("apt-get", *options, configuration="machine.conf", state=self._lists_state)
        listing = ("apt-get", "indextargets", "--no-release-info", packages)
        targets = parse_stanzas(self._apt(*listing, configuration="machine.conf").stdout)
        return [{**target, **_release(target)} for target in targets]

    def _command(self, program: str, *arguments: str, configuration: str = "apt.conf") -> list[str]:
        options = [word for option in _SIGNED_ONLY for word in ("-o", option)]
        return [program, "-c", str(self.root / configuration), *options, *arguments]

    def _apt(
        self,
        program: str,
        *arguments: str,
        cwd: Path | None = None,
        configuration: str = "apt.conf",
        state: Callable[[], str] = lambda: "resolving packages",
    ) -> subprocess.CompletedProcess[str]:
        command = self._command(program, *arguments, configuration=configuration)
        return self._progress.run(launcher.command(command), state, cwd=cwd, environment=_environment())

    def _lists_state(self) -> str:
        return f"reading the package lists: {size_below(self.root / 'state' / 'lists') / 1e6:.0f} MB"

    def _failure(self, what: str, answer: subprocess.CompletedProcess[str]) -> FetchError:
        lines = _error_lines(answer) or [f"apt ended with status {answer.returncode} and printed no error"]
        working = "check that `apt-get update` works on this machine (apt-secure(8))"
        return FetchError(
            f"{what}: {lines[0]}",
            where=self.where() or None,
            tried=lines[1:8],
            remedies=(ROOM if "No space left" in lines[0] else working,),
        )


def _environment() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        launcher.command(command),
        env=_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
    )


def _error_lines(answer: subprocess.CompletedProcess[str]) -> list[str]:
    """Return the errors and warnings in apt's output, errors first, each line once."""
    lines = [line.strip() for line in (answer.stderr + "\n" + answer.stdout).splitlines()]
    complaints = [line for line in lines if _ERROR_LINE.match(line)]
    return list(dict.fromkeys(sorted(complaints, key=lambda line: not line.startswith("E:"))))


def _parse_uri(line: str) -> Package:
    """Return the package in a line of ``--print-uris``: ``'URI' NAME_VERSION_ARCH.deb SIZE DIGEST``."""
    try:
        _, file, size, *digest = line.split()
        name, version, _ = file.split("_")
        return Package(name, version.replace("%3a", ":"), int(size), digest[0] if digest else "")
    except ValueError as error:
        raise FetchError(f"apt names a package that cannot be one: {line}") from error


def _release(target: Mapping[str, str]) -> dict[str, str]:
    """Return the origin and label of an index, from the release file, which apt keeps only with a valid signature."""
    stem = target["Filename"].removesuffix(target["MetaKey"].replace("/", "_"))
    for file in (Path(f"{stem}InRelease"), Path(f"{stem}Release")):
        if file.is_file():
            stanzas = parse_stanzas(file.read_text(errors="replace"))
            return {name: stanza[name] for stanza in stanzas for name in ("Origin", "Label") if name in stanza}
    return {}
