#!/bin/sh
# Three lines in, compressed with zstd, and the same three out, with kcat (Debian: apt-get install kcat).
set -eu
server=${CHRONICLE_BOOTSTRAP:-localhost:9092}
topic=kcat-example-$$
printf 'rain:started\nrain:stopped\nsun:shone\n' | kcat -b "$server" -t "$topic" -P -K: -z zstd
kcat -b "$server" -t "$topic" -C -o beginning -e -q -f '%p/%o %k %s\n'
