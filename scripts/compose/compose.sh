#!/usr/bin/env bash
# Prints the path of a docker compose v2 that runs by itself: the machine's own, or one unpacked from a newer Debian
# suite into DIR, since Debian 12 has version 1 only.
#
#   compose.sh DIR
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../servers/common.sh"

(($# == 1)) || die "usage: compose.sh DIR"
readonly dir=$1 plugin=libexec/docker/cli-plugins/docker-compose
for found in ~/.docker/cli-plugins/docker-compose /usr/{local/,}{lib,libexec}/docker/cli-plugins/docker-compose "$dir/usr/$plugin"; do
  if [[ -x $found ]]; then echo "$found"; exit 0; fi
done

command -v apt-get >/dev/null || die "no docker compose v2 here, and no Debian to fetch it from"
# The mirror that this machine uses already, whatever its name.
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -E '/debian/?$' | head -n 1)
[[ -n $mirror ]] || die "apt names no Debian mirror: run apt-get update"
mkdir -p "$dir"
fetch() { /usr/lib/apt/apt-helper download-file "$1" "$2" >"$dir/fetch.log" 2>&1 || die "could not fetch $1: $(tail -n 1 "$dir/fetch.log")"; }
for suite in forky sid; do
  fetch "$mirror/dists/$suite/main/binary-$(dpkg --print-architecture)/Packages.xz" "$dir/packages.xz"
  file=$(xz -dc "$dir/packages.xz" | awk '$0 == "Package: docker-compose" { here = 1 } here && /^Filename: / { print $2; here = 0 }')
  [[ -n $file ]] || continue
  fetch "$mirror/$file" "$dir/compose.deb"
  dpkg -x "$dir/compose.deb" "$dir"
  rm -f "$dir/packages.xz" "$dir/compose.deb"
  [[ -x $dir/usr/$plugin ]] || continue
  echo "$dir/usr/$plugin"
  exit 0
done
die "no docker compose v2 in Debian's newer suites"
