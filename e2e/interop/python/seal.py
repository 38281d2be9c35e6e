"""C2SP chunked-encryption, Cobblestone-256, by the recipe of Python's cryptography package.

Standard input holds a list of tasks in JSON, standard output gets the list of their results. Bytes are base64.
"""

import base64
import json
import sys

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag


def do(task):
    key, context, data = (base64.b64decode(task[name]) for name in ("key", "context", "bytes"))
    coder = (Cobblestone256Encryptor if task["seal"] else Cobblestone256Decryptor)(key, context)
    try:
        done = coder.update(data) + coder.finalize()
    except InvalidTag as error:
        return {"bytes": None, "error": repr(error)}
    return {"bytes": base64.b64encode(done).decode()}


json.dump([do(task) for task in json.load(sys.stdin)], sys.stdout)
