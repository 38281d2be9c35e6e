"""Opens a file that `chronicle seal` made, with none of Chronicle's code: what is left to do when nothing but the data is left.

    python3 examples/open_sealed.py DATA_DIR FILE.sealed > FILE

Needs the package cryptography (44 or newer). The master key is the key file that the key store names, or CHRONICLE_PASSPHRASE.
"""
import base64, hashlib, hmac, json, os, sys, unicodedata
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def unwrap(wrapping: bytes, wrapped: str, context: list) -> bytes:
    """A wrapped key: salt (32), commitment (32), AES-256-GCM of the key with its tag (48)."""
    data = base64.b64decode(wrapped)
    okm = HKDF(SHA256(), 76, data[:32], b"chronicle key wrap v1").derive(wrapping)
    if not hmac.compare_digest(okm[44:], data[32:64]):
        sys.exit("another key has wrapped this")
    associated = json.dumps(context, separators=(",", ":"), ensure_ascii=False).encode()
    return AESGCM(okm[:32]).decrypt(okm[32:44], data[64:], associated)


def master(source: dict) -> bytes:
    parameters = source["parameters"]
    if source["kind"] == "file":
        return open(parameters["path"], "rb").read()
    if source["kind"] != "passphrase":
        sys.exit(f"the master key is in the {source['kind']}: bring it here as a key file first")
    passphrase = unicodedata.normalize("NFC", os.environ["CHRONICLE_PASSPHRASE"]).encode()
    salt = base64.b64decode(parameters["salt"])
    if parameters["kdf"] == "pbkdf2-sha256":
        return hashlib.pbkdf2_hmac("sha256", passphrase, salt, parameters["iterations"], 32)
    costs = {"iterations": parameters["passes"], "lanes": parameters["lanes"], "memory_cost": parameters["memoryKiB"]}
    return Argon2id(salt=salt, length=32, **costs).derive(passphrase)


def data_key(directory: str, key_id: str) -> bytes:
    """The master opens a root key in vault.json, and that the data key in its own record."""
    vault = json.load(open(f"{directory}/objects/vault/vault.json"))
    key = json.load(open(f"{directory}/objects/vault/keys/{key_id}.json"))
    root = next(each for each in vault["roots"] if each["generation"] == key["rootGeneration"])
    source = vault["source"]
    identity = [vault["id"], vault["createdMs"], source["kind"], [list(each) for each in source["parameters"].items()]]
    context = ["chronicle-vault", 1, "root", *identity, vault["signing"]["publicKey"], root["generation"]]
    root_key = unwrap(master(source), root["wrapped"], context)
    context = ["chronicle-key", 1, key["vault"], key["id"], key["purpose"], key["createdMs"], key["rootGeneration"]]
    return unwrap(root_key, key["wrapped"], context)


def hkdf_expand_sha512(key: bytes, info: bytes, length: int) -> bytes:
    okm, block, count = b"", b"", 1
    while len(okm) < length:
        block = hmac.digest(key, block + info + bytes([count]), "sha512")
        okm, count = okm + block, count + 1
    return okm[:length]


def open_sealed(directory: str, path: str) -> None:
    file = open(path, "rb")
    fixed = file.read(30)
    header = fixed + file.read(int.from_bytes(fixed[28:30], "big") + 4)
    if header[:4] != b"CHV1" or header[24:28] != bytes(4):
        sys.exit("not a file of `chronicle seal`")
    identifier = header[8:24].hex()
    key_id = "-".join(identifier[a:b] for a, b in ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32)))
    salt, commitment = file.read(24), file.read(32)
    info = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0" + salt + header
    okm = hkdf_expand_sha512(data_key(directory, key_id), info, 76)
    if not hmac.compare_digest(okm[44:], commitment):
        sys.exit("the header was changed, or the key is another one")
    cipher, base = AESGCM(okm[:32]), int.from_bytes(okm[32:44], "big")
    number, plain = 0, bytes(16384)
    while len(plain) == 16384:
        # A full chunk is followed by another: where the end is missing, this one is empty and does not open.
        plain = cipher.decrypt((base ^ number).to_bytes(12, "big"), file.read(16400), None)
        sys.stdout.buffer.write(plain)
        number += 1


open_sealed(sys.argv[1], sys.argv[2])
