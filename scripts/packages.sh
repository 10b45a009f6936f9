# Sourced by test.sh and bench.sh: Debian packages, installed only where they are missing and where that is allowed.

# need_packages WHAT PACKAGE:PATH...: makes sure that the file each package is wanted for is there.
# Fails, with one line saying what is missing and how to get it.
need_packages() {
  local what=$1 pair missing=()
  shift
  for pair in "$@"; do
    [[ -e ${pair#*:} ]] || missing+=("${pair%%:*}")
  done
  ((${#missing[@]})) || return 0
  if ((EUID != 0)) || ! command -v apt-get >/dev/null; then
    say "$what: missing ${missing[*]} (Debian names): as root, apt-get install ${missing[*]}"
    return 1
  fi
  say "$what: installing ${missing[*]}"
  install_packages "${missing[@]}" || { say "$what: could not install ${missing[*]}"; return 1; }
}

# Servers are started by us, where we want them: the packages' own services stay off while they are being installed.
install_packages() {
  local guard=/usr/sbin/policy-rc.d guarded=false log status=0
  log=$(mktemp)
  if [[ ! -e $guard ]]; then
    printf '#!/bin/sh\nexit 101\n' >"$guard"
    chmod 755 "$guard"
    guarded=true
  fi
  # A bare machine has no package lists, and old ones name files that are gone.
  apt_install "$@" >"$log" 2>&1 || { apt-get -q update >>"$log" 2>&1 && apt_install "$@" >>"$log" 2>&1; } || status=1
  if $guarded; then rm -f "$guard"; fi
  if ((status)); then tail -n 5 "$log" >&2; fi
  rm -f "$log"
  return "$status"
}

apt_install() {
  DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 install "$@"
}
