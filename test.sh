#!/usr/bin/env bash
# Builds Scitq and runs its tests against real servers, which it installs, starts and stops. See docs/testing.md.
#
#   ./test.sh                    every test
#   ./test.sh --filter EXPR      some: part of a test's full name, a trait such as Level=Unit, or an xunit query (/…);
#                                may be repeated, then what any of them names is run
#   ./test.sh --no-build         with what was built before
#
# The last line is `N passed, N failed, N skipped`; the exit code is 0 only if none failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source scripts/servers/common.sh
source scripts/packages.sh

readonly limit=85m
build=true filters=()
while (($#)); do
  case $1 in
    --filter) (($# > 1)) || die "--filter needs an expression"; filters+=("$2"); shift 2 ;;
    --filter=*) filters+=("${1#*=}"); shift ;;
    --no-build) build=false; shift ;;
    -h | --help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) die "unknown argument $1: see ./test.sh --help" ;;
  esac
done

# Short, for unix sockets have to fit in 108 characters; open to pass through, for PostgreSQL runs as another account.
run=$(mktemp -d /tmp/scitq-test.XXXXXX)
chmod 711 "$run"
mkdir -m 1777 "$run/tmp"
passed=0 failed=0 skipped=0 tests_pid='' s3_pid='' finished=false

finish() {
  local status=$?
  trap - EXIT INT TERM HUP
  set +e
  if is_alive "$tests_pid"; then stop_pid "$tests_pid" 10; fi
  count
  end_strays
  if is_alive "$s3_pid"; then wait "$s3_pid"; fi
  [[ -d $run/s3 ]] && scripts/servers/s3.sh stop "$run/s3"
  [[ -d $run/azurite ]] && scripts/servers/azurite.sh stop "$run/azurite"
  [[ -d $run/ftp ]] && scripts/servers/ftp.sh stop "$run/ftp"
  [[ -d $run/docker ]] && scripts/servers/docker.sh stop "$run/docker"
  [[ -d $run/rabbitmq ]] && scripts/servers/rabbitmq.sh kill "$run/rabbitmq"
  [[ -d $run/postgres ]] && scripts/servers/postgres.sh stop "$run/postgres" immediate
  rm -rf "$run" 2>/dev/null || say "test.sh: $run could not be removed entirely"
  # Cut short (no server, a failed build, a signal, a crash): that is a failure, whatever passed before it.
  if ! $finished || ((status != 0 && failed == 0)); then ((failed += 1)); fi
  if ((passed + failed + skipped == 0)); then
    say "test.sh: no test was run"
    failed=1
  fi
  if ((failed && status == 0)); then status=1; fi
  echo "$passed passed, $failed failed, $skipped skipped"
  exit "$status"
}

# From the results; where the runner died before it wrote them, from its output.
count() {
  if [[ -s $run/results.xml && -n $(figure total) ]]; then
    passed=$(figure passed) skipped=$(figure skipped) failed=$(($(figure failed) + $(figure errors)))
  elif [[ -s $run/output.log ]]; then
    finished=false
    failed=$(lines_with '[FAIL]') skipped=$(lines_with '[SKIP]')
    passed=$(($(lines_with '[FINISHED]') - failed - skipped))
    ((passed >= 0)) || passed=0
    say "test.sh: the run ended early, during:"
    awk '/ \[STARTING\]/ { running[$1] = 1 } / \[FINISHED\]/ { delete running[$1] } END { for (test in running) print "  " test }' \
      "$run/output.log" >&2
  fi
}
figure() { sed -n "s/.*<assembly [^>]*[[:space:]]$1=\"\([0-9]*\)\".*/\1/p" "$run/results.xml" | head -n 1; }
lines_with() { grep -cF -- "$1" "$run/output.log"; }

trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# What tests left running carries the name of this run in its environment, or works under its directory.
end_strays() {
  local entry pid strays=()
  for entry in /proc/[0-9]*; do
    pid=${entry#/proc/}
    [[ $pid == "$$" || $pid == "$BASHPID" ]] && continue
    if [[ $(readlink "$entry/cwd" 2>/dev/null) == "$run/tmp"* ]] \
      || { grep -qzxF "SCITQ_TEST_RUN=$run" "$entry/environ"; } 2>/dev/null; then
      is_alive "$pid" && strays+=("$pid")
    fi
  done
  if ((${#strays[@]})); then
    say "test.sh: ending ${#strays[@]} processes that tests left behind: ${strays[*]}"
    kill -KILL "${strays[@]}" 2>/dev/null || true
  fi
}

in_ci() { [[ -n ${CI:-} ]]; }

# In CI every server has to be there. On a laptop its tests are skipped, and this says why.
no_server() {
  if in_ci; then die "$1 is not to be had, and CI runs every test"; fi
  say "test.sh: tests that need $1 will be skipped"
}

command -v dotnet >/dev/null || die "no dotnet command: install the .NET 10 SDK, https://dotnet.microsoft.com/download"

# Tests of faults start and kill servers of their own, so the programs are wanted even where a running server is given.
rabbitmq_packages=(rabbitmq-server:/usr/lib/rabbitmq/bin/rabbitmq-server python3-pika:/usr/lib/python3/dist-packages/pika/__init__.py)
postgres_packages=(postgresql-15:/usr/lib/postgresql/15/bin/pg_ctl)
docker_packages=(docker.io:/usr/sbin/dockerd busybox-static:/bin/busybox iproute2:/sbin/ip iptables:/sbin/iptables
  docker-registry:/usr/bin/docker-registry apache2-utils:/usr/bin/htpasswd)

ftp_packages=(python3-pyftpdlib:/usr/lib/python3/dist-packages/pyftpdlib/__init__.py python3-openssl:/usr/lib/python3/dist-packages/OpenSSL/__init__.py)

if need_packages RabbitMQ "${rabbitmq_packages[@]}"; then
  if [[ -z ${SCITQ_TEST_RABBITMQ:-} ]]; then
    if mapfile -t uris < <(scripts/servers/rabbitmq.sh start "$run/rabbitmq" --management) && ((${#uris[@]} == 2)); then
      export SCITQ_TEST_RABBITMQ=${uris[0]} SCITQ_TEST_RABBITMQ_MANAGEMENT=${uris[1]} SCITQ_TEST_RABBITMQ_DIR=$run/rabbitmq
    else
      no_server RabbitMQ
    fi
  fi
else
  no_server RabbitMQ
fi

if need_packages PostgreSQL "${postgres_packages[@]}"; then
  if [[ -z ${SCITQ_TEST_POSTGRES:-} ]]; then
    SCITQ_TEST_POSTGRES=$(scripts/servers/postgres.sh start "$run/postgres") && export SCITQ_TEST_POSTGRES || no_server PostgreSQL
  fi
else
  no_server PostgreSQL
fi
need_packages PgBouncer pgbouncer:/usr/sbin/pgbouncer || no_server PgBouncer

if [[ -n ${SCITQ_TEST_DOCKER:-} ]] || need_packages Docker "${docker_packages[@]}"; then
  if [[ -z ${SCITQ_TEST_DOCKER:-} ]]; then
    SCITQ_TEST_DOCKER=$(scripts/servers/docker.sh start "$run/docker") && export SCITQ_TEST_DOCKER || no_server Docker
  fi
  if [[ -n ${SCITQ_TEST_DOCKER:-} ]]; then scripts/servers/docker.sh image "$SCITQ_TEST_DOCKER" || no_server "a Docker test image"; fi
else
  no_server Docker
fi

# The chroot of the S3 server takes a minute or two to make: that goes on beside the build.
if [[ -z ${SCITQ_TEST_S3:-} ]] && need_packages S3 mmdebstrap:/usr/bin/mmdebstrap; then
  scripts/servers/s3.sh start "$run/s3" ${SCITQ_TEST_CEPH_ROOT:+"$SCITQ_TEST_CEPH_ROOT"} >"$run/s3.uri" &
  s3_pid=$!
fi

if [[ -z ${SCITQ_TEST_AZURE:-} ]]; then
  SCITQ_TEST_AZURE=$(scripts/servers/azurite.sh start "$run/azurite" ${SCITQ_TEST_AZURITE_MODULES:+"$SCITQ_TEST_AZURITE_MODULES"}) \
    && export SCITQ_TEST_AZURE || no_server Azurite
fi

if [[ -z ${SCITQ_TEST_FTP:-} ]]; then
  if need_packages FTP "${ftp_packages[@]}"; then
    SCITQ_TEST_FTP=$(scripts/servers/ftp.sh start "$run/ftp") && export SCITQ_TEST_FTP || no_server "an FTP server"
  else
    no_server "an FTP server"
  fi
fi

# What Scitq itself starts for some transfers.
need_packages "aria2 and the SRA toolkit" aria2:/usr/bin/aria2c sra-toolkit:/usr/bin/fasterq-dump pigz:/usr/bin/pigz \
  || no_server "aria2 and the SRA toolkit"

# What tasks leave behind: files that not even root may remove, trees that no path leads into.
need_packages "chattr and perl" e2fsprogs:/usr/bin/chattr perl-base:/usr/bin/perl || no_server "chattr and perl"

# What archives are compared with, and what unpacks some of them.
need_packages "programs for archives" libarchive-tools:/usr/bin/bsdtar unzip:/usr/bin/unzip bzip2:/usr/bin/bzip2 xz-utils:/usr/bin/xz zstd:/usr/bin/zstd \
  || no_server "bsdtar, unzip and zstd"

# Judges the units of deploy/systemd; nothing of it is started.
need_packages "systemd-analyze" systemd:/usr/bin/systemd-analyze || no_server "systemd-analyze"

# What completes command lines, and what judges manual pages.
need_packages "zsh, fish and mandoc" zsh:/bin/zsh fish:/usr/bin/fish mandoc:/usr/bin/mandoc || no_server "zsh, fish and mandoc"

if $build; then
  # No build server of ours may outlive us.
  dotnet build Scitq.sln -c Release -nologo -v quiet -clp:NoSummary -nodeReuse:false -p:UseSharedCompilation=false \
    || die "the build failed"
fi
if [[ -n $s3_pid ]] && wait "$s3_pid" && [[ -s $run/s3.uri ]]; then
  SCITQ_TEST_S3=$(<"$run/s3.uri")
  export SCITQ_TEST_S3
elif [[ -z ${SCITQ_TEST_S3:-} ]]; then
  no_server "an S3 server"
fi
export SCITQ_BIN=${SCITQ_BIN:-$PWD/bin}
readonly tests=Scitq.Tests/bin/Release/net10.0/Scitq.Tests
[[ -x $tests ]] || die "$tests is not there: run ./test.sh without --no-build"

# Most tests wait for other processes most of the time: twice as many at once as there are processors.
arguments=(-reporter verbose -noColor -maxThreads "$(($(nproc) * 2))" -result-xml "$run/results.xml")
for filter in ${filters[@]+"${filters[@]}"}; do
  case $filter in
    /*) arguments+=(-filter "$filter") ;;
    *~*) arguments+=(-method "*${filter#*~}*") ;;
    *=*) arguments+=(-trait "$filter") ;;
    *) arguments+=(-method "*$filter*") ;;
  esac
done

# Waited for by pid, so that a signal is heard at once and not after the last test.
status=0
TMPDIR=$run/tmp XDG_STATE_HOME=$run/state SCITQ_TEST_RUN=$run timeout --kill-after=30s "$limit" "$tests" "${arguments[@]}" \
  > >(tee "$run/output.log" | grep --line-buffered -v '\[STARTING\]\|\[FINISHED\]') 2>&1 </dev/null &
tests_pid=$!
wait "$tests_pid" || status=$?

((status == 0)) || say "test.sh: the tests ended with exit code $status"
finished=true
exit "$status"
