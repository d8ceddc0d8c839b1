"""Makes crates/passwords/src/common.bin out of lists of passwords, one a line, plain, gzipped, or a JSON array.

Of each password of ten characters and more, in lower case, the first five bytes of its SHA-256; sorted, each once.
"""

import gzip
import hashlib
import json
import sys
from pathlib import Path

LEAST_CHARS = 10
HASH_BYTES = 5
OUT = Path(__file__).resolve().parent.parent / "crates/passwords/src/common.bin"


def passwords_of(path):
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8", "replace")
    return json.loads(text) if path.suffix == ".json" else text.splitlines()


def main():
    lists = [Path(name) for name in sys.argv[1:]] or sys.exit(f"usage: {sys.argv[0]} LIST...")
    common = {password.lower() for path in lists for password in passwords_of(path)}
    hashes = {
        hashlib.sha256(password.encode()).digest()[:HASH_BYTES]
        for password in common
        if len(password) >= LEAST_CHARS and len(set(password)) > 1
    }
    OUT.write_bytes(b"".join(sorted(hashes)))
    print(f"{len(hashes)} passwords, {OUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
