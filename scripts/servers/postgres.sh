#!/usr/bin/env bash
# A PostgreSQL cluster of its own, on loopback, with the durable settings of a real one.
#
#   postgres.sh start DIR             start the cluster that lives in DIR (created on first use); prints a connection
#                                     string for Npgsql, without a database
#   postgres.sh stop DIR [immediate]  stop it (fast by default; immediate is a crash); the data stays
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

shopt -s nullglob
candidates=(/usr/lib/postgresql/*/bin)
readonly programs=${POSTGRES_PROGRAMS:-${candidates[-1]:-}}

# PostgreSQL refuses to run as root.
as_owner() {
  if ((EUID == 0)); then
    setpriv --reuid=postgres --regid=postgres --clear-groups env HOME="$dir" LC_ALL=C.UTF-8 "$@"
  else
    env LC_ALL=C.UTF-8 "$@"
  fi
}

create() {
  mkdir -p "$dir"
  local password port
  password=$(random_word) port=$(free_port)
  (umask 077; printf '%s' "$password" >"$dir/password")
  if ((EUID == 0)); then chown postgres:postgres "$dir" "$dir/password"; fi
  as_owner "$programs/initdb" -D "$dir/data" -U scitq --pwfile="$dir/password" -A scram-sha-256 \
    -E UTF8 --locale=C.UTF-8 --no-sync >"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log" >&2; die "initdb failed in $dir"; }
  cat >>"$dir/data/postgresql.conf" <<CONF
port = $port
listen_addresses = '127.0.0.1'
unix_socket_directories = '$dir'
max_connections = 300
fsync = on
synchronous_commit = on
full_page_writes = on
CONF
  echo "Host=127.0.0.1;Port=$port;Username=scitq;Password=$password" >"$dir/connection"
}

start() {
  [[ -n $programs && -x $programs/pg_ctl ]] || die "no PostgreSQL server programs: apt-get install postgresql-15"
  [[ -s $dir/connection ]] || create
  as_owner "$programs/pg_ctl" -D "$dir/data" -w -t 60 -l "$dir/data/server.log" start >"$dir/start.log" 2>&1 \
    || { cat "$dir/start.log" "$dir/data/server.log" >&2; die "PostgreSQL did not start in $dir"; }
  cat "$dir/connection"
}

stop() {
  [[ -s $dir/data/postmaster.pid ]] || return 0
  as_owner "$programs/pg_ctl" -D "$dir/data" -w -t 60 -m "${1:-fast}" stop >/dev/null
}

(($# >= 2)) || die "usage: postgres.sh start|stop DIR [immediate]"
readonly verb=$1 dir=$(readlink -m "$2")
shift 2
cd /
case $verb in
  start) start ;;
  stop) stop "$@" ;;
  *) die "unknown verb $verb: start or stop" ;;
esac
