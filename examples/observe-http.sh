#!/bin/sh
# The life of a task, sent with curl: its events in, and the trace out, as JSON and as a picture.
set -eu
cd "$(dirname "$0")/.."
chronicle="npm exec --offline -- chronicle"
api=${CHRONICLE_URL:-http://127.0.0.1:8700}/api/v1
trace=http-$$

# One event, or an array of them; or one a line as application/x-ndjson. Answered once they are on the disk.
curl --silent --show-error --fail-with-body --header 'content-type: application/json' --data @- "$api/events" <<END
[
  { "trace_id": "$trace", "event_type": "task.created", "source": "dispatch", "metadata": { "title": "Water the plants", "owner": "ada" } },
  { "trace_id": "$trace", "event_type": "task.assigned", "source": "dispatch", "metadata": { "agent": "gardener" } },
  { "trace_id": "$trace", "event_type": "task.started", "source": "gardener" },
  { "trace_id": "$trace", "event_type": "can.filled", "source": "gardener", "metadata": { "litres": 5 } },
  { "trace_id": "$trace", "event_type": "task.completed", "source": "gardener" }
]
END
echo

# The tables have them within the flush interval, 5 seconds unless BATCH_FLUSH_INTERVAL_MS says otherwise.
curl --silent --show-error --fail --retry 60 --retry-delay 1 --retry-all-errors --output /dev/null "$api/traces/$trace" 2> /dev/null
curl --silent --show-error --fail "$api/traces/$trace"
echo

$chronicle observe trace "$trace"
