#!/bin/sh
# A session with curl: three chunks in, the signed root and a proof out, and the proof verified offline.
set -eu
cd "$(dirname "$0")/.."
chronicle="npm exec --offline -- chronicle"
api=${CHRONICLE_URL:-http://127.0.0.1:8700}/api/v1
session=shell-$$
work=$(mktemp -d)

for index in 0 1 2; do
  echo "chunk number $index" |
    curl --silent --show-error --fail-with-body --output /dev/null --request PUT --data-binary @- \
      --header 'content-type: application/octet-stream' "$api/sessions/$session/chunks/$index"
done
curl --silent --show-error --fail-with-body --output /dev/null --request POST "$api/sessions/$session/finalize"

curl --silent --show-error --fail "$api/sessions/$session/checkpoint"
curl --silent --show-error --fail --output "$work/1.tlog-proof" "$api/sessions/$session/chunks/1/proof"
curl --silent --show-error --fail --output "$work/chunk-1" "$api/sessions/$session/chunks/1"
curl --silent --show-error --fail --output "$work/public-key.vkey" "$api/vkey"

$chronicle verify "$work/1.tlog-proof" --key "$work/public-key.vkey" --payload "$work/chunk-1"
rm -r "$work"
