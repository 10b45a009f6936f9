#!/usr/bin/env bash
# Runs one benchmark of Scitq.Benchmarks in Release, against servers of its own. See docs/benchmarks.md.
#
#   ./bench.sh NAME [--json FILE] [more arguments for the benchmark]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/scripts/servers/common.sh"
source "$here/scripts/packages.sh"

(($#)) && [[ $1 != -* ]] || { sed -n '2,4s/^# \{0,1\}//p' "$0"; exit 2; }

run=$(mktemp -d /tmp/scitq-bench.XXXXXX)
chmod 711 "$run"
mkdir -m 1777 "$run/tmp"
bench_pid=''

finish() {
  local status=$?
  trap - EXIT INT TERM HUP
  set +e
  if is_alive "$bench_pid"; then stop_pid "$bench_pid" 20; fi
  [[ -d $run/rabbitmq ]] && "$here/scripts/servers/rabbitmq.sh" kill "$run/rabbitmq"
  [[ -d $run/s3 ]] && "$here/scripts/servers/s3.sh" stop "$run/s3"
  [[ -d $run/azurite ]] && "$here/scripts/servers/azurite.sh" stop "$run/azurite"
  [[ -d $run/postgres ]] && "$here/scripts/servers/postgres.sh" stop "$run/postgres" immediate
  rm -rf "$run"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

command -v dotnet >/dev/null || die "no dotnet command: install the .NET 10 SDK, https://dotnet.microsoft.com/download"
case $1 in transfer* | staging) stores=true ;; *) stores=false ;; esac
case $1 in transfer* | help) services=false ;; *) services=true ;; esac

if $stores; then
  need_packages S3 mmdebstrap:/usr/bin/mmdebstrap || die "a benchmark needs its servers"
  # Also what makes the bucket.
  need_packages Peers rclone:/usr/bin/rclone || die "transfer is measured beside rclone"
fi
if $services; then
  need_packages Servers rabbitmq-server:/usr/lib/rabbitmq/bin/rabbitmq-server postgresql-15:/usr/lib/postgresql/15/bin/pg_ctl \
    || die "a benchmark needs its servers"
  # The systems that ours is measured against.
  need_packages Peers python3-celery:/usr/lib/python3/dist-packages/celery python3-psycopg2:/usr/lib/python3/dist-packages/psycopg2 \
    python3-sqlalchemy:/usr/lib/python3/dist-packages/sqlalchemy parallel:/usr/bin/parallel \
    || say "bench.sh: going on without them"
fi

dotnet build "$here/Scitq.sln" -c Release -nologo -v quiet -clp:NoSummary -nodeReuse:false || die "the build failed"

# The CPU time of a server is that of the processes named here and all below them.
if $stores; then
  # Deleted objects stay for hours; the file is sparse.
  SCITQ_TEST_S3=$(SCITQ_TEST_CEPH_BYTES=$((64 << 30)) "$here/scripts/servers/s3.sh" start "$run/s3" ${SCITQ_TEST_CEPH_ROOT:+"$SCITQ_TEST_CEPH_ROOT"})
  SCITQ_TEST_AZURE=$(SCITQ_TEST_AZURITE_DISK=true "$here/scripts/servers/azurite.sh" start "$run/azurite" ${SCITQ_TEST_AZURITE_MODULES:+"$SCITQ_TEST_AZURITE_MODULES"})
  SCITQ_PIDS_S3=$("$here/scripts/servers/s3.sh" pids "$run/s3" | xargs)
  SCITQ_PIDS_AZURE=$(pid_in "$run/azurite/pid")
  export SCITQ_TEST_S3 SCITQ_TEST_AZURE SCITQ_PIDS_S3 SCITQ_PIDS_AZURE
fi
if $services; then
  # No management plugin: the broker is measured with nothing in it but what is needed.
  SCITQ_TEST_RABBITMQ=$("$here/scripts/servers/rabbitmq.sh" start "$run/rabbitmq")
  SCITQ_TEST_POSTGRES=$("$here/scripts/servers/postgres.sh" start "$run/postgres")
  SCITQ_PIDS_RABBITMQ=$(pid_in "$run/rabbitmq/pid")
  SCITQ_PIDS_POSTGRES=$(pid_in "$run/postgres/data/postmaster.pid")
  export SCITQ_TEST_RABBITMQ SCITQ_TEST_POSTGRES SCITQ_PIDS_RABBITMQ SCITQ_PIDS_POSTGRES
  export SCITQ_TEST_RABBITMQ_DIR=$run/rabbitmq
fi
export SCITQ_BIN=$here/bin

# In the caller's folder, so that a relative FILE means what it says.
TMPDIR=$run/tmp "$here/Scitq.Benchmarks/bin/Release/net10.0/Scitq.Benchmarks" "$@" </dev/null &
bench_pid=$!
wait "$bench_pid"
