"""A browser's tab as its messages: Streamlit's websocket protocol, spoken by hand, for who wants to send what no page
sends."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

TIMEOUT = 40.0


@dataclass
class Answer:
    """Of a request: status, headers in small letters, and the body."""

    status: int
    headers: Mapping[str, str]
    body: str


def ask(own: str, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Answer:
    """A request to the server at `own` ("127.0.0.1:8501"), exactly as it is told: the path is not tidied up."""
    with closing(http.client.HTTPConnection(own, timeout=20)) as asked:
        asked.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        told = {"Host": own, "Connection": "close", **({"Content-Length": str(len(body))} if body else {})}
        for name, value in {**told, **(headers or {})}.items():
            asked.putheader(name, value)
        asked.endheaders(body or None)
        answer = asked.getresponse()
        read = answer.read(200_000).decode("utf-8", "replace")
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, read)


@dataclass
class Drawn:
    """What one run of the script has sent: elements by id, all texts, the session's id."""

    ids: dict[str, str] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    disabled: set[str] = field(default_factory=set)
    pages: dict[str, str] = field(default_factory=dict)
    session: str = ""
    kinds: set[str] = field(default_factory=set)
    fragments: dict[str, str] = field(default_factory=dict)
    """Widget -> the fragment that it stands in, a dialog say."""

    @property
    def text(self) -> str:
        return "\n".join(self.texts)

    def key(self, key: str) -> str:
        """The id of the widget with this key."""
        return next(name for name in self.ids if name.endswith(f"-{key}"))

    def has(self, key: str) -> bool:
        return any(name.endswith(f"-{key}") for name in self.ids)


class Tab:
    """A connection to the script. `state` is what its widgets hold, by id."""

    def __init__(
        self, own: str, cookie: str | None, *, origin: str | None = None, protocols: Sequence[str] = ("streamlit",),
        headers: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        told = {**({"Cookie": cookie} if cookie else {}), **(headers or {})}
        self._open = ExitStack()
        opening = connect(
            f"ws://{own}/_stcore/stream", origin=origin or f"http://{own}", additional_headers=told, open_timeout=20,
            max_size=None, compression=None, subprotocols=list(protocols),
        )  # fmt: skip
        self.socket: ClientConnection = self._open.enter_context(opening)
        self.pages: dict[str, str] = {}
        self.last = Drawn()

    def close(self) -> None:
        self._open.close()

    def send(self, message: BackMsg) -> None:
        self.socket.send(message.SerializeToString())

    def run(self, page: str = "", query: str = "", widgets: Mapping[str, Any] | None = None, page_hash: str = "",
            fragment: str = "") -> Drawn:  # fmt: skip
        """Have the script run. `widgets`: id -> True for a click, a text, or a number of an option."""
        message = BackMsg()
        state = message.rerun_script
        state.query_string = query
        state.page_script_hash = page_hash or self.pages.get(page, "")
        state.page_name = page if not state.page_script_hash else ""
        state.fragment_id = fragment
        for name, value in (widgets or {}).items():
            one = state.widget_states.widgets.add()
            one.id = name
            if value is True:
                one.trigger_value = True
            elif isinstance(value, bool):
                one.bool_value = value
            elif isinstance(value, str):
                one.string_value = value
            elif isinstance(value, list):
                one.string_array_value.data.extend(value)
            else:
                one.int_value = value
        self.send(message)
        self.last = self._drawn()
        self.pages |= self.last.pages
        return self.last

    def _drawn(self) -> Drawn:
        found, deadline = Drawn(), time.monotonic() + TIMEOUT
        while True:
            data = self.socket.recv(timeout=max(deadline - time.monotonic(), 0.01))
            message = ForwardMsg()
            message.ParseFromString(data)
            kind = message.WhichOneof("type")
            found.kinds.add(kind or "")
            if kind == "new_session":
                found.session = message.new_session.initialize.session_id or found.session
            elif kind == "session_status_changed" and message.session_status_changed.run_on_save:
                found.kinds.add("run_on_save")
            elif kind == "navigation":
                found.pages = {page.url_pathname: page.page_script_hash for page in message.navigation.app_pages}
            elif kind == "delta":
                for element in _elements(message):
                    _note(found, element, message.delta.fragment_id)
            elif kind == "script_finished" and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                return found


def _elements(message: ForwardMsg) -> Iterator[Any]:
    if message.delta.WhichOneof("type") == "new_element":
        element = message.delta.new_element
        kind = element.WhichOneof("type")
        if kind:
            yield getattr(element, kind)
    elif message.delta.WhichOneof("type") == "add_block":
        block = message.delta.add_block
        kind = block.WhichOneof("type")
        if kind:
            yield getattr(block, kind)


def _note(found: Drawn, element: Any, fragment: str) -> None:
    name = getattr(element, "id", "")
    if isinstance(name, str) and name:
        found.ids[name] = str(getattr(element, "label", ""))
        if fragment:
            found.fragments[name] = fragment
        if getattr(element, "disabled", False):
            found.disabled.add(name)
    for attribute in ("body", "label", "message"):
        text = getattr(element, attribute, "")
        if isinstance(text, str) and text:
            found.texts.append(text)
