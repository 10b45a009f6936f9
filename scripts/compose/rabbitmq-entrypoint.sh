# What the official image does for compose.yaml; RABBITMQ_DEFAULT_USER and _PASS are read by the server itself.
set -euo pipefail
mkdir -p /var/lib/rabbitmq /var/log/rabbitmq /etc/rabbitmq
chown -R rabbitmq:rabbitmq /var/lib/rabbitmq /var/log/rabbitmq
# Debian's wrapper on the path changes the account, which a healthcheck in a container needs not.
printf '#!/bin/sh\nHOME=/var/lib/rabbitmq exec /usr/lib/rabbitmq/bin/rabbitmq-diagnostics "$@"\n' >/usr/local/bin/rabbitmq-diagnostics
chmod 755 /usr/local/bin/rabbitmq-diagnostics
export HOME=/var/lib/rabbitmq RABBITMQ_CONFIG_FILE=/etc/rabbitmq/rabbitmq.conf
exec setpriv --reuid=rabbitmq --regid=rabbitmq --clear-groups /usr/lib/rabbitmq/bin/rabbitmq-server
