"""Writes events as Arrow IPC streams with PyArrow and polars, in every form that they have a switch for: prints JSON, name to base64."""
import base64
import io
import json

import polars
import pyarrow
from pyarrow import ipc

TEXTS = ["event_type", "app_bundle_id", "window_title", "data", "session_id", "event_id"]
ROWS = 50


def value(name, at):
    if name == "timestamp_ns":
        return 1_790_000_000_000_000_000 + at
    if name == "app_bundle_id":
        return None if at % 3 == 0 else f"org.example.app{at % 5}"
    if name == "window_title":
        return None if at % 4 == 0 else "" if at % 7 == 0 else f"Übersicht {at}"
    if name == "data":
        return json.dumps({"at": at})
    return {"event_type": ["key", "mouse", "window"][at % 3], "session_id": "session", "event_id": f"event-{at}"}[name]


def batches(type_of_texts, *ranges):
    """One batch for each range of rows, its texts of one type."""
    schema = pyarrow.schema([("timestamp_ns", pyarrow.int64())] + [(name, type_of_texts) for name in TEXTS])
    return [
        pyarrow.record_batch([pyarrow.array([value(f.name, at) for at in rows], f.type) for f in schema], schema=schema)
        for rows in ranges
    ]


def stream(record_batches, **options):
    sink = io.BytesIO()
    with ipc.new_stream(sink, record_batches[0].schema, options=ipc.IpcWriteOptions(**options)) as writer:
        for batch in record_batches:
            writer.write_batch(batch)
    return sink.getvalue()


def of_polars(**options):
    frame = polars.DataFrame({name: [value(name, at) for at in range(ROWS)] for name in ["timestamp_ns"] + TEXTS})
    if options.pop("categorical", False):
        frame = frame.with_columns(polars.col("event_type").cast(polars.Categorical))
    sink = io.BytesIO()
    frame.write_ipc_stream(sink, **options)
    return sink.getvalue()


def dictionary(index, values=pyarrow.string()):
    return pyarrow.dictionary(index, values)


def growing():
    """Two batches; the dictionary of each column in the second begins as that in the first."""
    first, second = batches(pyarrow.string(), *halves)
    names = first.schema.names
    columns = [(first.column(0), second.column(0))]
    for name in TEXTS:
        head = first.column(name).dictionary_encode()
        tail = [text for text in second.column(name).unique().to_pylist() if text is not None and text not in head.dictionary.to_pylist()]
        entries = pyarrow.array(head.dictionary.to_pylist() + tail)
        index = {text: at for at, text in enumerate(entries.to_pylist())}
        indices = pyarrow.array([None if text is None else index[text] for text in second.column(name).to_pylist()], pyarrow.int32())
        columns.append((head, pyarrow.DictionaryArray.from_arrays(indices, entries)))
    return [pyarrow.record_batch([pair[half] for pair in columns], names=names) for half in (0, 1)]


halves = (range(0, 20), range(20, ROWS))
whole = (range(0, ROWS),)
accepted = {
    "PyArrow, string": stream(batches(pyarrow.string(), *halves)),
    "PyArrow, large_string": stream(batches(pyarrow.large_string(), *halves)),
    "PyArrow, dictionaries that are replaced": stream(batches(dictionary(pyarrow.int32()), *halves)),
    "PyArrow, dictionaries that grow": stream(growing(), emit_dictionary_deltas=True),
    "PyArrow, slices of a larger batch": stream([
        batch.slice(part.start, len(part)) for batch in batches(pyarrow.string(), *whole) for part in halves
    ]),
    "PyArrow, metadata of version 4": stream(batches(pyarrow.string(), *whole), metadata_version=ipc.MetadataVersion.V4),
    "PyArrow, a schema with metadata": stream([
        batch.replace_schema_metadata({"recorder": "x" * 1000}) for batch in batches(pyarrow.string(), *whole)
    ]),
    "polars, large_string": of_polars(compat_level=polars.CompatLevel.oldest()),
    "polars, a categorical column": of_polars(compat_level=polars.CompatLevel.oldest(), categorical=True),
}
for index in ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]:
    kind = dictionary(getattr(pyarrow, index)(), pyarrow.large_string())
    accepted[f"PyArrow, dictionaries by {index}"] = stream(batches(kind, *whole))

refused = {
    "compressed with ZSTD": stream(batches(pyarrow.string(), *whole), compression="zstd"),
    "compressed with LZ4": stream(batches(pyarrow.string(), *whole), compression="lz4"),
    "utf8_view": of_polars(),
    "end-of-stream": stream(batches(pyarrow.string(), *whole), use_legacy_format=True),
}


def encoded(streams):
    return {name: base64.b64encode(data).decode() for name, data in streams.items()}


rows = [{name: value(name, at) for name in TEXTS} for at in range(ROWS)]
print(json.dumps({"rows": rows, "accepted": encoded(accepted), "refused": encoded(refused)}))
