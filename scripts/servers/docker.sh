#!/usr/bin/env bash
# A Docker engine with its own data, bridge and containerd, beside whatever engine the machine may have. Needs root.
#
#   docker.sh start DIR [--own-network] [--tls PORT CERTIFICATES]
#                            start the engine that lives in DIR; prints its unix:// address. With a network namespace of
#                            its own its containers hear one another, and nothing else of the machine hears them. With
#                            --tls it also listens at 127.0.0.1:PORT, for clients with a certificate of the authority
#                            in CERTIFICATES (ca.pem, server.pem, server.key)
#   docker.sh stop DIR       remove its containers, stop it, take its bridge away
#   docker.sh image ADDRESS  make scitq-test/busybox:1 on the engine at ADDRESS, if it is not there
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

readonly image=scitq-test/busybox:1
cli() { DOCKER_HOST=$1 docker "${@:2}"; }

# The first of a few private networks that no interface here has.
free_network() {
  local n
  for n in {40..250}; do
    if ! ip -4 -o addr show | grep -q " 10\.213\.$n\." ; then echo "$n"; return 0; fi
  done
  die "no free 10.213.N.0/24 network for the test bridge"
}

create() {
  mkdir -p "$dir"
  local n
  n=$(free_network)
  # The name is also that of a containerd namespace, where no interface shows that it is taken.
  cat >"$dir/engine.env" <<ENV
bridge=$($own_network && echo "scitq-own$$" || echo "scitq$n") network=10.213.$n.1/24 pool=10.214.$n.0/24 own_network=$own_network
ENV
}

start() {
  ((EUID == 0)) || die "a Docker engine needs root; give a running one instead: SCITQ_TEST_DOCKER=unix:///var/run/docker.sock"
  command -v dockerd >/dev/null || die "no dockerd: apt-get install docker.io"
  [[ -s $dir/engine.env ]] || create
  source "$dir/engine.env"
  # No iptables, no forwarding: nothing of the machine's network is changed but one bridge.
  local within=() rules=(--bridge "$bridge" --iptables=false --ip-forward=false --ip-masq=false)
  if $own_network; then
    within=(unshare --net sh -c 'ip link set lo up && exec "$@"' -) rules=(--bip "$network")
  elif ! ip link show "$bridge" >/dev/null 2>&1; then
    ip link add "$bridge" type bridge
    ip addr add "$network" dev "$bridge"
    ip link set "$bridge" up
  fi
  # A pid file left by a killed engine stops the next one where its number is taken again, or was never reaped.
  is_alive "$(pid_in "$dir/pid")" && die "the engine in $dir is running already"
  rm -f "$dir/pid"
  is_alive "$(pid_in "$dir/run/containerd/containerd.pid")" || rm -f "$dir/run/containerd/containerd.pid"
  # The namespaces keep it apart from an engine that shares the machine's own containerd.
  setsid "${within[@]}" dockerd --host "$address" "${tls[@]}" --data-root "$dir/data" --exec-root "$dir/run" --pidfile "$dir/pid" \
    --containerd-namespace "$bridge" --containerd-plugins-namespace "$bridge-plugins" \
    "${rules[@]}" --default-address-pool "base=$pool,size=28" \
    --live-restore --log-opt max-size=10m --log-opt max-file=2 \
    >"$dir/log" 2>&1 </dev/null &
  local launched=$!
  if ! wait_until 60 "the Docker engine" answers_or_dead "$launched" || is_gone "$launched"; then
    tail -n 20 "$dir/log" >&2
    stop
    die "dockerd did not start: its log is in $dir/log"
  fi
  echo "$address"
}

answers_or_dead() { cli "$address" version || is_gone "$1"; }

stop() {
  [[ -s $dir/engine.env ]] || return 0
  source "$dir/engine.env"
  local containers pid child
  if is_alive "$(pid_in "$dir/pid")"; then
    mapfile -t containers < <(timeout 20 docker -H "$address" ps -aq 2>/dev/null || true)
    if ((${#containers[@]})); then
      timeout 60 docker -H "$address" rm -f -v "${containers[@]}" >/dev/null 2>&1 || say "some containers in $dir could not be removed"
    fi
    stop_pid "$(pid_in "$dir/pid")" 20
  fi
  # With --live-restore the engine leaves containerd and the shims of what still runs behind; all of them name our directory.
  # Where the engine was killed, the containers run on too, as children of their shims.
  for pid in $(processes_naming "$dir/run/"); do
    for child in $(cat "/proc/$pid/task/$pid/children" 2>/dev/null); do kill -KILL "$child" 2>/dev/null || true; done
    stop_pid "$pid" 5
  done
  local mounted link
  while read -r mounted; do umount -l "$mounted" 2>/dev/null || true; done \
    < <(awk -v dir="$dir/" 'index($2, dir) == 1 { print $2 }' /proc/mounts | sort -r)
  while read -r link; do ip link del "${link%%@*}" 2>/dev/null || true; done \
    < <(ip -o link show master "$bridge" 2>/dev/null | awk -F': ' '{ print $2 }')
  ip link del "$bridge" 2>/dev/null || true
}

# busybox and a link for each of its commands: the smallest image a shell command runs in, made without any registry.
make_image() {
  local target=$1 root busybox command
  command -v docker >/dev/null || die "no docker command: apt-get install docker.io"
  cli "$target" image inspect "$image" >/dev/null 2>&1 && return 0
  busybox=$(command -v busybox) || die "no busybox: apt-get install busybox-static"
  root=$(mktemp -d)
  mkdir -p "$root"/{bin,etc,root} && mkdir -m 1777 "$root/tmp"
  cp "$busybox" "$root/bin/busybox"
  for command in $("$busybox" --list); do
    [[ $command == busybox ]] || ln -s busybox "$root/bin/$command"
  done
  echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
  echo 'root:x:0:' >"$root/etc/group"
  tar -C "$root" --numeric-owner --owner=0 --group=0 -c . \
    | cli "$target" import --change 'ENV PATH=/bin' --change 'CMD ["sh"]' - "$image" >/dev/null
  rm -rf "$root"
}

(($# >= 2)) || die "usage: docker.sh start DIR [--own-network] [--tls PORT CERTIFICATES], docker.sh stop DIR, or docker.sh image ADDRESS"
readonly verb=$1
if [[ $verb == image ]]; then make_image "$2"; exit; fi
readonly dir=$(readlink -m "$2")
own_network=false tls=()
shift 2
while (($#)); do
  case $1 in
    --own-network) own_network=true; shift ;;
    --tls)
      (($# >= 3)) || die "--tls wants a port and a folder of certificates"
      tls=(--host "tcp://127.0.0.1:$2" --tlsverify --tlscacert "$3/ca.pem" --tlscert "$3/server.pem" --tlskey "$3/server.key")
      shift 3 ;;
    *) die "unknown option $1" ;;
  esac
done
readonly address=unix://$dir/docker.sock
case $verb in
  start) start ;;
  stop) stop ;;
  *) die "unknown verb $verb: start, stop or image" ;;
esac
