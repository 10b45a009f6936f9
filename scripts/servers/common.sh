# Sourced by the server scripts, test.sh, bench.sh and quickstart.sh.

say() { printf '%s\n' "$*" >&2; }
die() { say "${0##*/}: $*"; exit 1; }

# Prints a loopback port nobody listens on. Below the ephemeral range, so that no outgoing connection takes it meanwhile.
free_port() {
  local port attempt
  for attempt in {1..200}; do
    port=$((20000 + RANDOM % 12000))
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      echo "$port"
      return 0
    fi
  done
  die "no free loopback port after $attempt attempts"
}

random_word() { od -An -N12 -tx1 /dev/urandom | tr -d ' \n'; }

# wait_until SECONDS WHAT COMMAND...: polls COMMAND; fails, naming WHAT, when it is still false after SECONDS.
wait_until() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    if ((SECONDS >= deadline)); then
      say "${0##*/}: still waiting for $what"
      return 1
    fi
    sleep 0.1
  done
}

is_alive() { [[ -n ${1:-} ]] && kill -0 "$1" 2>/dev/null && [[ $(state_of "$1") != Z ]]; }
state_of() { sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null; }
is_gone() { ! is_alive "$1"; }

# stop_pid PID SECONDS: TERM, and KILL when it has not gone by then.
stop_pid() {
  local pid=$1 seconds=$2
  is_alive "$pid" || return 0
  kill -TERM "$pid" 2>/dev/null || true
  wait_until "$seconds" "process $pid to end" is_gone "$pid" 2>/dev/null && return 0
  kill -KILL "$pid" 2>/dev/null || true
  wait_until 10 "process $pid to end after SIGKILL" is_gone "$pid"
}

# The first number in a file, or nothing.
pid_in() { [[ -s $1 ]] && sed -n '1s/[^0-9]*\([0-9]\{1,\}\).*/\1/p' "$1" || true; }

# The processes that have TEXT in their command line, without this shell and its children.
processes_naming() {
  local file pid
  for file in /proc/[0-9]*/cmdline; do
    pid=${file#/proc/} pid=${pid%/cmdline}
    [[ $pid != "$$" && $pid != "$BASHPID" ]] || continue
    # It may end while we look.
    if { tr '\0' ' ' <"$file" | grep -qF -- "$1"; } 2>/dev/null; then echo "$pid"; fi
  done
}
