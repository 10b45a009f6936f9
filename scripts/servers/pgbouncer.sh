#!/usr/bin/env bash
# PgBouncer before a PostgreSQL server, in transaction mode: each transaction may get another connection.
#
#   pgbouncer.sh start DIR CONNECTION   start it before the server of an Npgsql connection string; prints one that leads through it
#   pgbouncer.sh stop DIR               end it, connections and all
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

readonly program=/usr/sbin/pgbouncer

value() { sed -n "s/.*\(^\|;\)$1=\([^;]*\).*/\2/p" <<<"$connection"; }

# It refuses to run as root.
as_owner() {
  if ((EUID == 0)); then exec setsid setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; else exec setsid "$@"; fi
}

start() {
  [[ -x $program ]] || die "no pgbouncer: apt-get install pgbouncer"
  if [[ ! -s $dir/port ]]; then
    mkdir -p "$dir"
    free_port >"$dir/port"
    (umask 077; printf '"%s" "%s"\n' "$(value Username)" "$(value Password)" >"$dir/users")
    cat >"$dir/pgbouncer.ini" <<CONF
[databases]
* = host=$(value Host) port=$(value Port)
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $(<"$dir/port")
unix_socket_dir =
auth_type = scram-sha-256
auth_file = $dir/users
pool_mode = transaction
default_pool_size = 4
max_client_conn = 200
ignore_startup_parameters = extra_float_digits
logfile = $dir/log
CONF
    if ((EUID == 0)); then chown -R postgres:postgres "$dir"; fi
  fi
  # By exec, so that the pid is its own.
  (as_owner "$program" "$dir/pgbouncer.ini") >>"$dir/output" 2>&1 </dev/null &
  echo $! >"$dir/pid"
  wait_until 30 "PgBouncer" answers "$(<"$dir/port")" || { tail -n 20 "$dir/output" >&2; stop; die "PgBouncer did not start"; }
  echo "Host=127.0.0.1;Port=$(<"$dir/port");Username=$(value Username);Password=$(value Password)"
}

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1"); }
stop() {
  local pid
  pid=$(pid_in "$dir/pid")
  if is_alive "$pid"; then kill -KILL "$pid"; wait_until 10 "PgBouncer to end" is_gone "$pid"; fi
}

(($# >= 2)) || die "usage: pgbouncer.sh start|stop DIR [CONNECTION]"
readonly verb=$1 dir=$(readlink -m "$2") connection=${3-}
case $verb in
  start) start ;;
  stop) stop ;;
  *) die "unknown verb $verb" ;;
esac
