#!/usr/bin/env bash
# An FTP server on loopback (Debian's python3-pyftpdlib): passive mode, anonymous reading, one user who may write.
#
#   ftp.sh start DIR                                      start it over DIR/files; prints ftp://USER:PASSWORD@127.0.0.1:PORT
#   ftp.sh start DIR explicit|implicit CERTIFICATE KEY    the same, by TLS alone: after AUTH TLS, or from the first byte
#   ftp.sh start DIR vsftpd CERTIFICATE KEY               vsftpd, for root: anonymous reading alone, by TLS, and data only of resumed sessions
#   ftp.sh stop DIR                                       stop it
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

start() {
  /usr/bin/python3 -c 'import pyftpdlib' 2>/dev/null || die "no pyftpdlib: apt-get install python3-pyftpdlib"
  if [[ -n $tls ]]; then /usr/bin/python3 -c 'import OpenSSL' 2>/dev/null || die "no OpenSSL for Python: apt-get install python3-openssl"; fi
  mkdir -p "$dir/files"
  local port password
  port=$(free_port) password=$(random_word)
  cat >"$dir/server.py" <<'PYTHON'
import sys
import threading
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import ThreadedFTPServer


port, root, password = int(sys.argv[1]), sys.argv[2], sys.stdin.readline().strip()
tls = sys.argv[3] if len(sys.argv) > 3 else ""
if tls:
    from pyftpdlib.handlers import TLS_FTPHandler as FTPHandler
    FTPHandler.certfile, FTPHandler.keyfile = sys.argv[4], sys.argv[5]
    FTPHandler.tls_control_required = FTPHandler.tls_data_required = True
if tls == "implicit":
    class FTPHandler(FTPHandler):
        def handle(self):
            self.secure_connection(self.ssl_context)

        def handle_ssl_established(self):
            super().handle()

        def ftp_AUTH(self, arg):
            self.respond("550 there is TLS already")


class Handler(FTPHandler):
    """CWD changes the directory of the process for a moment. Two at once, and it stays in one that a test then deletes."""

    changing = threading.Lock()

    def ftp_CWD(self, path):
        with self.changing:
            return super().ftp_CWD(path)


authorizer = DummyAuthorizer()
authorizer.add_anonymous(root)
authorizer.add_user("scitq", password, root, perm="elradfmwMT")
Handler.authorizer = authorizer
Handler.banner = "ready"
ThreadedFTPServer(("127.0.0.1", port), Handler).serve_forever()
PYTHON
  setsid /usr/bin/python3 "$dir/server.py" "$port" "$dir/files" $tls "$certificate" "$key" >"$dir/log" 2>&1 <<<"$password" &
  echo $! >"$dir/pid"
  wait_until 30 "the FTP server" answers "$port" || { tail -n 20 "$dir/log" >&2; stop; die "the FTP server did not start"; }
  echo "ftp://scitq:$password@127.0.0.1:$port"
}

# The package is unpacked and not installed: it would put any other FTP server of the machine away.
start_vsftpd() {
  ((EUID == 0)) || die "vsftpd is started by root alone"
  local port
  port=$(free_port)
  mkdir -p "$dir/files" "$dir/empty" "$dir/package"
  (cd "$dir/package" && { apt-get -q download vsftpd || { apt-get -q update && apt-get -q download vsftpd; }; } && dpkg -x vsftpd_*.deb .) >"$dir/log" 2>&1 \
    || { tail -n 5 "$dir/log" >&2; die "vsftpd could not be had"; }
  cat >"$dir/vsftpd.conf" <<CONF
listen=YES
listen_address=127.0.0.1
listen_port=$port
background=NO
anonymous_enable=YES
anon_root=$dir/files
ftp_username=daemon
nopriv_user=nobody
secure_chroot_dir=$dir/empty
seccomp_sandbox=NO
ssl_enable=YES
allow_anon_ssl=YES
force_anon_logins_ssl=YES
force_anon_data_ssl=YES
require_ssl_reuse=YES
rsa_cert_file=$certificate
rsa_private_key_file=$key
CONF
  setsid "$dir/package/usr/sbin/vsftpd" "$dir/vsftpd.conf" >>"$dir/log" 2>&1 </dev/null &
  echo $! >"$dir/pid"
  wait_until 30 "vsftpd" answers "$port" || { tail -n 20 "$dir/log" >&2; stop; die "vsftpd did not start"; }
  echo "ftp://127.0.0.1:$port"
}

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1"); }
stop() { stop_pid "$(pid_in "$dir/pid")" 5; }

(($# == 2 || $# == 5)) || die "usage: ftp.sh start|stop DIR [explicit|implicit|vsftpd CERTIFICATE KEY]"
readonly verb=$1 dir=$(readlink -m "$2") tls=${3-} certificate=${4-} key=${5-}
mkdir -p "$dir"
case $verb in
  start) if [[ $tls == vsftpd ]]; then start_vsftpd; else start; fi ;;
  stop) stop ;;
  *) die "unknown verb $verb" ;;
esac
