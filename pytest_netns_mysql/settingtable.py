"""The table of settings, which defines the command line, the environment, the ini keys and the docs page.

Every pytest run imports this module, so it has nothing but the table.
"""

from __future__ import annotations

from typing import NamedTuple

TOPOLOGY_FILE = "netns-topology.toml"
SECRET = ("external_password", "image_env")
"""The settings whose values messages do not print."""


class Setting(NamedTuple):
    """A setting: ``--netns-NAME`` on the command line, ``NETNS_NAME`` in the environment, ``netns_NAME`` in ini files.

    Attributes:
        name: NAME, in lower case.
        default: The text that is used if the setting is left out.
        help: What the setting does and what each value means, in sentences, for ``--help`` and the docs.
        metavar: What stands for the value in ``--help`` and messages.
        choices: The allowed values; empty if others are allowed.
        former: Earlier names, which work and are warned of.
        spelled: The name by which the setting is looked for; ``name`` if it is empty.
    """

    name: str
    default: str
    help: str
    metavar: str
    choices: tuple[str, ...] = ()
    former: tuple[str, ...] = ()
    spelled: str = ""

    @property
    def help_with_default(self) -> str:
        """The help, with the default if there is one."""
        return f"{self.help} Default: {self.default}." if self.default else self.help

    @property
    def spellings(self) -> tuple[Setting, ...]:
        """The setting itself, and the setting by each of its earlier names."""
        return (self, *(self._replace(spelled=name) for name in self.former))

    @property
    def option(self) -> str:
        """The name on the command line."""
        return f"--netns-{(self.spelled or self.name).replace('_', '-')}"

    @property
    def variable(self) -> str:
        """The name in the environment."""
        return f"NETNS_{(self.spelled or self.name).upper()}"

    @property
    def ini(self) -> str:
        """The name in the ini file."""
        return f"netns_{self.spelled or self.name}"


TABLE: tuple[Setting, ...] = (
    Setting(
        "mode",
        "auto",
        "How to create the sandbox. direct: with CAP_SYS_ADMIN and CAP_NET_ADMIN, which root has. rootless: in a user "
        "namespace, as any user. auto: direct if possible, else rootless.",
        "MODE",
        ("auto", "direct", "rootless"),
    ),
    Setting(
        "topology",
        "red-blue",
        "The network that tests run in: a preset, a TOML file, FILE::NAME for one of several topologies in a file, a "
        "compose file, or a folder with a compose file. With several, separated by commas, every netns test runs in "
        "each of them. If the setting is left out, a netns-topology.toml beside the ini file, or in pytest's rootdir "
        "without an ini file, is used. --netns-topology without a value draws the topologies, shows which tests run "
        "where, and runs no test.",
        "NAME|FILE[,...]",
    ),
    Setting(
        "mysqld",
        "auto",
        "The server that tests run on: auto; mariadb; the path of a mysqld, of a mariadbd, or of a folder with "
        "bin/mysqld; docker://IMAGE; or external:HOST:PORT for a server that is already running. auto looks on PATH, "
        "in the usual folders such as /usr/sbin, and among the fetched servers, then fetches a server, and as a last "
        "resort runs docker://mysql:8.4. With several, separated by commas, every netns test runs on each of them.",
        "auto|mariadb|PATH|docker://IMAGE|external:HOST:PORT[,...]",
    ),
    Setting(
        "fetch",
        "auto",
        "Whether to download what is missing. auto: fetch MySQL, MariaDB and MySQL Router from the machine's package "
        "sources, and pull container images. never: download nothing; a missing server is an error.",
        "WHEN",
        ("auto", "never"),
    ),
    Setting(
        "image_env",
        "",
        "Environment variables for the entrypoint of docker://IMAGE, such as MYSQL_DATABASE=shop,MYSQL_USER=app.",
        "NAME=VALUE[,...]",
    ),
    Setting(
        "image_initdb",
        "",
        "A folder of scripts for the entrypoint of docker://IMAGE, which finds them in /docker-entrypoint-initdb.d. "
        "The scripts run again only if the folder has changed.",
        "DIR",
    ),
    Setting("external_user", "root", "The administrator's user name on external:HOST:PORT.", "USER"),
    Setting(
        "external_password",
        "",
        "The password of netns_external_user. Set it in the environment, because other users can see command lines.",
        "PASSWORD",
    ),
    Setting(
        "unavailable",
        "error",
        "What to do with netns tests if no sandbox can be created. error: fail them. skip: skip them.",
        "WHAT",
        ("error", "skip"),
    ),
    Setting(
        "other_tests",
        "fail",
        "What to do with other tests that come after a netns test, if the process cannot return to the host's network. "
        "fail: fail them. allow: run them inside the sandbox, without the host's network.",
        "WHAT",
        ("fail", "allow"),
    ),
    Setting(
        "leftovers",
        "reset",
        "What to do with changes that a test leaves behind, such as accounts, schemas, variables and routes. reset: "
        "undo them. fail: undo them, and fail the test. keep: do nothing. The marker netns_leftovers overrides this "
        "setting.",
        "WHAT",
        ("reset", "fail", "keep"),
    ),
    Setting(
        "pause",
        "marked",
        "When to pause until you press Enter, so that `netns-mysql shell` can enter the test's namespaces while "
        "everything is still up. marked: before the teardown of tests with the marker netns_pause. failed: after each "
        "netns test that failed, too; --netns-pause without a value means the same. off: never.",
        "WHEN",
        ("marked", "failed", "off"),
    ),
    Setting(
        "start",
        "auto",
        "When to start netns_mysqld. early: before conftests are imported. late: when the first test asks for the "
        "server; a standing server is taken at once. auto: early if the previous run used the server, else right "
        "after collection.",
        "WHEN",
        ("auto", "early", "late"),
    ),
    Setting(
        "reuse",
        "auto",
        "Whether to use a standing server, which `netns-mysql up` starts. auto: yes if a standing server is up, but "
        "not in CI (if the environment variable CI is set, and is not 0 or false). always: yes, in CI too; start a "
        "standing server if none is up. never: no.",
        "WHEN",
        ("auto", "always", "never"),
    ),
    Setting(
        "report",
        "",
        "The files to which the report of all netns tests is written when the run ends. The suffix of each file "
        "chooses the format: .html, .json or .md.",
        "FILE.html|FILE.json|FILE.md[,...]",
    ),
    Setting(
        "general_log",
        "off",
        "Whether servers write the general query log. on: the report of a failed test has the last statements of all "
        "connections, even of closed connections and on MariaDB. off: the report has the statements of open "
        "connections on MySQL. A server that you run yourself keeps its own log settings.",
        "WHEN",
        ("off", "on"),
    ),
    Setting(
        "capture",
        "off",
        "Which netns tests leave their packets in a pcapng file for Wireshark. The file has all interfaces of all "
        "namespaces. off: none. failed: tests that fail. all: all tests.",
        "WHICH",
        ("off", "failed", "all"),
    ),
    Setting(
        "capture_dir",
        "netns-captures",
        "The folder for the files of netns_capture, one file for each test. The default folder is in pytest's rootdir.",
        "DIR",
    ),
    Setting(
        "capture_keys",
        "off",
        "Whether the files of netns_capture contain the secrets of TLS connections, so that Wireshark can decrypt "
        "them. on: for connections that mysql.connector and PyMySQL opened through this plugin. off: never.",
        "WHEN",
        ("off", "on"),
    ),
    Setting(
        "start_timeout",
        "30",
        "How long to wait for a server to answer, in seconds. The longest time is a day, 86400.",
        "SECONDS",
    ),
    Setting(
        "cache",
        "",
        "The folder for fetched servers and data directories. If the setting is left out or empty: the folder "
        "pytest-netns-mysql in the user's cache folder, which is $XDG_CACHE_HOME, else ~/.cache.",
        "DIR",
    ),
)
