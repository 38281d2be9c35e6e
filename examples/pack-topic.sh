#!/bin/sh
# Records of a topic, packed into an archive of Parquet files and printed from there. Nothing of it stays but the topic.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
topic=pack-example-$$
cat > "$work/packer.toml" <<END
storage.base_path = "$work/archive"
ring_buffer.path = "$work/ring"
ring_buffer.size = 65536
encryption.enabled = false
logging.file_path = "$work/packer.log"
topics.bootstrap_servers = "${CHRONICLE_BOOTSTRAP:-localhost:9092}"
END
printf '{"order":1,"total":9.5}\nno JSON\n' | npm exec --offline -- chronicle produce "$topic"
npm exec --offline -- chronicle-packer --config "$work/packer.toml" process --topic "$topic"
npm exec --offline -- chronicle archive cat --config "$work/packer.toml" --from -1h
