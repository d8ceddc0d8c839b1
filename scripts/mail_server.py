"""The mail catcher of development and test systems: SMTP in, one .eml file a mail, a page to read them.

Nothing is ever sent on. Pages: / (newest first), /messages/<id>, /messages.json?to=<address>.
"""

import argparse
import email
import email.policy
import html
import json
import re
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from aiosmtpd.controller import Controller

LINK = re.compile(r"https?://[^\s<>\"')\]]+")
ID = re.compile(r"^[0-9]+$")
RECIPIENTS = "X-Envelope-To"
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>body{{font:15px system-ui;margin:2rem auto;max-width:60rem;padding:0 1rem}}table{{width:100%;border-collapse:collapse}}
td,th{{text-align:left;padding:.4rem;border-bottom:1px solid #ddd}}pre{{white-space:pre-wrap;background:#f6f6f6;padding:1rem}}
iframe{{width:100%;height:32rem;border:1px solid #ddd}}</style><h1>{title}</h1>{body}"""


class Store:
    """Mails as files; the id is a counter that starts at the clock, so that ids sort by arrival."""

    def __init__(self, folder):
        self.folder = folder
        self.lock = threading.Lock()
        self.last = 0

    def add(self, recipients, content):
        with self.lock:
            self.last = max(self.last + 1, time.time_ns())
            name = f"{self.last}.eml"
        header = f"{RECIPIENTS}: {', '.join(recipients)}\r\n".encode()
        part = self.folder / f"{name}.part"
        part.write_bytes(header + content)
        # A reader sees a mail whole or not at all.
        part.rename(self.folder / name)

    def all(self, to=None):
        for path in sorted(self.folder.glob("*.eml"), reverse=True):
            mail = self.read(path.stem)
            if mail and (to is None or to.lower() in mail["to"].lower().split(", ")):
                yield mail

    def read(self, identifier):
        path = self.folder / f"{identifier}.eml"
        if not ID.match(identifier) or not path.is_file():
            return None
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        text = content_of(message, "plain")
        return {
            "id": identifier,
            "to": message[RECIPIENTS] or "",
            "from": message["From"] or "",
            "subject": message["Subject"] or "",
            "date": message["Date"] or "",
            "text": text,
            "html": content_of(message, "html"),
            "links": list(dict.fromkeys(link.rstrip(".,;") for link in LINK.findall(text))),
        }


def content_of(message, kind):
    part = message.get_body(preferencelist=(kind,))
    return part.get_content() if part else ""


class Inbox:
    """The SMTP side."""

    def __init__(self, store):
        self.store = store

    async def handle_DATA(self, _server, _session, envelope):
        self.store.add(envelope.rcpt_tos, envelope.content)
        return "250 stored"


class Reader(BaseHTTPRequestHandler):
    """The HTTP side."""

    store = None

    def do_GET(self):
        url = urlsplit(self.path)
        if url.path == "/":
            self.answer("text/html", self.overview())
        elif url.path == "/messages.json":
            to = parse_qs(url.query).get("to", [None])[0]
            self.answer("application/json", json.dumps(list(self.store.all(to))))
        elif mail := self.store.read(url.path.removeprefix("/messages/")):
            self.answer("text/html", self.page(mail))
        else:
            self.answer("text/plain", "not found\n", 404)

    def overview(self):
        rows = "".join(
            f'<tr><td>{html.escape(mail["date"])}<td>{html.escape(mail["to"])}'
            f'<td><a href="/messages/{mail["id"]}">{html.escape(mail["subject"]) or "(no subject)"}</a>'
            for mail in self.store.all()
        )
        table = f"<table><tr><th>date<th>to<th>subject{rows}</table>" if rows else "<p>No mail yet."
        return PAGE.format(title="Mail", body=table)

    def page(self, mail):
        links = "".join(f'<li><a href="{html.escape(link)}">{html.escape(link)}</a>' for link in mail["links"])
        # The mail's own HTML runs no script and has no origin; its links open in a new tab.
        frame = (
            '<iframe sandbox="allow-popups allow-popups-to-escape-sandbox" referrerpolicy="no-referrer" '
            f'srcdoc="{html.escape("<base target=_blank>" + mail["html"])}"></iframe>'
            if mail["html"]
            else ""
        )
        body = (
            f'<p><a href="/">all mail</a><p>to {html.escape(mail["to"])}<br>from {html.escape(mail["from"])}'
            f'<br>{html.escape(mail["date"])}<ul>{links}</ul><pre>{html.escape(mail["text"])}</pre>{frame}'
        )
        return PAGE.format(title=html.escape(mail["subject"]), body=body)

    def answer(self, kind, text, status=200):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments):
        """Quiet: polling tests would fill the log."""


def start_secure(inbox, arguments):
    """The same inbox behind TLS."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(arguments.certificate, arguments.key)
    host = arguments.host
    if arguments.starttls_port:
        upgraded = {"tls_context": tls, "require_starttls": True}
        Controller(inbox, hostname=host, port=arguments.starttls_port, **upgraded).start()
    if arguments.tls_port:
        Controller(inbox, hostname=host, port=arguments.tls_port, ssl_context=tls).start()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--web-port", type=int, required=True)
    parser.add_argument("--starttls-port", type=int, help="takes mail behind STARTTLS only")
    parser.add_argument("--tls-port", type=int, help="takes mail by TLS from the first byte")
    parser.add_argument("--certificate", type=Path)
    parser.add_argument("--key", type=Path)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    Reader.store = Store(arguments.folder)
    inbox = Inbox(Reader.store)
    Controller(inbox, hostname=arguments.host, port=arguments.smtp_port).start()
    if arguments.certificate:
        start_secure(inbox, arguments)
    ThreadingHTTPServer((arguments.host, arguments.web_port), Reader).serve_forever()


if __name__ == "__main__":
    main()
