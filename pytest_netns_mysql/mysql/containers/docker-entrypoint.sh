#!/bin/sh
# The conventions of the official image's entrypoint, for an image made of a fetched server: MYSQL_ROOT_PASSWORD,
# MYSQL_ALLOW_EMPTY_PASSWORD, MYSQL_ROOT_HOST, MYSQL_DATABASE, MYSQL_USER, MYSQL_PASSWORD, /docker-entrypoint-initdb.d,
# any user. Its other variables, and time zones, are left out.
set -eu

say() { echo "[Entrypoint]: $*"; }
fail() { echo "[ERROR] [Entrypoint]: $*" >&2; exit 1; }
setting() { echo "$settings" | awk -v name="$1" '/^[^ ]/ && $1 == name { print $2; exit }'; }
quoted() { printf "'%s'" "$(printf %s "$1" | sed "s/\\\\/\\\\\\\\/g; s/'/\\\\'/g")"; }
run() { MYSQL_PWD=$password mysql --no-defaults --user=root --socket="$socket" --comments "$@"; }

case ${1-} in -*) set -- mysqld "$@" ;; esac
[ "${1-}" = mysqld ] || exec "$@"

settings=$("$@" --verbose --help 2>/dev/null) || fail "mysqld cannot use these options: $*"
datadir=$(setting datadir)
socket=$(setting socket)
mkdir -p "$datadir"
[ "$(id -u)" != 0 ] || chown -R mysql:mysql "$datadir" "$(dirname "$socket")"

if [ ! -d "$datadir/mysql" ]; then
    [ -n "${MYSQL_ROOT_PASSWORD-}${MYSQL_ALLOW_EMPTY_PASSWORD-}" ] ||
        fail "Database is uninitialized and password option is not specified: MYSQL_ROOT_PASSWORD, MYSQL_ALLOW_EMPTY_PASSWORD"
    say "Initializing database files"
    "$@" --initialize-insecure --default-time-zone=SYSTEM
    say "Starting temporary server"
    "$@" --skip-networking --default-time-zone=SYSTEM --socket="$socket" &
    password=
    until run -e "SELECT 1" >/dev/null 2>&1; do
        kill -0 $! 2>/dev/null || fail "the temporary server did not come up"
        sleep 0.1
    done
    new=${MYSQL_ROOT_PASSWORD-}
    host=${MYSQL_ROOT_HOST-%}
    {
        if [ -n "$host" ] && [ "$host" != localhost ]; then
            echo "CREATE USER 'root'@$(quoted "$host") IDENTIFIED BY $(quoted "$new");"
            echo "GRANT ALL ON *.* TO 'root'@$(quoted "$host") WITH GRANT OPTION;"
        fi
        [ -z "${MYSQL_DATABASE-}" ] || echo "CREATE DATABASE IF NOT EXISTS \`$MYSQL_DATABASE\`;"
        if [ -n "${MYSQL_USER-}" ] && [ -n "${MYSQL_PASSWORD-}" ]; then
            echo "CREATE USER $(quoted "$MYSQL_USER")@'%' IDENTIFIED BY $(quoted "$MYSQL_PASSWORD");"
            [ -z "${MYSQL_DATABASE-}" ] || echo "GRANT ALL ON \`$MYSQL_DATABASE\`.* TO $(quoted "$MYSQL_USER")@'%';"
        fi
        echo "ALTER USER 'root'@'localhost' IDENTIFIED BY $(quoted "$new");"
    } | run
    password=$new
    for file in /docker-entrypoint-initdb.d/*; do
        case $file in
            *.sh) say "running $file"; . "$file" ;;
            *.sql) say "running $file"; run ${MYSQL_DATABASE+"$MYSQL_DATABASE"} <"$file" ;;
            *.sql.gz) say "running $file"; gunzip -c "$file" | run ${MYSQL_DATABASE+"$MYSQL_DATABASE"} ;;
        esac
    done
    say "Stopping temporary server"
    run -e SHUTDOWN
    wait
    say "MySQL init process done. Ready for start up."
fi
exec "$@"
