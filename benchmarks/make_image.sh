#!/bin/sh
# Make the image netns-mysql-benchmark, for the row of testcontainers: out of the fetched server and a static busybox,
# since no registry is needed for these. It does what the official image does, as far as MySqlContainer asks for it.
#
#     benchmarks/make_image.sh [BUSYBOX]
#
# It needs a running Docker, a server from `netns-mysql fetch`, a Python that this plugin is installed in (PYTHON names
# another than python3), and a busybox that is linked statically: on Debian apt install busybox-static.
set -eu
here=$(dirname "$0")
busybox=${1:-$(command -v busybox)} || { echo "make_image.sh: no busybox: apt install busybox-static" >&2; exit 1; }
server=$("${PYTHON:-python3}" -c '
import sys
from pytest_netns_mysql import settings
from pytest_netns_mysql.mysql.distribution import fetched
found = fetched(settings.resolve(settings.environment).cache)
sys.exit("make_image.sh: no fetched server: run `netns-mysql fetch`") if found is None else print(found.basedir)
')
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

mkdir -p "$root/bin" "$root/etc" "$root/usr/local/bin" "$root/var/lib/mysql" "$root/var/lib/mysql-files" "$root/run/mysqld" "$root/tmp" \
    "$root$(dirname "$server")"
chmod 1777 "$root/tmp"
ln -s ../run "$root/var/run"
# The loader's path in the programs is absolute: the server has to lie where it lay.
cp -a "$server" "$root$server"
cp "$busybox" "$root/bin/busybox"
chroot "$root" /bin/busybox --install -s /bin
for program in mysqld mysql mysqladmin; do ln -s "$server/bin/$program" "$root/usr/local/bin/$program"; done
printf 'root:x:0:0:root:/root:/bin/sh\nmysql:x:999:999::/var/lib/mysql:/bin/false\n' >"$root/etc/passwd"
printf 'root:x:0:\nmysql:x:999:\n' >"$root/etc/group"
# The official image's.
cat >"$root/etc/my.cnf" <<'END'
[mysqld]
host-cache-size=0
skip-name-resolve
datadir=/var/lib/mysql
socket=/var/run/mysqld/mysqld.sock
secure-file-priv=/var/lib/mysql-files
user=mysql
pid-file=/var/run/mysqld/mysqld.pid

[client]
socket=/var/run/mysqld/mysqld.sock
END
cp "$here/image_entrypoint.sh" "$root/usr/local/bin/docker-entrypoint.sh"
chmod 755 "$root/usr/local/bin/docker-entrypoint.sh"

tar -C "$root" -c . | docker import \
    --change 'ENV PATH=/usr/local/bin:/bin' --change 'VOLUME /var/lib/mysql' --change 'EXPOSE 3306 33060' \
    --change 'ENTRYPOINT ["docker-entrypoint.sh"]' --change 'CMD ["mysqld"]' - netns-mysql-benchmark
