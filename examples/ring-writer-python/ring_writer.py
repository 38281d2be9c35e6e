"""A recorder in Python: writes events into the packer's ring, each record a whole Arrow IPC stream of PyArrow.

    pip install pyarrow
    cc -shared -fPIC -O2 -I../ring-writer-c -o ring_library.so ring_library.c
    python3 ring_writer.py [RING]

The ring is written by the C header, through ctypes: the order in which the processor stores a record and its position decides whether a reader may see half of it, and
Python's mmap has no way to say it. The packer makes the ring at its start, and has to be started first.
"""

import ctypes
import json
import pathlib
import sys
import time
import uuid

import pyarrow

EVENTS = 1
OK, LOST = 0, 1

library = ctypes.CDLL(str(pathlib.Path(__file__).with_name("ring_library.so")))
library.ring_open.argtypes = [ctypes.c_char_p, ctypes.POINTER(ctypes.c_int)]
library.ring_open.restype = ctypes.c_void_p
library.ring_write.argtypes = [ctypes.c_void_p, ctypes.c_uint16, ctypes.c_char_p, ctypes.c_size_t]
library.ring_close.argtypes = [ctypes.c_void_p]
library.ring_message.argtypes = [ctypes.c_int]
library.ring_message.restype = ctypes.c_char_p

SCHEMA = pyarrow.schema(
    [
        pyarrow.field("timestamp_ns", pyarrow.int64(), nullable=False),
        pyarrow.field("event_type", pyarrow.string(), nullable=False),
        pyarrow.field("app_bundle_id", pyarrow.string()),
        pyarrow.field("window_title", pyarrow.string()),
        pyarrow.field("data", pyarrow.string(), nullable=False),
        pyarrow.field("session_id", pyarrow.string(), nullable=False),
        pyarrow.field("event_id", pyarrow.string(), nullable=False),
    ]
)


class Ring:
    """The writing side. One thread at a time uses it, and a process opens a ring once."""

    def __init__(self, path):
        error = ctypes.c_int()
        self._ring = library.ring_open(path.encode(), ctypes.byref(error))
        if not self._ring:
            raise OSError(f"{path}: {library.ring_message(error).decode()}")

    def write(self, events):
        """True when the events are in the ring, also if this process dies now; False when there was no room: they are lost, and counted as that."""
        stream = pyarrow.BufferOutputStream()
        with pyarrow.ipc.new_stream(stream, SCHEMA) as writer:
            writer.write_batch(pyarrow.RecordBatch.from_pylist(events, schema=SCHEMA))
        payload = stream.getvalue().to_pybytes()
        result = library.ring_write(self._ring, EVENTS, payload, len(payload))
        if result not in (OK, LOST):
            raise OSError(library.ring_message(result).decode())
        return result == OK

    def close(self):
        library.ring_close(self._ring)


def event(session, event_type, data, app=None, title=None):
    return {
        "timestamp_ns": time.time_ns(),
        "event_type": event_type,
        "app_bundle_id": app,
        "window_title": title,
        "data": json.dumps(data),
        "session_id": session,
        "event_id": str(uuid.uuid4()),
    }


def main():
    ring = Ring(sys.argv[1] if len(sys.argv) > 1 else "/tmp/chronicle_ring_buffer")
    session = str(uuid.uuid4())
    events = [
        event(session, "app", {"state": "active"}, app="org.example.editor"),
        event(session, "key", {"code": "KeyC"}, app="org.example.editor", title="notes.txt"),
    ]
    print("2 events are in the ring" if ring.write(events) else "the ring was full: the record is lost, and counted as that")
    ring.close()


if __name__ == "__main__":
    main()
