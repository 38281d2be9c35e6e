#!/bin/sh
# A log file in and out again with nothing but the built-in command.
set -eu
cd "$(dirname "$0")/.."
chronicle="npm exec --offline -- chronicle"
topic=pipe-example-$$
seq 1 5 | sed 's/^/line /' | $chronicle produce "$topic"
$chronicle consume "$topic" --from-beginning --max-messages 5
