#!/usr/bin/env bash
# A RabbitMQ node as a plain process, with everything it has (epmd, cookie, data, ports) to itself and on loopback.
#
#   rabbitmq.sh start DIR [--management] [--config LINE]...
#                                start the node that lives in DIR (created on first use); prints its amqp:// URI, and
#                                with --management also its http:// URI on a second line
#   rabbitmq.sh stop DIR         orderly stop; the data stays
#   rabbitmq.sh kill DIR         SIGKILL; the data stays
#   rabbitmq.sh ctl DIR ARGS...  rabbitmqctl against that node
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# Debian's wrappers in /usr/sbin insist on the account rabbitmq; these run as anybody.
readonly programs=${RABBITMQ_PROGRAMS:-/usr/lib/rabbitmq/bin}

load() {
  [[ -s $dir/node.env ]] || die "no RabbitMQ node in $dir: start one first"
  source "$dir/node.env"
}

create() {
  mkdir -p "$dir"
  (umask 077; random_word >"$dir/.erlang.cookie"; chmod 400 "$dir/.erlang.cookie")
  local amqp management distribution epmd password
  amqp=$(free_port) management=$(free_port) distribution=$(free_port) epmd=$(free_port) password=$(random_word)
  cat >"$dir/node.env" <<ENV
readonly amqp_uri=amqp://scitq:$password@127.0.0.1:$amqp
readonly management_uri=http://scitq:$password@127.0.0.1:$management
export HOME=$dir ERL_EPMD_PORT=$epmd ERL_EPMD_ADDRESS=127.0.0.1
export RABBITMQ_NODENAME=scitq-$amqp@localhost RABBITMQ_DIST_PORT=$distribution
export RABBITMQ_MNESIA_BASE=$dir/mnesia RABBITMQ_LOG_BASE=$dir/log RABBITMQ_PID_FILE=$dir/pid
export RABBITMQ_CONFIG_FILE=$dir/rabbitmq.conf RABBITMQ_ENABLED_PLUGINS_FILE=$dir/plugins
export RABBITMQ_GENERATED_CONFIG_DIR=$dir/generated RABBITMQ_FEATURE_FLAGS_FILE=$dir/feature_flags
export RABBITMQ_CONF_ENV_FILE=/dev/null
# Schedulers that do not spin while idle: the machine is shared with what is being tested.
export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none'
export LANG=C.UTF-8
ENV
  cat >"$dir/base.conf" <<CONF
listeners.tcp.local = 127.0.0.1:$amqp
default_user = scitq
default_pass = $password
log.console = true
log.console.level = info
log.file = false
disk_free_limit.absolute = 200MB
CONF
  # Queue totals come from the queues themselves; collecting statistics for everything else would cost CPU for nothing.
  cat >"$dir/management.conf" <<CONF
management.tcp.ip = 127.0.0.1
management.tcp.port = $management
management_agent.disable_metrics_collector = true
CONF
}

start() {
  local management=false config=()
  while (($#)); do
    case $1 in
      --management) management=true; shift ;;
      --config) config+=("$2"); shift 2 ;;
      *) die "unknown option $1" ;;
    esac
  done
  [[ -x $programs/rabbitmq-server ]] || die "no RabbitMQ at $programs: apt-get install rabbitmq-server"
  [[ -s $dir/node.env ]] || create
  load
  is_alive "$(pid_in "$dir/pid")" && die "the node in $dir is running already"
  cp "$dir/base.conf" "$dir/rabbitmq.conf"
  if ((${#config[@]})); then printf '%s\n' "${config[@]}" >>"$dir/rabbitmq.conf"; fi
  if $management; then
    cat "$dir/management.conf" >>"$dir/rabbitmq.conf"
    echo '[rabbitmq_management].' >"$dir/plugins"
  else
    echo '[].' >"$dir/plugins"
  fi
  rm -f "$dir/pid" "$dir/out.log"

  # Left to itself the node would start an epmd that outlives it and that nobody can tell apart.
  if ! is_alive "$(pid_in "$dir/epmd.pid")"; then
    setsid epmd -port "$ERL_EPMD_PORT" -address 127.0.0.1 >"$dir/epmd.log" 2>&1 </dev/null &
    echo $! >"$dir/epmd.pid"
    wait_until 10 "epmd on port $ERL_EPMD_PORT" epmd -port "$ERL_EPMD_PORT" -names
  fi
  setsid "$programs/rabbitmq-server" >"$dir/out.log" 2>&1 </dev/null &
  echo $! >"$dir/launcher.pid"
  if ! wait_until 90 "RabbitMQ to start" started_or_dead || ! grep -q 'Server startup complete' "$dir/out.log"; then
    tail -n 20 "$dir/out.log" >&2
    kill_node
    die "RabbitMQ did not start: its output is in $dir/out.log"
  fi
  echo "$amqp_uri"
  if $management; then echo "$management_uri"; fi
}

started_or_dead() { grep -q 'Server startup complete' "$dir/out.log" || is_gone "$(cat "$dir/launcher.pid")"; }

stop_node() {
  stop_pid "$(pid_in "$dir/pid")" 30
  end_helpers
}

kill_node() {
  local pid
  pid=$(pid_in "$dir/pid")
  if is_alive "$pid"; then
    kill -KILL "$pid"
    wait_until 10 "RabbitMQ to die" is_gone "$pid"
  fi
  end_helpers
}

end_helpers() {
  stop_pid "$(pid_in "$dir/launcher.pid")" 5
  stop_pid "$(pid_in "$dir/epmd.pid")" 5
  rm -f "$dir/pid" "$dir/launcher.pid" "$dir/epmd.pid"
}

(($# >= 2)) || die "usage: rabbitmq.sh start|stop|kill|ctl DIR [ARGS]"
readonly verb=$1 dir=$(readlink -m "$2")
shift 2
case $verb in
  start) start "$@" ;;
  stop) stop_node ;;
  kill) kill_node ;;
  ctl) load; exec "$programs/rabbitmqctl" "$@" ;;
  *) die "unknown verb $verb: start, stop, kill or ctl" ;;
esac
