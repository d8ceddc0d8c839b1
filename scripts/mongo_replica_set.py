"""Makes the MongoDB server on a loopback port the only member and the primary of replica set rs0.

Usage: mongo_replica_set.py <port> <seconds>. Idempotent; also mends the set after the port has moved.
"""

import sys
import time

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

NOT_YET_INITIALIZED = 94


def configure(admin, address):
    try:
        config = admin.command("replSetGetConfig")["config"]
    except OperationFailure as error:
        if error.code != NOT_YET_INITIALIZED:
            raise
        admin.command("replSetInitiate", {"_id": "rs0", "members": [{"_id": 0, "host": address}]})
        return
    if config["members"][0]["host"] != address:
        config["members"][0]["host"] = address
        config["version"] += 1
        admin.command("replSetReconfig", config, force=True)


def main():
    address = f"127.0.0.1:{sys.argv[1]}"
    deadline = time.monotonic() + float(sys.argv[2])
    client = MongoClient(f"mongodb://{address}/?directConnection=true", serverSelectionTimeoutMS=2000)
    last = None
    while time.monotonic() < deadline:
        try:
            configure(client.admin, address)
            if client.admin.command("hello").get("isWritablePrimary"):
                return 0
        except PyMongoError as error:
            last = error
        time.sleep(0.1)
    print(f"no primary on {address}: {last}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
