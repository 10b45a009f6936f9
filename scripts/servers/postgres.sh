#!/usr/bin/env bash
# A PostgreSQL cluster of its own, on loopback, with the durable settings of a real one.
#
#   postgres.sh start DIR             start the cluster that lives in DIR (created on first use); prints a connection
#                                     string for Npgsql, without a database
#   postgres.sh standby DIR PRIMARY   make a hot standby in DIR of the running cluster in PRIMARY, which then commits nothing without it, and start it
#   postgres.sh promote DIR           make the standby a server of its own
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

standby() {
  local primary=$1 port
  port=$(free_port)
  mkdir -p "$dir"
  if ((EUID == 0)); then chown postgres:postgres "$dir"; fi
  local from
  from="host=127.0.0.1 port=$(sed -n 's/^port = //p' "$primary/data/postgresql.conf") user=scitq password=$(<"$primary/password") application_name=standby"
  as_owner "$programs/pg_basebackup" -D "$dir/data" -R -X stream -c fast -d "$from" >"$dir/backup.log" 2>&1 || { cat "$dir/backup.log" >&2; die "no base backup of $primary"; }
  cat >>"$dir/data/postgresql.conf" <<CONF
port = $port
unix_socket_directories = '$dir'
CONF
  sed "s/Port=[0-9]*/Port=$port/" "$primary/connection" >"$dir/connection"
  start
  # From here on what is committed is on both.
  echo "synchronous_standby_names = 'standby'" >>"$primary/data/postgresql.conf"
  as_owner "$programs/pg_ctl" -D "$primary/data" reload >/dev/null
}

promote() {
  sed -i '/^synchronous_standby_names/d' "$dir/data/postgresql.conf"
  as_owner "$programs/pg_ctl" -D "$dir/data" -w -t 60 promote >/dev/null
}

stop() {
  [[ -s $dir/data/postmaster.pid ]] || return 0
  as_owner "$programs/pg_ctl" -D "$dir/data" -w -t 60 -m "${1:-fast}" stop >/dev/null
}

(($# >= 2)) || die "usage: postgres.sh start|standby|promote|stop DIR [PRIMARY|immediate]"
readonly verb=$1 dir=$(readlink -m "$2")
shift 2
cd /
case $verb in
  start) start ;;
  standby) standby "$(readlink -m "$1")" ;;
  promote) promote ;;
  stop) stop "$@" ;;
  *) die "unknown verb $verb: start, standby, promote or stop" ;;
esac
