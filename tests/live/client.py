"""Joins a room and tells as lines of JSON what it hears: client.py <url> <room> <transports>, TOKEN in the
environment. Every name is this machine's. Ends after the event with the version 3."""

import json
import os
import socket
import sys

import requests
import socketio

resolve = socket.getaddrinfo
socket.getaddrinfo = lambda _name, *rest, **more: resolve("127.0.0.1", *rest, **more)

url, room, transports = sys.argv[1:]
headers = {"Authorization": "Bearer " + os.environ["TOKEN"]}
# Each polling request is asked for its token; the library itself sends one with the first.
session = requests.Session()
session.headers.update(headers)
# Its library says where it connects to; the port of a test is not the one that pages are told.
client = socketio.Client(http_session=session, websocket_extra_options={"suppress_origin": True})


def tell(line):
    print(json.dumps(line), flush=True)


@client.event
def connect():
    client.emit("join", {"room": room}, callback=lambda answer: tell({"joined": answer}))


@client.on("*")
def hear(name, body):
    if name == "welcome":
        return
    tell({"name": name, "body": body})
    if body.get("data", {}).get("version") == 3:
        client.disconnect()


client.connect(url, headers=headers, transports=transports.split(","))
client.wait()
