"""The products that can be fetched: their packages, and the files that are kept of them."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_netns_mysql.mysql.versions import FIRST_MARIADB, FIRST_VERSION, WAYS_OUT, Version


@dataclass(frozen=True)
class Product:
    """A server or program that the machine's package sources offer.

    Attributes:
        name: The name for ``netns-mysql fetch``.
        title: The name in messages.
        package: The name of the main package, which the number of a release may follow.
        beside: Further packages of the same release.
        debian_suite: The suite in which Debian keeps the product, or None for the machine's own suite.
        programs: The programs that are kept, the main program first.
        more: Programs that are kept if the packages contain them.
        plugins: The folder of plugins, below the folder of libraries.
        share: Folders of data files below /usr/share, if the packages contain them.
        version_arguments: The arguments with which the main program prints its version.
        first: The first version that this plugin can use.
        needed_feature: The feature that came with that version, for errors.
        remedies: What to do if the product cannot be fetched.
    """

    name: str
    title: str
    package: str
    beside: tuple[str, ...]
    debian_suite: str | None
    programs: tuple[str, ...]
    more: tuple[str, ...]
    plugins: str
    share: tuple[str, ...]
    version_arguments: tuple[str, ...]
    first: Version
    needed_feature: str
    remedies: tuple[str, ...]

    @property
    def program(self) -> str:
        """The name of the main program."""
        return self.programs[0]


MYSQL = Product(
    name="mysql",
    title="MySQL",
    package="mysql-server-core",
    beside=("mysql-client-core",),
    debian_suite="unstable",  # Debian has MySQL in no other suite
    programs=("mysqld", "mysql", "mysqldump", "mysqladmin"),
    more=("mysqlbinlog", "mysqlcheck", "mysqlimport", "mysqlshow", "mysqlslap", "mysql_config_editor", "perror"),
    plugins="mysql/plugin",
    share=("mysql",),
    version_arguments=("--no-defaults", "--version"),
    first=FIRST_VERSION,
    needed_feature="network namespace support",
    remedies=(WAYS_OUT[0], WAYS_OUT[2]),
)

MARIADB = Product(
    name="mariadb",
    title="MariaDB",
    package="mariadb-server-core",
    # mariadb-client has the dump program, mariadb-server the plugins.
    beside=("mariadb-client-core", "mariadb-client", "mariadb-server"),
    debian_suite=None,
    programs=("mariadbd", "mariadb", "mariadb-dump", "mariadb-admin"),
    more=("mariadb-binlog", "mariadb-check", "mariadb-import", "mariadb-show", "mariadb-slap", "perror"),
    plugins="mysql/plugin",
    share=("mysql", "mariadb"),  # the first before MariaDB 11, the second since
    version_arguments=("--no-defaults", "--version"),
    first=FIRST_MARIADB,
    needed_feature="socket activation",
    remedies=(
        "install MariaDB 10.6 or newer, from your system's packages or from MariaDB's own",
        "name a server: netns_mysqld = /path/to/mariadbd",
    ),
)

ROUTER = Product(
    name="router",
    title="MySQL Router",
    package="mysql-router",
    beside=(),
    debian_suite="unstable",
    programs=("mysqlrouter",),
    more=("mysqlrouter_keyring", "mysqlrouter_passwd", "mysqlrouter_plugin_info"),
    plugins="mysqlrouter/plugin",
    share=(),
    version_arguments=("--version",),
    first=(8, 0, 0),
    needed_feature="the configuration file that this plugin writes",
    remedies=(
        "install MySQL Router, so that mysqlrouter is on PATH, from your system's packages or from MySQL's own",
        "name another proxy's program: factories.proxy([...])",
    ),
)

PRODUCTS = {product.name: product for product in (MYSQL, MARIADB, ROUTER)}
"""The products, by name."""
