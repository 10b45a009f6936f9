#!/usr/bin/env bash
# An S3 server on loopback: Ceph's gateway with one monitor and one storage daemon, out of a chroot with Debian 13,
# so that the machine gets none of its packages. Needs root, mmdebstrap and, the first time, a minute or two.
#
#   s3.sh start DIR [ROOT]   start the server that keeps its data in ROOT/scitq (made if missing; ROOT is DIR/root by
#                            default, and can be kept to be used again); prints http://ID:SECRET@127.0.0.1:PORT
#   s3.sh pids DIR           the ids of its processes
#   s3.sh stop DIR           stop it; the data is gone
#
# SCITQ_TEST_CEPH_BYTES: what it can hold (10 GiB; the file is sparse).
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

readonly suite=${SCITQ_TEST_CEPH_SUITE:-trixie} home=/scitq

make_root() {
  local mirror
  command -v mmdebstrap >/dev/null || die "no mmdebstrap: apt-get install mmdebstrap"
  mirror=$(mirror_of_apt)
  if [[ -z $mirror ]]; then
    apt-get -q update >"$dir/apt.log" 2>&1 || true
    mirror=$(mirror_of_apt)
  fi
  [[ -n $mirror ]] || die "no Debian mirror in the sources of apt"
  mkdir -p "$root"
  DEBIAN_FRONTEND=noninteractive mmdebstrap --quiet --variant=minbase --include=radosgw,ceph-mon,ceph-osd,ceph-common \
    --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Check-Valid-Until "false"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --customize-hook='rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/* "$1"/etc/resolv.conf' \
    --customize-hook='echo "127.0.0.1 localhost" >"$1"/etc/hosts' \
    "$suite" "$root" "$mirror" >"$dir/root.log" 2>&1 || { tail -n 5 "$dir/root.log" >&2; die "the chroot for Ceph could not be made"; }
  touch "$root/.complete"
}

mirror_of_apt() { apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -E '/debian/?$' | head -n 1 || true; }

inside() { chroot "$root" env CEPH_CONF="$home/ceph.conf" "$@"; }
# In their own session, so that a signal for the caller's terminal does not end them.
daemon() { setsid chroot "$root" env CEPH_CONF="$home/ceph.conf" "$@" >"$dir/${1}.out" 2>&1 </dev/null & }
daemons() {
  local entry
  for entry in /proc/[0-9]*; do
    if [[ $(readlink "$entry/root" 2>/dev/null) == "$root" ]]; then echo "${entry#/proc/}"; fi
  done
}

start() {
  ((EUID == 0)) || die "a chroot needs root; give a running server instead: SCITQ_TEST_S3=http://ID:SECRET@HOST:PORT"
  [[ -e $root/.complete ]] || make_root
  if [[ -n $(daemons) ]]; then
    rm "$dir/where"     # it is not ours to stop
    die "the server in $root is running already"
  fi
  local port monitor1 monitor2 secret
  # Not /dev: whoever removes the chroot while it is mounted would remove the machine's. mmdebstrap has made what is needed.
  mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
  rm -rf "${root:?}$home"
  mkdir -p "$root$home"/{log,run,mon,osd0,rgw,crash}
  port=$(free_port) monitor1=$(free_port) monitor2=$(free_port) secret=$(random_word)
  cat >"$root$home/ceph.conf" <<CONF
[global]
fsid = 11111111-2222-3333-4444-555555555555
mon_host = [v2:127.0.0.1:$monitor1/0,v1:127.0.0.1:$monitor2/0]
keyring = $home/keyring
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
run_dir = $home/run
log_file = $home/log/\$name.log
admin_socket = $home/run/\$name.asok
crash_dir = $home/crash
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 8
osd_pool_default_pgp_num = 8
osd_pool_default_pg_autoscale_mode = off
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 1000
osd_crush_chooseleaf_type = 0
osd_objectstore = bluestore
bluestore_block_size = ${SCITQ_TEST_CEPH_BYTES:-10737418240}
osd_data = $home/osd\$id
mon_data = $home/mon
osd_memory_target = 1G
[client.rgw]
rgw_data = $home/rgw
rgw_frontends = beast endpoint=127.0.0.1:$port
rgw_thread_pool_size = 32
CONF
  inside ceph-authtool --create-keyring "$home/keyring" --gen-key -n mon. --cap mon 'allow *' >/dev/null
  local name
  for name in client.admin client.rgw osd.0; do
    inside ceph-authtool "$home/keyring" --gen-key -n "$name" --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *' >/dev/null
  done
  inside monmaptool --create --fsid 11111111-2222-3333-4444-555555555555 \
    --addv a "[v2:127.0.0.1:$monitor1,v1:127.0.0.1:$monitor2]" "$home/monmap" >/dev/null
  inside ceph-mon --mkfs -i a --monmap "$home/monmap" --keyring "$home/keyring" >"$dir/mkfs.out" 2>&1
  daemon ceph-mon -f -i a
  wait_until 60 "Ceph's monitor" timeout 5 chroot "$root" env CEPH_CONF="$home/ceph.conf" ceph -s || fail
  inside ceph osd new 22222222-2222-3333-4444-555555555555 0 >/dev/null
  inside ceph-osd -i 0 --mkfs --osd-uuid 22222222-2222-3333-4444-555555555555 >>"$dir/mkfs.out" 2>&1
  inside ceph osd crush add osd.0 1.0 host=vm root=default >/dev/null 2>&1
  daemon ceph-osd -f -i 0
  wait_until 60 "Ceph's storage daemon" osd_is_up || fail
  daemon radosgw -f -n client.rgw
  wait_until 120 "Ceph's S3 gateway" answers "$port" || fail
  inside radosgw-admin user create --uid scitq --display-name Scitq --access-key SCITQTEST --secret-key "$secret" >/dev/null 2>&1 || fail
  echo "http://SCITQTEST:$secret@127.0.0.1:$port"
}

osd_is_up() { inside ceph osd stat 2>/dev/null | grep -q '1 up'; }
answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1"); }
fail() {
  tail -n 5 "$dir"/*.out >&2 || true
  stop
  die "Ceph did not start: its logs were in $root$home/log"
}

stop() {
  local pid
  for pid in $(daemons); do kill -TERM "$pid" 2>/dev/null || true; done
  for pid in $(daemons); do stop_pid "$pid" 5; done
  rm -rf "${root:?}$home"
  if mountpoint -q "$root/proc"; then umount "$root/proc"; fi
}

(($# >= 2)) || die "usage: s3.sh start|pids|stop DIR [ROOT]"
readonly verb=$1 dir=$(readlink -m "$2")
mkdir -p "$dir"
if [[ $verb == start ]]; then readlink -m "${3:-$dir/root}" >"$dir/where"; fi
[[ -s $dir/where ]] || exit 0
readonly root=$(<"$dir/where")
case $verb in
  start) start ;;
  pids) daemons ;;
  stop) stop ;;
  *) die "unknown verb $verb" ;;
esac
