#!/bin/sh
# Makes the root of the images from their base: no package manager of Node, no caches and logs, nothing that gives rights away, and the user of
# every process.
set -e
rm -rf /usr/local/lib/node_modules /usr/local/include/node /usr/local/share/doc/node /usr/local/share/man /opt/yarn* \
  /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn /usr/local/bin/yarnpkg /usr/local/bin/pnpm \
  /usr/local/bin/pnpx /usr/local/bin/docker-entrypoint.sh /usr/local/bin/nodejs /usr/local/etc/npmrc \
  /var/lib/apt/lists/* /var/cache/* /var/log/* /root/.npm /root/.cache /tmp/*
find / -xdev -type f -perm /6000 -exec chmod a-s {} +
echo 'tradewind:x:10001:10001::/home/tradewind:/usr/sbin/nologin' >>/etc/passwd
echo 'tradewind:x:10001:' >>/etc/group
mkdir -p /home/tradewind /data /app
chown 10001:10001 /home/tradewind /data
