#!/usr/bin/env bash
# Makes the images of compose.yaml where no registry is in reach: stand-ins for RabbitMQ, PostgreSQL and .NET under their
# official names, put together from this machine's own packages with no network (Debian, with rabbitmq-server,
# postgresql-15 and the .NET SDK installed, as root), and on these the images of deploy/Dockerfile. The stand-in for the SDK
# does not compile: it hands out the programs that were built already.
#
#   images.sh ADDRESS BIN    on the Docker engine at ADDRESS (a throwaway one!), with the programs in BIN
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../servers/common.sh"

(($# == 2)) || die "usage: images.sh ADDRESS BIN"
readonly bin=$(readlink -f "$2")
export DOCKER_HOST=$1 DOCKER_BUILDKIT=0
work=$(mktemp -d)
context=$work/context
mkdir "$context"
trap 'rm -rf "$work"' EXIT

# The files of the named packages and of all they depend on, as paths below /. /bin, /lib and their like are links into
# /usr here, and files have to be named by where they really are.
files_of() {
  local installed
  mapfile -t installed < <(
    { printf '%s\n' "$@"
      apt-cache depends --recurse --installed --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
        --no-enhances "$@" | grep '^[a-z0-9]'; } | sort -u | xargs dpkg-query -W -f '${db:Status-Abbrev}${binary:Package}\n' 2>/dev/null \
      | sed -n 's/^ii *//p')
  dpkg-query -L "${installed[@]}" | grep '^/' | grep -v '^/usr/share/\(doc\|man\|locale\)/' \
    | sed -E 's#^/(s?bin|lib[0-9x]*)/#/usr/\1/#' | sort -u | while read -r path; do
      [[ -e $path || -L $path ]] && printf '%s\n' "${path#/}"
    done
}

# The classic builder, which needs no plugin, and says at length that it is old.
build() {
  docker build --quiet -t "$1" "$context" >"$work/build.log" 2>&1 || { cat "$work/build.log" >&2; die "could not build $1"; }
}

base_image() {
  mapfile -t essential < <(dpkg-query -W -f '${Essential} ${Package}\n' | sed -n 's/^yes //p')
  {
    files_of "${essential[@]}" mawk rabbitmq-server postgresql-15 ca-certificates
    # What the packages' scripts made when they were installed.
    find /etc/alternatives -type l -printf 'etc/alternatives/%P\n'
    find /usr/bin /usr/sbin -lname '/etc/alternatives/*' | sed 's#^/##'
    printf '%s\n' bin sbin lib lib64 run tmp var/tmp root usr/local usr/local/bin etc/passwd etc/group etc/ld.so.cache etc/ssl/certs/ca-certificates.crt
  } | grep -vE '^(\.|$|(proc|sys|dev)(/|$)|run/)' | sort -u >"$work/files"
  tar -C / --no-recursion --ignore-failed-read -cf - -T "$work/files" 2>/dev/null \
    | docker import --change 'CMD ["bash"]' - standin/base >/dev/null
}

dotnet_image() {
  local dotnet
  dotnet=$(dirname "$(readlink -f "$(command -v dotnet)")")
  tar -C "$dotnet" -cf "$context/dotnet.tar" dotnet host shared
  cat >"$context/Dockerfile" <<'DOCKER'
FROM standin/base
ADD dotnet.tar /usr/share/dotnet/
RUN ln -sf /usr/share/dotnet/dotnet /usr/bin/dotnet
ENV DOTNET_NOLOGO=true DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
DOCKER
  build standin/dotnet-aspnet
  rm -f "$context/dotnet.tar"
}

# Its `dotnet publish Scitq.NAME … -o DIR` copies.
sdk_image() {
  mkdir "$context/built"
  cp -r "$bin/lib/scitq-coordinator" "$context/built/Scitq.Coordinator"
  cp -r "$bin/lib/scitq-agent" "$context/built/Scitq.Agent"
  cp -r "$bin/lib/scitq-tools" "$context/built/Scitq.Tools"
  cat >"$context/dotnet" <<'SH'
#!/bin/sh
project=$2
while [ "$1" != -o ]; do shift; done
mkdir -p "$2" && cp -r "/built/$project/." "$2/"
SH
  chmod 755 "$context/dotnet"
  cat >"$context/Dockerfile" <<'DOCKER'
FROM standin/base
COPY built /built
COPY dotnet /usr/local/bin/dotnet
DOCKER
  build standin/dotnet-sdk
  rm -rf "$context/built" "$context/dotnet"
}

server_image() {
  local name=$1 entrypoint=$2
  cp "$here/$entrypoint" "$context/entrypoint.sh"
  cat >"$context/Dockerfile" <<'DOCKER'
FROM standin/base
COPY entrypoint.sh /usr/local/bin/entrypoint.sh
ENTRYPOINT ["bash", "/usr/local/bin/entrypoint.sh"]
DOCKER
  build "$name"
}

base_image
server_image rabbitmq:3.13-management rabbitmq-entrypoint.sh
server_image postgres:16 postgres-entrypoint.sh
dotnet_image
sdk_image
for target in coordinator agent; do
  docker build --quiet -t "scitq/$target" -f "$here/../../deploy/Dockerfile" --target "$target" \
    --build-arg DOTNET_SDK_IMAGE=standin/dotnet-sdk --build-arg DOTNET_ASPNET_IMAGE=standin/dotnet-aspnet "$here/../.." \
    >"$work/build.log" 2>&1 || { cat "$work/build.log" >&2; die "could not build scitq/$target"; }
done
