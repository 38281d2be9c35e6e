"""Verifies the proof of a chunk with none of Chronicle's code: the bytes of FILE are in the session that the key's owner signed.

    python3 examples/verify_proof.py PROOF.tlog-proof PUBLIC_KEY.vkey FILE

Needs the package cryptography, for Ed25519.
"""
import base64, hashlib, json, sys
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


proof = open(sys.argv[1], encoding="utf-8").read()
name, key_hash, key = open(sys.argv[2], encoding="utf-8").read().strip().split("+", 2)
payload = open(sys.argv[3], "rb").read()

# The proof (C2SP tlog-proof): what the leaf is made of, its index, the hashes on the way to the root; then the checkpoint.
head, checkpoint = proof.split("\n\n", 1)
version, extra, index, *siblings = head.split("\n")
assert version == "c2sp.org/tlog-proof@v1"
leaf = json.loads(base64.b64decode(extra.removeprefix("extra ")))
index = int(index.removeprefix("index "))

# The checkpoint (C2SP tlog-checkpoint) is a note that the key has signed (C2SP signed-note).
text, signatures = checkpoint.split("\n\n", 1)
origin, size, root = text.split("\n")[:3]
assert origin == name or origin.startswith(name + "/"), "the key vouches for another origin"
mine = next(line for line in signatures.splitlines() if line.startswith(f"— {name} "))
signature = base64.b64decode(mine.rsplit(" ", 1)[1])
assert signature[:4].hex() == key_hash
Ed25519PublicKey.from_public_bytes(base64.b64decode(key)[1:]).verify(signature[4:], (text + "\n").encode())

# The leaf: salt, hash of the payload, and metadata in canonical JSON (RFC 8785, which this is for plain text and whole numbers).
assert hashlib.sha256(payload).hexdigest() == leaf["payloadSha256"], "the file is another one"
assert leaf["metadata"]["chunk_index"] == index and origin.endswith("/sessions/" + leaf["metadata"]["session_id"])
metadata = json.dumps(leaf["metadata"], sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
leaf_data = sha256(bytes.fromhex(leaf["salt"]), bytes.fromhex(leaf["payloadSha256"]), metadata)

# From the leaf up to the root (RFC 9162, section 2.1.3.2).
assert 0 <= index < int(size)
node, at, last = sha256(b"\x00", leaf_data), index, int(size) - 1
for sibling in map(base64.b64decode, siblings):
    assert last > 0, "too many hashes"
    if at % 2 == 1 or at == last:
        node = sha256(b"\x01", sibling, node)
        while at % 2 == 0 and at > 0:
            at, last = at // 2, last // 2
    else:
        node = sha256(b"\x01", node, sibling)
    at, last = at // 2, last // 2
assert last == 0 and node == base64.b64decode(root), "the way does not lead to the root"

print(f"valid: {sys.argv[3]} is chunk {index} of {origin}, in a tree of {size}")
