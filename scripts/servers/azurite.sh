#!/usr/bin/env bash
# Microsoft's emulator of Azure's blob store, on loopback. Needs Node.js and npm.
#
#   azurite.sh start DIR [MODULES]   start it; prints the URL of its blob service. MODULES is where it is installed by
#                                    npm if missing (DIR/modules by default), and can be kept to be used again.
#                                    Its data is in memory, or with SCITQ_TEST_AZURITE_DISK=true in DIR/data
#   azurite.sh stop DIR              stop it; the data is gone
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

readonly version=3.37.0

start() {
  local modules program port
  modules=$(readlink -m "${1:-$dir/modules}")
  program=$modules/node_modules/azurite/dist/src/blob/main.js
  command -v node >/dev/null && command -v npm >/dev/null || die "no Node.js with npm: apt-get install nodejs npm"
  if [[ ! -e $program ]]; then
    mkdir -p "$modules"
    npm install --silent --no-audit --no-fund --prefix "$modules" "azurite@$version" >"$dir/npm.log" 2>&1 \
      || { tail -n 5 "$dir/npm.log" >&2; die "npm could not install azurite $version"; }
  fi
  local where=(--inMemoryPersistence)
  if [[ ${SCITQ_TEST_AZURITE_DISK:-} == true ]]; then where=(--location "$dir/data"); fi
  port=$(free_port)
  (cd "$dir" && exec setsid node "$program" --silent --skipApiVersionCheck "${where[@]}" --disableTelemetry \
    --blobHost 127.0.0.1 --blobPort "$port") >"$dir/log" 2>&1 </dev/null &
  echo $! >"$dir/pid"
  wait_until 60 "Azurite" answers "$port" || { tail -n 20 "$dir/log" >&2; stop; die "Azurite did not start"; }
  echo "http://127.0.0.1:$port"
}

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1"); }
stop() { stop_pid "$(pid_in "$dir/pid")" 5; }

(($# >= 2)) || die "usage: azurite.sh start|stop DIR [MODULES]"
readonly verb=$1 dir=$(readlink -m "$2")
shift 2
mkdir -p "$dir"
case $verb in
  start) start "$@" ;;
  stop) stop ;;
  *) die "unknown verb $verb" ;;
esac
