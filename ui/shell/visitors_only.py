"""Before everything else, where the app is shared: nobody gets anything who was not let in, and guests get less.

An unknown visitor gets the page that asks for the code, and "ok" where it is asked whether the server runs. A guest may
look (GET) at pages, at what they are made of and at the live pictures, and has Streamlit's websocket for the messages
that pages send; no upload, no other method, nothing of Streamlit's that is for operators. The host has everything, as
without sharing, but only from this machine (`core.sharing.reach.comes_from_here`): a host's cookie that somebody copied
is worth nothing elsewhere, and behind a proxy nobody is host.

Whoever asks is known by one cookie alone, which the server has signed (`core.sharing.tokens`). Guests who are ended
lose their connections with the next message in either direction.
"""

from __future__ import annotations

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.sharing.reach import comes_from_here
from core.sharing.share import ClassShare
from core.sharing.tokens import HOST, LIFETIME, Visitor
from ui.shared.visitors import cookie_name
from ui.shell.code_page import code_page, wait_text

JOIN, HOST_DOOR, HEALTH = "/join", "/host", "/_stcore/health"
MOST_FORM = 4096
"""Bytes of a form with a code."""

GUEST_INTERNALS = ("/_stcore/stream", "/_stcore/host-config", "/_stcore/bidi-components/", HEALTH)
"""What of Streamlit's own addresses a guest's page asks for."""

NOT_FOR_GUESTS = ("/_stcore", "/auth", "/oauth2callback")

GUEST_MESSAGES = frozenset(("rerun_script", "stop_script", "app_heartbeat", "backend_operation_request"))
"""What a guest's page sends by websocket. Left out: clearing the caches, which are everybody's; addresses for uploads;
what developers and operators use."""

FORBIDDEN = "A guest cannot do this; only the host can.\n"


class OnlyVisitors:
    """ASGI middleware; nothing of the app runs for a request that it refuses."""

    def __init__(self, app: ASGIApp, share: ClassShare) -> None:
        self.app, self.share = app, share

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    # ------------------------------------------------------------ pages, streams, files

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        if path == JOIN:
            answer = await self._joined(scope, receive)
        elif path == HOST_DOOR:
            answer = self._became_host(scope)
        elif path == HEALTH and method in ("GET", "HEAD"):
            answer = PlainTextResponse("ok", headers=KEPT_NOWHERE)
        else:
            answer = self._refusal(scope)
        await (answer or self.app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        """None for what may pass."""
        found = self._visitor(scope)
        if found is None:
            return self._code_page(scope)
        if found.kind == HOST or (scope["method"] in ("GET", "HEAD") and _is_for_guests(scope["path"])):
            return None
        return PlainTextResponse(FORBIDDEN, 403, KEPT_NOWHERE)

    def _code_page(self, scope: Scope, told: str = "", status: int = 401, next_: str = "/") -> Response:
        """To a browser that wants a page the one that asks for the code, to all else a line."""
        headers = Headers(scope=scope)
        if scope["method"] not in ("GET", "POST") or "text/html" not in headers.get("accept", "text/html"):
            return PlainTextResponse(f"{told or 'Enter the code first.'}\n", status, KEPT_NOWHERE)
        if scope["path"] not in (JOIN, HOST_DOOR):
            query = scope["query_string"].decode("latin-1")
            next_ = safe_next(scope["path"] + (f"?{query}" if query else ""))
        return Response(code_page(told, next_), status, {**KEPT_NOWHERE, **PAGE_HEADERS}, "text/html")

    async def _joined(self, scope: Scope, receive: Receive) -> Response:
        """What comes of a code, in a link or a form: a cookie and the app, or the page once more."""
        if scope["method"] == "GET":
            given = _fields(scope["query_string"])
        elif scope["method"] == "POST":
            given = _fields(await _body(receive))
        else:
            return PlainTextResponse("Enter the code first.\n", 405, KEPT_NOWHERE)
        next_ = safe_next(given.get("next", "/"))
        if self._visitor(scope) is not None:
            return RedirectResponse(next_, 303, KEPT_NOWHERE)  # whoever is in, the host say, stays who he is
        if not given.get("code", "").strip():
            return self._code_page(scope, next_=next_)
        answer = self.share.try_code(given["code"], (scope.get("client") or ("",))[0])
        if answer.token is not None:
            return self._let_in(scope, answer.token, next_)
        if answer.full:
            return self._code_page(scope, "There are as many guests as there may be. Ask the host.", 503, next_)
        told = wait_text(answer.wait) if not answer.looked else f"That is not the code. {wait_text(answer.wait)}"
        refused = self._code_page(scope, told, 401 if answer.looked else 429, next_)
        refused.headers["Retry-After"] = str(int(answer.wait) + 1)
        return refused

    def _became_host(self, scope: Scope) -> Response:
        """The host's link: good once, and only where it is followed on this machine."""
        given = _fields(scope["query_string"]).get("link", "")
        token = self.share.try_host_link(given) if scope["method"] == "GET" and _is_from_here(scope) else None
        if token is None:
            return self._code_page(scope, "This link is for the host, on the host's own machine, and good once.", 403)
        return self._let_in(scope, token, "/")

    def _let_in(self, scope: Scope, token: str, next_: str) -> Response:
        """The cookie, and the way on without the code in the address. Lax, not strict: a link in a mail leads in."""
        answer = RedirectResponse(next_, 303, {**KEPT_NOWHERE, "Referrer-Policy": "no-referrer"})
        secure = scope.get("scheme") == "https"
        answer.set_cookie(
            cookie_name(_port(scope)), token, max_age=int(LIFETIME), httponly=True, secure=secure,
            samesite="lax",
        )  # fmt: skip
        return answer

    def _visitor(self, scope: Scope) -> Visitor | None:
        found = self.share.visitor(_cookies(scope).get(cookie_name(_port(scope))))
        return None if found is not None and found.kind == HOST and not _is_from_here(scope) else found

    # ------------------------------------------------------------ the websocket

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        visitor = self._visitor(scope)
        allowed = visitor is not None and (visitor.kind == HOST or _is_for_guests(scope["path"]))
        if visitor is None or not allowed or not self.share.open_tab(visitor):
            await send({"type": "websocket.close", "code": 1008})  # before it is accepted: the server answers 403
            return
        try:
            if visitor.kind == HOST:
                await self.app(scope, receive, send)
            else:
                await self._guest_socket(scope, receive, send)
        finally:
            self.share.close_tab(visitor)

    async def _guest_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A guest's connection: always to a session of its own, with the messages that a guest's page sends."""
        closed = False

        async def received() -> Message:
            while True:
                message = await receive()
                if message["type"] != "websocket.receive" or is_guest_message(message.get("bytes")):
                    return (
                        message if self._visitor(scope) is not None else {"type": "websocket.disconnect", "code": 1008}
                    )

        async def sent(message: Message) -> None:
            nonlocal closed
            if closed:
                return
            if message["type"] == "websocket.send" and self._visitor(scope) is None:
                closed = True
                message = {"type": "websocket.close", "code": 1008}
            await send(message)

        await self.app(_without_session(scope), received, sent)


KEPT_NOWHERE = {"Cache-Control": "no-store"}
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "same-origin",  # with none at all browsers send the form as if from another site
    "X-Content-Type-Options": "nosniff",
}


def safe_next(text: str) -> str:
    """A page of ours to go on to; the first one where it might be any other site's."""
    local = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable() and text.isascii()
    return text if local and "\\" not in text and not text.startswith((JOIN, HOST_DOOR)) else "/"


def is_guest_message(data: bytes | None) -> bool:
    """Whether a websocket message is one that a guest's page sends; what cannot be read is none."""
    from google.protobuf.message import DecodeError
    from streamlit.proto.BackMsg_pb2 import BackMsg

    message = BackMsg()
    try:
        message.ParseFromString(data or b"")
    except DecodeError:
        return False
    return message.WhichOneof("type") in GUEST_MESSAGES


def _is_for_guests(path: str) -> bool:
    if not path.startswith(NOT_FOR_GUESTS):
        return True
    return path in GUEST_INTERNALS or any(path.startswith(one) for one in GUEST_INTERNALS if one.endswith("/"))


def _is_from_here(scope: Scope) -> bool:
    client, server = (scope.get(end) or ("",) for end in ("client", "server"))
    return comes_from_here(client[0], server[0] or "", Headers(scope=scope).keys())


def _cookies(scope: Scope) -> Mapping[str, str]:
    """The cookies of a request, none where somebody sent what no browser sends."""
    found: SimpleCookie = SimpleCookie()
    headers = Headers(scope=scope).getlist("cookie")
    try:
        for header in headers[:4]:
            found.load(header[:16_384])
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in found.items()}


def _port(scope: Scope) -> int:
    return int((scope.get("server") or ("", 0))[1] or 0)


def _fields(encoded: bytes) -> dict[str, str]:
    try:
        found = parse_qs(encoded.decode("ascii"), max_num_fields=8)
    except (UnicodeDecodeError, ValueError):
        return {}
    return {name: values[0] for name, values in found.items()}


async def _body(receive: Receive) -> bytes:
    """A small form; nothing where it is larger."""
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b""
        body += message.get("body", b"")
        if len(body) > MOST_FORM:
            return b""
        if not message.get("more_body"):
            return body


def _without_session(scope: Scope) -> Scope:
    """Without the third of the protocols, in which Streamlit's page asks to go on with an earlier session: a guest who
    had come to know the name of another's session would take it over."""
    changed = {**scope, "headers": list(scope["headers"])}
    headers = MutableHeaders(scope=changed)
    protocols = [one.strip() for one in headers.get("sec-websocket-protocol", "").split(",")]
    if len(protocols) > 2:
        headers["sec-websocket-protocol"] = ", ".join(protocols[:2])
        changed["subprotocols"] = list(scope.get("subprotocols", ()))[:2]
    return changed
