# What the official image does for compose.yaml: a cluster made on first use by POSTGRES_USER, _PASSWORD and _DB.
set -euo pipefail
data=/var/lib/postgresql/data
PATH=$(echo /usr/lib/postgresql/*/bin):$PATH
mkdir -p "$data" /var/run/postgresql
chown -R postgres:postgres "$data" /var/run/postgresql
chmod 700 "$data"
as_postgres() { setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; }
if [[ ! -s $data/PG_VERSION ]]; then
  install -m 600 -o postgres /dev/stdin /tmp/password <<<"$POSTGRES_PASSWORD"
  as_postgres initdb -D "$data" -U "$POSTGRES_USER" --pwfile=/tmp/password -A scram-sha-256 -E UTF8 --locale=C.UTF-8
  rm /tmp/password
  echo 'host all all all scram-sha-256' >>"$data/pg_hba.conf"
  as_postgres pg_ctl -D "$data" -w -o "-c listen_addresses=''" start
  PGPASSWORD=$POSTGRES_PASSWORD as_postgres psql -h /var/run/postgresql -U "$POSTGRES_USER" -d postgres -c "create database \"$POSTGRES_DB\""
  as_postgres pg_ctl -D "$data" -w stop
fi
ln -sf "$(command -v pg_isready)" /usr/local/bin/pg_isready
exec setpriv --reuid=postgres --regid=postgres --clear-groups "$(command -v postgres)" -D "$data" -c listen_addresses='*'
