"""A real mail server that keeps what it takes, and misbehaves for some receivers.

    server.py FOLDER

FOLDER has certificate.pem and key.pem. Each message that is taken becomes a line of
FOLDER/messages.jsonl before the server says so. The part before the @ of a receiver says what is to
go wrong: `550` and `451` are answered at RCPT, `data-554` and `data-451` after the message;
`silent` and `cut` at RCPT; `taken-silent` and `taken-cut` after the message was taken.
"""

import asyncio
import base64
import json
import ssl
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult

FOLDER = Path(sys.argv[1])
USER = b"belay"
PASSWORD_FILE = FOLDER / "password"
LONG_S = 600


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        name = address.split("@")[0]
        if name in ("550", "551", "553"):
            return f"{name} 5.1.1 no such mailbox here"
        if name in ("421", "450", "451", "452"):
            return f"{name} 4.2.1 greylisted, try again later"
        if name == "silent":
            await asyncio.sleep(LONG_S)
        if name == "cut":
            server.transport.abort()
            return None
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        name = envelope.rcpt_tos[0].split("@")[0]
        if name.startswith("data-"):
            return f"{name[5:]} the message was not taken"
        message = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "content": base64.b64encode(envelope.original_content).decode(),
            "tls": server.transport.get_extra_info("sslcontext") is not None,
            "user": (session.auth_data or b"").decode() if session.authenticated else None,
        }
        with open(FOLDER / "messages.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(message) + "\n")
        if name == "taken-silent":
            await asyncio.sleep(LONG_S)
        if name == "taken-cut":
            server.transport.abort()
        return "250 2.0.0 OK: queued as 4Tz1Q"


def authenticate(server, session, envelope, mechanism, auth_data):
    wanted = PASSWORD_FILE.read_bytes()
    good = auth_data.login == USER and auth_data.password == wanted
    return AuthResult(success=good, handled=good, auth_data=USER if good else None)


async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(FOLDER / "certificate.pem", FOLDER / "key.pem")
    signed_in = {"authenticator": authenticate, "auth_required": True}
    ways = {
        "none": ({}, None),
        "starttls": ({"tls_context": context, "require_starttls": True, **signed_in}, None),
        "implicit": ({"auth_require_tls": False, **signed_in}, context),
    }
    loop = asyncio.get_running_loop()
    ports = {}
    for name, (options, tls) in ways.items():

        def start(options=options):
            return SMTP(Handler(), hostname="mail.test", **options)

        server = await loop.create_server(start, "127.0.0.1", 0, ssl=tls)
        ports[name] = server.sockets[0].getsockname()[1]
    print("serving " + json.dumps(ports), flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
