"""Writes the same rows as Parquet, again and again: parquet-writers.py RECORDS DIRECTORY.

RECORDS is a file of Arrow IPC streams, one behind the other; they are read into memory once. Each line on standard input names a writer; the answer is
how many rows it wrote a second, by the wall clock, and the processor time in seconds, until the file was synced.
"""

import os
import sys
import time

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

BLOOM = {"fpp": 0.1}
ROW_GROUP_ROWS = 65536


def table_of(path):
    """In batches as large as a row group: what a program has in its hands that gathers rows for one."""
    batches = []
    with pa.memory_map(path) as file:
        while file.tell() < file.size():
            with pa.ipc.open_stream(file) as stream:
                batches.extend(stream)
        table = pa.Table.from_batches(batches).combine_chunks()
    return pa.Table.from_batches(table.to_batches(max_chunksize=ROW_GROUP_ROWS))


def write_with_pyarrow(table, path):
    pq.write_table(
        table,
        path,
        compression="snappy",
        use_dictionary=True,
        write_statistics=True,
        write_page_index=True,
        write_page_checksum=True,
        data_page_size=8192,
        row_group_size=ROW_GROUP_ROWS,
        bloom_filter_options={"app_bundle_id": BLOOM, "window_title": BLOOM},
    )


def write_with_duckdb(table, path):
    """DuckDB has no pages to cut, and makes bloom filters for columns with dictionaries by itself."""
    options = f"FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE {ROW_GROUP_ROWS}, BLOOM_FILTER_FALSE_POSITIVE_RATIO 0.1"
    connection = duckdb.connect(config={"threads": 2})
    connection.register("events", table)
    connection.sql(f"COPY events TO '{path}' ({options})")
    connection.close()


def measure(write, table, path):
    started, processor = time.perf_counter(), time.process_time()
    write(table, path)
    with open(path, "rb") as file:
        os.fsync(file.fileno())
    seconds, processor = time.perf_counter() - started, time.process_time() - processor
    os.remove(path)
    return f"{table.num_rows / seconds} {processor}"


def main():
    records, directory = sys.argv[1:]
    table = table_of(records)
    writers = {"pyarrow": write_with_pyarrow, "duckdb": write_with_duckdb}
    print("ready", flush=True)
    for line in sys.stdin:
        print(measure(writers[line.strip()], table, os.path.join(directory, "peer.parquet")), flush=True)


main()
