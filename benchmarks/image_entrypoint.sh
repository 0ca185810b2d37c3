#!/bin/sh
# What the official image's docker-entrypoint.sh does in a container without data, step for step, but for loading time
# zones.
set -eu
socket=/var/run/mysqld/mysqld.sock
chown -R mysql:mysql /var/lib/mysql /run/mysqld

echo "[Entrypoint]: Initializing database files"
mysqld --initialize-insecure --default-time-zone=SYSTEM --autocommit=1

echo "[Entrypoint]: Starting temporary server"
mysqld --skip-networking --default-time-zone=SYSTEM --socket="$socket" --autocommit=1 &
until mysqladmin --user=root --silent ping >/dev/null 2>&1; do sleep 0.1; done

mysql --user=root <<END
ALTER USER 'root'@'localhost' IDENTIFIED BY '${MYSQL_ROOT_PASSWORD}';
CREATE USER 'root'@'%' IDENTIFIED BY '${MYSQL_ROOT_PASSWORD}';
GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;
CREATE DATABASE IF NOT EXISTS \`${MYSQL_DATABASE}\`;
CREATE USER '${MYSQL_USER}'@'%' IDENTIFIED BY '${MYSQL_PASSWORD}';
GRANT ALL ON \`${MYSQL_DATABASE}\`.* TO '${MYSQL_USER}'@'%';
END

echo "[Entrypoint]: Stopping temporary server"
MYSQL_PWD=$MYSQL_ROOT_PASSWORD mysqladmin --user=root shutdown
wait
echo "[Entrypoint]: MySQL init process done. Ready for start up."
exec "$@"
