"""Answers one JSON request a line, as clients/adapter.ts sends them, by calling the method of that name."""
import base64
import importlib.util
import json
import sys


def encode(value):
    return None if value is None else base64.b64encode(value).decode()


def decode(text):
    return None if text is None else base64.b64decode(text)


def record(partition, offset, key, value, headers, timestamp):
    return {
        "partition": partition,
        "offset": offset,
        "key": encode(key),
        "value": encode(value),
        "headers": [[name, encode(content)] for name, content in headers or []],
        "timestamp": timestamp,
    }


def headers_of(line):
    return [(name, decode(content)) for name, content in line["headers"]]


def installed(*modules):
    return all(importlib.util.find_spec(module) for module in modules)


def serve(client):
    """`client` has a method for each request and a list `compressions`."""
    answer({"ok": {"compressions": client.compressions}})
    for line in sys.stdin:
        request = json.loads(line)
        command = request.pop("do")
        try:
            answer({"ok": getattr(client, command)(**request)})
        except Exception as error:
            answer({"error": f"{type(error).__name__}: {error}"})
    client.close()


def answer(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()
