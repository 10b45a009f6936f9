#!/usr/bin/env bash
# Builds Scitq, starts it in one process on this machine, and runs a first task: the reads of a FASTQ file are counted.
#
#   ./quickstart.sh        start it, anew if it is running, and run the task
#   ./quickstart.sh stop   stop what an earlier call started; its data stay
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source scripts/servers/common.sh

readonly sample=docs/examples/sample.fastq.gz
# Data URIs hold no spaces, so the data of a clone in such a place go elsewhere.
case $PWD in
  *[[:space:]\|]*) home=${TMPDIR:-/tmp}/scitq-quickstart-$(id -u) ;;
  *) home=$PWD/.local/quickstart ;;
esac
readonly home data=$home/data results=$home/results log=$home/standalone.log pid_file=$home/standalone.pid

# Whether PID is a standalone of ours, and not a later process that was given its number.
is_ours() { is_alive "$1" && { tr '\0' '\n' <"/proc/$1/cmdline" | grep -qxF -- "$data"; } 2>/dev/null; }

stop() {
  local pid
  pid=$(pid_in "$pid_file")
  if [[ -n $pid ]] && is_ours "$pid"; then
    # The first signal lets running tasks end, the second stops at once.
    kill -TERM "$pid"
    wait_until 10 "running tasks to end" is_gone "$pid" || kill -TERM "$pid" 2>/dev/null || true
    stop_pid "$pid" 10
    echo "Stopped the earlier Scitq (pid $pid)."
  fi
  rm -f "$pid_file"
}

has_sdk() { command -v dotnet >/dev/null && dotnet --list-sdks 2>/dev/null | grep -q '^10\.'; }

need_sdk() {
  has_sdk && return 0
  export DOTNET_ROOT=$PWD/.local/dotnet PATH=$PWD/.local/dotnet:$PATH
  has_sdk && return 0
  echo "The .NET 10 SDK is not here: fetching it into .local/dotnet ..."
  local script=$home/dotnet-install.sh url=https://dot.net/v1/dotnet-install.sh
  if { curl -fsSL --connect-timeout 10 --max-time 60 -o "$script" "$url" || wget -q --timeout=10 --tries=1 -O "$script" "$url"; } 2>/dev/null \
    && bash "$script" --channel 10.0 --install-dir "$DOTNET_ROOT" --no-path >"$home/dotnet-install.log" 2>&1 && has_sdk; then
    return 0
  fi
  die "the .NET 10 SDK is missing and could not be fetched from $url.
  Install it (https://dotnet.microsoft.com/download/dotnet/10.0, or your distribution's package dotnet-sdk-10.0) and run this again."
}

need_commands() {
  local command
  for command in gzip setsid sed awk find cksum; do
    command -v "$command" >/dev/null || die "the command '$command' is missing: install it and run this again"
  done
}

# To find that nothing has changed takes the SDK longer than all that follows.
build() {
  local project started=$SECONDS sources
  sources=$(sources)
  if [[ -x bin/scitq-standalone && -x bin/scitq-launch && $(cat "$home/built" 2>/dev/null) == "$sources" ]]; then
    echo "Nothing has changed since it was built."
    return
  fi
  echo "Building ..."
  rm -f "$home/built"
  for project in Scitq.Standalone Scitq.Tools; do
    dotnet build "$project" -c Release -nologo -v quiet >"$home/build.log" 2>&1 \
      || { grep -E 'error|warning' "$home/build.log" | sort -u | head -n 20 >&2; die "$project did not build: see $home/build.log"; }
  done
  echo "$sources" >"$home/built"
  echo "Built in $((SECONDS - started)) s."
}
sources() {
  find Directory.* Scitq.* \( -name bin -o -name obj \) -prune -o -type f -printf '%p %s %T@\n' | LC_ALL=C sort | cksum
}

start() {
  mkdir -p "$data"
  # Its log is nobody else's business.
  chmod go-rw "$home"
  # The earlier one announced its address there.
  rm -f "$log"
  setsid bin/scitq-standalone --port 0 --data "$data" --concurrency "$(nproc)" --prefetch 1 >"$log" 2>&1 </dev/null &
  pid=$!
  echo "$pid" >"$pid_file"
  # A deadline of its own, for it may die at once, and then there is nothing to wait for.
  wait_until 30 "Scitq to listen" listening_or_dead || true
  api=$(sed -n 's/.*Listening on \(http:[^ ]*\).*/\1/p' "$log" | head -n 1)
  if [[ -z $api ]]; then
    tail -n 20 "$log" >&2
    stop_pid "$pid" 5
    die "Scitq did not start: its log is $log"
  fi
}
listening_or_dead() { grep -q 'Listening on ' "$log" || is_gone "$pid"; }

run_task() {
  local expected got status=0
  rm -rf "$results"
  mkdir -p "$results"
  cp "$sample" "$home/sample.fastq.gz"
  expected=$(gzip -dc "$sample" | awk 'END { print NR / 4 }')

  echo
  echo "A first task: count the reads of $sample"
  # shellcheck disable=SC2016  # the task's shell expands these
  bin/scitq-launch -s "$api" -n quickstart --follow -i "file://$home/sample.fastq.gz" -o "file://$results/" \
    sh -c 'gzip -dc "$INPUT"/*.fastq.gz | awk "END { print NR / 4 }" >"$OUTPUT/reads.txt" && echo "$(cat "$OUTPUT/reads.txt") reads"' \
    || status=$?
  if ((status)); then
    tail -n 10 "$log" >&2
    die "the task ended with exit code $status; Scitq's log is $log"
  fi
  [[ -f $results/reads.txt ]] || die "the task succeeded, but its output did not arrive in $results"
  got=$(<"$results/reads.txt")
  [[ $got == "$expected" ]] || die "the task counted '$got' reads where there are $expected"
  echo "Its output arrived: $results/reads.txt says $got"
}

case ${1:-} in
  '') ;;
  stop) stop; exit 0 ;;
  -h | --help) sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 0 ;;
  *) die "unknown argument $1: see ./quickstart.sh --help" ;;
esac
mkdir -p "$home"
need_commands
need_sdk
stop
build
start
# A Scitq that could not run the first task is of no use to anybody.
trap 'stop_pid "$pid" 5' EXIT
run_task
trap - EXIT

cat <<END

Scitq is running (pid $pid), $(nproc) tasks at a time.
  API       $api   (its token: $data/token)
  Data      $data
  Log       $log
  Next      export SCITQ_SERVER=$api
            bin/scitq-launch echo 'Hello world!'
            bin/scitq-manage task list
  Stop it   ./quickstart.sh stop   (or: kill $pid)
END
