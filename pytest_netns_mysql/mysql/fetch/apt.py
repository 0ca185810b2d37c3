"""Read packages from the machine's own signed sources, through a private apt root."""

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

# apt.conf(5): the machine's own configuration stays in force (proxies, certificates,
# credentials); only where apt reads and writes is moved.  Hooks are cleared because they
# act on the machine, and the pins and the default release because they speak of its suites.
# Without the error mode apt-get update forgives a source that it could not reach.
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

# apt-secure(8): whatever the machine's configuration allows, nothing unsigned comes in here.
_SIGNED_ONLY = (
    "APT::Get::AllowUnauthenticated=false",
    "Acquire::AllowInsecureRepositories=false",
    "Acquire::AllowWeakRepositories=false",
    "Acquire::AllowDowngradeToInsecureRepositories=false",
)
_LOGIN = re.compile(r"(?<=://)[^/\s]*@")
_TELLING = re.compile(r"(E:|W:|Err:)")


@dataclass(frozen=True)
class Package:
    """Name one package of a download: ``size`` in bytes, ``digest`` as apt prints it."""

    name: str
    version: str
    size: int
    digest: str


class AptRoot:
    """Run apt with state, cache and sources of its own, as any user; nothing is installed."""

    def __init__(self, root: Path, progress: Progress) -> None:
        """Make the root in a folder; raises FetchError on a machine without apt."""
        missing = [name for name in ("apt-get", "apt-cache", "dpkg", "dpkg-deb") if shutil.which(name) is None]
        if missing:
            raise FetchError(
                f"this machine has no {missing[0]}: fetching works where packages come by apt",
                tried=(f"{missing[0]} in PATH={os.environ.get('PATH', '')}",),
            )
        self.root = root
        self._progress = progress
        self.sources: tuple[Source, ...] = ()
        for folder in ("state/lists/partial", "cache/archives/partial", "sources", "debs"):
            (root / folder).mkdir(parents=True)
        (root / "status").touch()
        (root / "machine.conf").write_text(_CONFIGURATION.format(root=root))
        (root / "apt.conf").write_text((_CONFIGURATION + _OWN_SOURCES).format(root=root))

    def architecture(self) -> str:
        """Return the machine's own architecture, as packages name it (``amd64``)."""
        return _run(["dpkg", "--print-architecture"]).stdout.strip()

    def where(self) -> str:
        """Return the archives and suites in use, without logins, which addresses may have in them."""
        return ", ".join(f"{_LOGIN.sub('', source.uri)} {' '.join(source.suites)}" for source in self.sources)

    def use(self, sources: Sequence[Source]) -> None:
        """Take these sources, and bring their signed indexes; raises FetchError."""
        self.sources = tuple(sources)
        text = "\n".join(source.stanza() for source in sources)
        (self.root / "sources" / "fetch.sources").write_text(text)
        answer = self._apt("apt-get", "update", how_far=self._of_lists)
        if answer.returncode != 0:
            raise self._failure("the package indexes could not be brought and verified", answer)

    def names(self, pattern: str) -> list[str]:
        """Return the packages on offer whose name matches a regular expression."""
        answer = self._apt("apt-cache", "search", "--names-only", pattern)
        return [line.split(" - ", 1)[0] for line in answer.stdout.splitlines() if " - " in line]

    def closure(self, names: Sequence[str]) -> list[Package]:
        """Resolve packages with everything that they depend on; raises FetchError."""
        answer = self._apt("apt-get", "install", "-qq", "--yes", "--print-uris", "--download-only", *names)
        packages = [_parse_uri(line) for line in answer.stdout.splitlines() if line.startswith("'")]
        if answer.returncode != 0 or not packages:
            raise self._failure(f"apt cannot resolve {', '.join(names)}", answer)
        return packages

    def download(self, packages: Sequence[Package], title: str) -> list[Path]:
        """Download packages, checked against the signed indexes; ``title`` says what they are. Raises FetchError."""
        total = sum(package.size for package in packages)
        folder = self.root / "debs"
        before = set(folder.iterdir())

        # apt-get keeps what comes below `archives`, and copies it here at the end.
        archives = self.root / "cache" / "archives"
        there = size_below(archives)

        def how_far() -> str:
            done = max(size_below(archives) - there, size_below(folder))
            return f"downloading {title}: {of_total(done, total)}"

        wanted = [f"{package.name}={package.version}" for package in packages]
        answer = self._apt("apt-get", "download", "-qq", *wanted, cwd=folder, how_far=how_far)
        files = sorted(set(folder.iterdir()) - before)
        if answer.returncode != 0 or len(files) != len(packages):
            raise self._failure("the packages could not be downloaded and verified", answer)
        return files

    def targets(self) -> list[dict[str, str]]:
        """Return the machine's own package indexes, each with its release's origin and label."""
        packages = "Created-By: Packages"
        targets = parse_stanzas(_run(["apt-get", "indextargets", packages]).stdout)
        if any(target.get("Origin") in ORIGINS for target in targets):
            return targets
        # A machine whose lists were emptied (an image, often) does not know its sources'
        # origins.  The signed release files alone tell, and are small.
        releases_only = "Acquire::IndexTargets::deb::Packages::DefaultEnabled=false"
        options = ("update", "-o", releases_only)
        self._apt("apt-get", *options, configuration="machine.conf", how_far=self._of_lists)
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
        how_far: Callable[[], str] = lambda: "resolving packages",
    ) -> subprocess.CompletedProcess[str]:
        command = self._command(program, *arguments, configuration=configuration)
        return self._progress.run(launcher.command(command), how_far, cwd=cwd, environment=_environment())

    def _of_lists(self) -> str:
        return f"reading the package lists: {size_below(self.root / 'state' / 'lists') / 1e6:.0f} MB"

    def _failure(self, what: str, answer: subprocess.CompletedProcess[str]) -> FetchError:
        lines = _telling_lines(answer) or [f"apt ended with status {answer.returncode} and said nothing"]
        working = "see that `apt-get update` works on this machine (apt-secure(8))"
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


def _telling_lines(answer: subprocess.CompletedProcess[str]) -> list[str]:
    """Pick the lines of apt's output that say what went wrong, errors first, without repeats."""
    lines = [line.strip() for line in (answer.stderr + "\n" + answer.stdout).splitlines()]
    telling = [line for line in lines if _TELLING.match(line)]
    return list(dict.fromkeys(sorted(telling, key=lambda line: not line.startswith("E:"))))


def _parse_uri(line: str) -> Package:
    """Read a line of ``--print-uris``: ``'URI' NAME_VERSION_ARCH.deb SIZE DIGEST``."""
    _, file, size, *digest = line.split()
    name, version, _ = file.split("_")
    return Package(name, version.replace("%3a", ":"), int(size), digest[0] if digest else "")


def _release(target: Mapping[str, str]) -> dict[str, str]:
    """Read the origin and label of an index; apt keeps a release file only when it is rightly signed."""
    stem = target["Filename"].removesuffix(target["MetaKey"].replace("/", "_"))
    for file in (Path(f"{stem}InRelease"), Path(f"{stem}Release")):
        if file.is_file():
            stanzas = parse_stanzas(file.read_text(errors="replace"))
            return {name: stanza[name] for stanza in stanzas for name in ("Origin", "Label") if name in stanza}
    return {}
