#!/usr/bin/env bash
# An FTP server on loopback (Debian's python3-pyftpdlib): passive mode, anonymous reading, one user who may write.
#
#   ftp.sh start DIR   start it over DIR/files; prints ftp://USER:PASSWORD@127.0.0.1:PORT
#   ftp.sh stop DIR    stop it
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

start() {
  /usr/bin/python3 -c 'import pyftpdlib' 2>/dev/null || die "no pyftpdlib: apt-get install python3-pyftpdlib"
  mkdir -p "$dir/files"
  local port password
  port=$(free_port) password=$(random_word)
  cat >"$dir/server.py" <<'PYTHON'
import sys
import threading
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import ThreadedFTPServer


class Handler(FTPHandler):
    """CWD changes the directory of the process for a moment. Two at once, and it stays in one that a test then deletes."""

    changing = threading.Lock()

    def ftp_CWD(self, path):
        with self.changing:
            return super().ftp_CWD(path)


port, root, password = int(sys.argv[1]), sys.argv[2], sys.stdin.readline().strip()
authorizer = DummyAuthorizer()
authorizer.add_anonymous(root)
authorizer.add_user("scitq", password, root, perm="elradfmwMT")
Handler.authorizer = authorizer
Handler.banner = "ready"
ThreadedFTPServer(("127.0.0.1", port), Handler).serve_forever()
PYTHON
  setsid /usr/bin/python3 "$dir/server.py" "$port" "$dir/files" >"$dir/log" 2>&1 <<<"$password" &
  echo $! >"$dir/pid"
  wait_until 30 "the FTP server" answers "$port" || { tail -n 20 "$dir/log" >&2; stop; die "the FTP server did not start"; }
  echo "ftp://scitq:$password@127.0.0.1:$port"
}

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1"); }
stop() { stop_pid "$(pid_in "$dir/pid")" 5; }

(($# >= 2)) || die "usage: ftp.sh start|stop DIR"
readonly verb=$1 dir=$(readlink -m "$2")
mkdir -p "$dir"
case $verb in
  start) start ;;
  stop) stop ;;
  *) die "unknown verb $verb" ;;
esac
