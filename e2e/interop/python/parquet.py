"""What PyArrow, DuckDB and polars find in Parquet files.

Standard input holds a list of tasks in JSON, standard output gets the list of their results. Values become text, so that none of them
loses anything on the way: integers in decimals, floating-point numbers as their bits, bytes in hexadecimal.
"""

import base64
import json
import struct
import sys

import duckdb
import polars
import pyarrow
import pyarrow.parquet
import pyarrow.parquet.encryption as encryption

TIMES = ("time", "timestamp_ns")


def text(value):
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, float):
        return struct.pack(">d", value).hex()
    return value.hex() if isinstance(value, (bytes, bytearray)) else str(value)


def time_column(names):
    return next(name for name in names if name in TIMES)


def pyarrow_rows(task):
    table = pyarrow.parquet.read_table(
        task["path"], decryption_properties=decryption(task), page_checksum_verification=True, filters=task.get("filter")
    )
    time = time_column(table.schema.names)
    at = table.schema.get_field_index(time)
    return table.set_column(at, time, table[time].cast(pyarrow.int64())).to_pylist()


def duckdb_rows(task):
    connection = duckdb.connect()
    relation = connection.read_parquet(task["path"])
    for column, _, value in task.get("filter") or []:
        relation = relation.filter(f"{column} = '{value}'")
    time = time_column(relation.columns)
    rows = relation.project(f"* replace (epoch_ns({time}) as {time})")
    names = rows.columns
    return [dict(zip(names, row)) for row in rows.fetchall()]


def polars_rows(task):
    rows = polars.scan_parquet(task["path"])
    for column, _, value in task.get("filter") or []:
        rows = rows.filter(polars.col(column) == value)
    # Polars gives JSON as the bytes that it is stored in.
    time = time_column(rows.collect_schema().names())
    return rows.with_columns(polars.col(time).dt.epoch("ns"), polars.col("data").cast(polars.String)).collect().to_dicts()


def read(task):
    rows = {"PyArrow": pyarrow_rows, "DuckDB": duckdb_rows, "polars": polars_rows}[task["reader"]](task)
    return [{name: text(value) for name, value in row.items()} for row in rows]


def decryption(task):
    if "key" in task:
        return encryption.create_decryption_properties(footer_key=bytes.fromhex(task["key"]))
    if "masterKey" in task:
        factory = encryption.CryptoFactory(lambda _: PlainKeys())
        return factory.file_decryption_properties(encryption.KmsConnectionConfig(), encryption.DecryptionConfiguration())
    return None


def write(task):
    """Writes the rows of a file again, encrypted. Without Arrow's schema beside the file's own, from which polars would take types of Arrow's."""
    prefix = task.get("prefix")
    properties = encryption.create_encryption_properties(
        bytes.fromhex(task["key"]), aad_prefix=prefix and prefix.encode(), store_aad_prefix=task.get("storesPrefix", False)
    )
    pyarrow.parquet.write_table(
        pyarrow.parquet.read_table(task["path"]),
        task["to"],
        encryption_properties=properties,
        row_group_size=700,
        data_page_size=2048,
        data_page_version=task["pages"],
        write_page_index=True,
        write_page_checksum=True,
        store_schema=False,
    )


class PlainKeys(encryption.KmsClient):
    """A key service that wraps keys in nothing: it is the place of the key in the file that is looked at."""

    def wrap_key(self, key_bytes, master_key_identifier):
        return base64.b64encode(key_bytes)

    def unwrap_key(self, wrapped_key, master_key_identifier):
        return base64.b64decode(wrapped_key)


def describe(task):
    metadata = pyarrow.parquet.ParquetFile(task["path"]).metadata
    return {
        "createdBy": metadata.created_by,
        "keyValues": {key.decode(): value.decode() for key, value in (metadata.metadata or {}).items()},
        "rowGroups": [describe_group(metadata.row_group(at)) for at in range(metadata.num_row_groups)],
    }


def describe_group(group):
    return {
        "rows": group.num_rows,
        "sortedBy": [[column.column_index, column.descending] for column in group.sorting_columns],
        "columns": [describe_chunk(group.column(at)) for at in range(group.num_columns)],
    }


def describe_chunk(chunk):
    found = chunk.statistics
    bounds = [text(value) for value in (found.min_raw, found.max_raw)] if found and found.has_min_max else None
    return {
        "name": chunk.path_in_schema,
        "codec": chunk.compression,
        "encodings": sorted(chunk.encodings),
        "dictionary": chunk.has_dictionary_page,
        "bounds": bounds,
        "nulls": found.null_count if found else None,
        "columnIndex": chunk.has_column_index,
        "offsetIndex": chunk.has_offset_index,
        "bloomFilter": chunk.bloom_filter_offset is not None,
    }


def probe(task):
    """Of each value, whether the bloom filter of some row group has it."""
    query = "select bool_or(not bloom_filter_excludes) from parquet_bloom_probe(?, ?, ?)"
    return [duckdb.execute(query, [task["path"], task["column"], value]).fetchone()[0] for value in task["values"]]


def do(task):
    try:
        return {"result": {"read": read, "write": write, "describe": describe, "probe": probe}[task["do"]](task)}
    except (OSError, pyarrow.ArrowException) as error:
        return {"error": str(error)}


json.dump([do(task) for task in json.load(sys.stdin)], sys.stdout)
