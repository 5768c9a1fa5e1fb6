"""A real server that is shown to a class, and everything that somebody tries who may not: none of it succeeds. The
host does each of the allowed things afterwards, by the same messages, so that an attempt could have succeeded."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlencode

import numpy as np
import psutil
import pytest
from results_fixtures import loader_record
from share_client import Answer, Tab, ask
from streamlit.proto.BackMsg_pb2 import BackMsg
from test_app_browser import browser  # noqa: F401 - a fixture
from websockets.exceptions import ConnectionClosed, InvalidStatus

from core.base.events import finish
from core.base.home import REPOSITORY, Home
from core.base.lock import Lock
from core.building import Build
from core.jobs import Jobs
from core.sharing.tokens import HOST, new_visitor, write_token
from tests.process_commands import command_of

MINE = "an inner secret of the host's machine"

PAGES = ("", "dataset", "build", "benchmark", "train", "inspector", "report")


@dataclass
class Class:
    """A class that is served, as seen from outside. Cookies are "name=value"."""

    own: str
    home: Home
    process: subprocess.Popen[str]
    told: dict[str, object]
    host: str = ""
    guest: str = ""
    outside: Path = Path()
    tabs: dict[str, Tab] = field(default_factory=dict)
    ids: dict[str, tuple[str, str]] = field(default_factory=dict)

    def ask(self, method: str, path: str, cookie: str = "", body: bytes = b"", **headers: str) -> Answer:
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        return ask(self.own, method, path, {**({"Cookie": cookie} if cookie else {}), **told}, body)

    def join(self, code: object, **more: str) -> Answer:
        return self.ask("GET", f"/join?{urlencode({'code': str(code), **more})}")

    def let_in(self) -> str:
        """A new guest's cookie."""
        return _cookie(self.join(self.told["code"]))

    def tab(self, who: str) -> Tab:
        """The tab of the host or of the guest, opened once."""
        if who not in self.tabs:
            self.tabs[who] = Tab(self.own, getattr(self, who))
        return self.tabs[who]

    def jobs(self) -> set[str]:
        return {job.id for job in Jobs(self.home).all()}

    def active(self, task: str) -> list[str]:
        return [job.id for job in Jobs(self.home).active() if job.task == task]


def _cookie(answer: Answer) -> str:
    assert answer.status == 303, answer
    flags = answer.headers["set-cookie"].lower()
    assert "httponly" in flags
    assert "samesite=lax" in flags
    assert "code" not in answer.headers["location"]
    return answer.headers["set-cookie"].partition(";")[0]


@pytest.fixture(scope="module")
def shared(_imported: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Class]:
    """A class in a home with a dataset, two stores and a run, whose jobs all wait: the test holds the lock."""
    place = tmp_path_factory.mktemp("class")
    home = Home(place / "home")
    shutil.copytree(_imported, home.root)
    for format, encoding in (("disk", "original"), ("npy", "raw")):
        finish(Build("shapes", format, encoding, workers=0, home=str(home.root)).run())
    loader_record(home)
    outside = place / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text(MINE)
    np.save(outside / "seen.npy", np.zeros((2, 8, 8, 3), np.uint8))
    home.jobs.mkdir(parents=True, exist_ok=True)
    lock = Lock(home.jobs / "heavy.lock")
    assert lock.acquire()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "core", "share", "--json", "--no-browser", "--address", "127.0.0.1",
               "--port", str(port), "--home", str(home.root)]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY) as process:
        try:
            assert process.stdout is not None
            found = Class(f"127.0.0.1:{port}", home, process, json.loads(process.stdout.readline()), outside=outside)
            yield found
            for tab in found.tabs.values():
                tab.close()
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(20)
            lock.close()
    assert process.returncode == 130
    with pytest.raises(OSError, match="refused"):
        ask(found.own, "GET", "/")
    assert not [job for job in Jobs(home).active() if job.task == "demo" and not (job.folder / "cancel").exists()]


def test_the_host_and_a_guest_come_in(shared: Class) -> None:
    """The host's link is good once, and not through a proxy; that does not use it up."""
    link = str(shared.told["host"]).partition(shared.own)[2]
    assert shared.ask("GET", link, X_Forwarded_For="127.0.0.1").status == 403
    assert shared.ask("HEAD", link).status != 303
    shared.host = _cookie(shared.ask("GET", link))
    assert shared.ask("GET", link).status == 403
    joined = str(shared.told["links"][0]).partition(shared.own)[2]  # type: ignore[index]
    shared.guest = _cookie(shared.ask("GET", joined))
    assert shared.ask("GET", joined, shared.host).headers.get("set-cookie") is None  # the host stays host
    small = _cookie(shared.join(str(shared.told["code"]).lower().replace("-", " ")))
    assert small != shared.guest
    form = urlencode({"code": str(shared.told["code"]), "next": "/inspector?store=npy/raw"}).encode()
    posted = shared.ask("POST", "/join", "", form, Content_Type="application/x-www-form-urlencoded")
    assert _cookie(posted)
    assert posted.headers["location"] == "/inspector?store=npy/raw"
    for cookie in (shared.host, shared.guest):
        page = shared.ask("GET", "/", cookie)
        assert page.status == 200
        assert "<title>Streamlit</title>" in page.body


VIEWS = {
    "build": {"build.view": "Build new"},
    "benchmark": {"benchmark.view": "Suite"},
    "inspector": {"inspector.view": ":material/fact_check: Check"},
    "dataset": {"dataset.view.shapes": "Quality"},
}
"""Page -> what is chosen on it to find the buttons that its first view lacks."""


def test_a_guest_sees_every_page_and_the_host_has_more(shared: Class) -> None:
    """It also finds the names of the host's widgets, which the attempts below send."""
    for page in PAGES:
        for who in ("host", "guest"):
            tab = shared.tab(who)
            drawn = tab.run(page)
            assert drawn.ids, page
            assert "exception" not in drawn.text.lower()
            if who == "host":
                seen = dict(drawn.ids)
                for key, choice in VIEWS.get(page, {}).items():
                    seen |= tab.run(page, widgets={drawn.key(key): [choice]}).ids
                if page == "benchmark":
                    for view in ("Storage", "Results"):
                        seen |= tab.run(page, widgets={drawn.key("benchmark.view"): [view]}).ids
                shared.ids |= {name.split("-", 2)[2]: (name, page) for name in seen}
            else:
                mine = set(drawn.ids) - drawn.disabled
                assert not {name for name in mine if name.endswith(tuple(f"-{key}" for key in HOST_ONLY))}
    drawn = shared.tab("host").run("inspector", query=f"file={shared.home.built}/shapes")
    shared.ids |= {name.split("-", 2)[2]: (name, "inspector") for name in drawn.ids}
    missing = [key for key in HOST_ONLY if key not in shared.ids]
    assert not missing, missing
    assert "You are a guest" in shared.tab("guest").run("").text


HOST_ONLY = (
    "dataset.import", "dataset.delete", "dataset.check", "build.start", "build.verify", "build.verify_all",
    "build.delete", "benchmark.start", "benchmark.rivals.install.webdataset", "benchmark.suite.start",
    "storage.start", "results.delete.loader-20260101-010000-000000", "train.start", "inspector.scan",
    "report.scale.measure", "class.renew", "class.end", "inspector.path", "inspector.source", "start.own",
)  # fmt: skip
"""Keys of the widgets that start, write, delete or open something."""

# ---------------------------------------------------------------- the attempts

Attempt = Callable[[Class], str]
"""What somebody got who should have got nothing; "" where he was refused."""


def _request(
    method: str, path: str, who: str = "", status: tuple[int, ...] = (401, 403, 404), **headers: str
) -> Attempt:
    def attempt(shared: Class) -> str:
        cookie = getattr(shared, who) if who else ""
        answer = shared.ask(
            method, path.format(home=shared.home.root), cookie, b"x" if method == "POST" else b"", **headers
        )
        got = MINE in answer.body or "root:" in answer.body or "<title>Streamlit" in answer.body
        return "" if answer.status in status and not got else f"{answer.status} {answer.body[:200]}"

    return attempt


def _socket(cookie: Callable[[Class], str], **more: object) -> Attempt:
    """Opens a websocket with a cookie."""

    def attempt(shared: Class) -> str:
        try:
            with closing(Tab(shared.own, cookie(shared), **more)) as tab:  # type: ignore[arg-type]
                return f"connected, session {tab.run('').session}"
        except InvalidStatus as refused:
            return "" if refused.response.status_code == 403 else str(refused)

    return attempt


def _value(shared: Class, who: str) -> tuple[str, str]:
    name, _, value = getattr(shared, who).partition("=")
    return name, value


def _forged(change: Callable[[str], str], who: str = "guest") -> Callable[[Class], str]:
    def cookie(shared: Class) -> str:
        name, value = _value(shared, who)
        return f"{name}={change(value)}"

    return cookie


def _pressed(key: str) -> Attempt:
    """Sends the host's button from the guest's tab, on the page that it stands on."""

    def attempt(shared: Class) -> str:
        name, page = shared.ids[key]
        before = _state(shared)
        drawn = shared.tab("guest").run(page, widgets={name: True})
        drawn = shared.tab("guest").run(page, widgets={name: True})  # a dialog's button is drawn by the first
        after = _state(shared)
        confirmed = [one for one in drawn.ids if one.endswith("_confirmed")]
        return "" if before == after and not confirmed else f"{sorted(after ^ before)} {confirmed}"

    return attempt


def _typed(page: str, query: str = "", key: str = "", text: str = "") -> Attempt:
    """Opens an address, or types into the host's field."""

    def attempt(shared: Class) -> str:
        before = _state(shared)
        shown = {"outside": shared.outside, "home": shared.home.root, "built": shared.home.built}
        widgets = {shared.ids[key][0]: text.format(**shown)} if key else {}
        address = query.format(**{name: quote(str(one)) for name, one in shown.items()})
        drawn = shared.tab("guest").run(page, query=address, widgets=widgets)
        opened = [one for one in ("root:", MINE, "seen.npy", "Read as", "Allow for this session") if one in drawn.text]
        offered = [one for one in drawn.ids if one.endswith(("-inspector.path", "-inspector.allow", "-dataset.path"))]
        return "" if not opened and not offered and _state(shared) == before else f"{opened} {offered}"

    return attempt


def _message(fill: Callable[[BackMsg], None], reply: str) -> Attempt:
    """Sends a message that no guest's page sends; `reply` is the kind of message that would answer it."""

    def attempt(shared: Class) -> str:
        tab, message = shared.tab("guest"), BackMsg()
        fill(message)
        if message.HasField("file_urls_request"):
            message.file_urls_request.session_id = tab.run("").session
        tab.send(message)
        drawn = tab.run("")
        return "" if reply not in drawn.kinds else f"answered by {reply}"

    return attempt


def _clear(shared: Class) -> str:
    """Has Streamlit clear the caches: then the files that everybody has open would be closed, and their readers end."""
    shared.tab("guest").run("inspector")
    before = _readers(shared)
    message = BackMsg()
    message.clear_cache = True
    shared.tab("guest").send(message)
    shared.tab("guest").run("")
    gone = before - _readers(shared)
    return f"{len(gone)} readers ended" if gone or not before else ""


def _readers(shared: Class) -> set[int]:
    """The processes below the server that have a file open for the Inspector."""
    below = psutil.Process(shared.process.pid).children(recursive=True)
    return {process.pid for process in below if "inspect" in command_of(process)}


def _upload(method: str, who: str, whose: str) -> Attempt:
    """To a session's address for uploads, with the token that Streamlit asks for."""

    def attempt(shared: Class) -> str:
        session = shared.tab(whose).run("").session if whose else "none"
        mark = "a" * 32
        cookie = "; ".join(filter(None, [getattr(shared, who) if who else "", f"_streamlit_xsrf={mark}"]))
        body = b'--b\r\nContent-Disposition: form-data; name="f"; filename="f.npy"\r\n\r\nx\r\n--b--\r\n'
        answer = shared.ask(method, f"/_stcore/upload_file/{session}/file", cookie, body, X_Xsrftoken=mark,
                            Content_Type="multipart/form-data; boundary=b")  # fmt: skip
        return "" if answer.status in (401, 403) else str(answer.status)

    return attempt


def _taken_over(shared: Class) -> str:
    """The host's session, by its name in the third protocol."""
    session = shared.tab("host").run("").session
    with closing(Tab(shared.own, shared.guest, protocols=("streamlit", "x", session))) as tab:
        got = tab.run("").session
    return "" if got != session and shared.tab("host").run("").session == session else got


def _next(target: str) -> Attempt:
    def attempt(shared: Class) -> str:
        answer = shared.join(shared.told["code"], next=target)
        return "" if answer.headers.get("location") == "/" else answer.headers.get("location", "nothing")

    return attempt


def _guest_stays_guest(**headers: str) -> Attempt:
    """Headers that somebody may take for a proof."""

    def attempt(shared: Class) -> str:
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        with closing(Tab(shared.own, shared.guest, headers=told)) as tab:
            return "" if "You are a guest" in (drawn := tab.run("")).text and not drawn.has("class.end") else drawn.text

    return attempt


def _query_is_no_proof(shared: Class) -> str:
    drawn = shared.tab("guest").run("dataset", query="host=1&visitor=host&kind=host")
    return "" if not drawn.has("dataset.import") else "the import's form"


def _state(shared: Class) -> set[str]:
    """What is on the disk, jobs and their files by name."""
    files = (path for path in shared.home.root.rglob("*") if path.is_file() and "kernel" not in str(path))
    return {f"{path.relative_to(shared.home.root)} {path.stat().st_size}" for path in files}


def _filled(name: str, value: object = True) -> Callable[[BackMsg], None]:
    return lambda message: setattr(message, name, value)


def _ask_for_upload(message: BackMsg) -> None:
    message.file_urls_request.request_id = "r"
    message.file_urls_request.file_names.append("f.npy")


SIGNED_ELSEWHERE = write_token(new_visitor(HOST, time.time()), b"another serving's key")

ATTEMPTS: dict[str, Attempt] = {
    # nobody, who has no cookie
    "a page": _request("GET", "/", Accept="text/html"),
    "a page, by HEAD": _request("HEAD", "/"),
    "a deep link to a file": _request("GET", "/inspector?file=/etc/passwd", Accept="text/html"),
    "a static file of the app's": _request("GET", "/static/js/index.js"),
    "a media file": _request("GET", "/media/0000.svg"),
    "a component's file": _request("GET", "/_stcore/bidi-components/format_matters.fetched/index.js"),
    "what the page is configured with": _request("GET", "/_stcore/host-config"),
    "the server's figures": _request("GET", "/_stcore/metrics"),
    "whether the script is well": _request("GET", "/_stcore/script-health-check"),
    "the agents' address": _request("POST", "/_stcore/agent/interact"),
    "an OPTIONS request": _request("OPTIONS", "/_stcore/upload_file/a/b"),
    "a live address, idle": _request("GET", "/live/idle?known=1"),
    "a live address of a job": _request("GET", "/live/20260101-000000-000000-demo-0000"),
    "slides": _request("GET", "/slides/shapes"),
    "an upload": _upload("PUT", "", ""),
    "an upload into the host's session": _upload("PUT", "", "host"),
    "taking an upload away": _upload("DELETE", "", "host"),
    "a websocket": _socket(lambda _: ""),
    "a path above the static files": _request("GET", "/static/../../../../etc/passwd", status=(400, 401, 403, 404)),
    # cookies that are none
    "a websocket with letters for a cookie": _socket(_forged(lambda _: "host")),
    "a guest's cookie that says host": _socket(_forged(lambda value: value.replace("guest", "host", 1))),
    "a guest's cookie for longer": _socket(_forged(lambda value: value.replace(value.split(".")[2], "99999999999"))),
    "a guest's cookie of another round": _socket(_forged(lambda value: value.replace(".0.", ".1."))),
    "a guest's cookie of another guest": _socket(_forged(lambda value: value.replace(value.split(".")[1], "0" * 16))),
    "a cookie without its signature": _socket(_forged(lambda value: value.rpartition(".")[0] + ".")),
    "a cookie of another serving": _socket(_forged(lambda _: SIGNED_ELSEWHERE)),
    "a cookie under the name of another port": _socket(lambda shared: f"format_matters_1={_value(shared, 'host')[1]}"),
    "a page with a forged cookie": lambda shared: _request("GET", "/", Accept="text/html", Cookie=_forged(
        lambda value: value.replace("guest", "host", 1))(shared))(shared),
    # the host's cookie, from elsewhere
    "the host's cookie through a proxy": _request("GET", "/", "host", X_Forwarded_For="192.0.2.7"),
    "the host's cookie through a proxy that claims this machine": _request("GET", "/", "host", X_Real_Ip="127.0.0.1"),
    "the host's cookie through a proxy, by websocket": _socket(lambda shared: shared.host,
                                                               headers={"Forwarded": "for=192.0.2.7"}),
    # other names, other sites
    "the name of another host": _request("GET", "/", "host", Host="evil.example"),
    "this machine's name, which is not shared": _request("GET", "/", "guest", Host="teacher.local"),
    "two names of hosts": _request("GET", "/", "guest", Host="127.0.0.1, evil.example"),
    "a page of another site": _request("GET", "/", "host", Origin="http://evil.example"),
    "the code from a page of another site": lambda shared: _request("POST", "/join", Origin="http://evil.example")(shared),
    "a websocket from another site": _socket(lambda shared: shared.guest, origin="http://evil.example"),
    "a websocket from a file": _socket(lambda shared: shared.host, origin="null"),
    "a websocket from another port": _socket(lambda shared: shared.host, origin="http://127.0.0.1:1"),
    "health under the name of another host": _request("GET", "/_stcore/health", Host="evil.example"),
    # leading on to other sites
    "the way on to another site": _next("//evil.example/"),
    "the way on with a backslash": _next("/\\evil.example"),
    "the way on with a scheme": _next("https://evil.example/"),
    "the way on with a line break": _next("/a\r\nSet-Cookie: x=y"),
    # a guest's requests
    "a guest's upload into his own session": _upload("PUT", "guest", "guest"),
    "a guest's upload into the host's": _upload("PUT", "guest", "host"),
    "a guest takes the host's upload away": _upload("DELETE", "guest", "host"),
    "a guest posts": _request("POST", "/", "guest"),
    "a guest deletes": _request("DELETE", "/live/idle", "guest"),
    "a guest and the server's figures": _request("GET", "/_stcore/metrics", "guest"),
    "a guest and the agents' address": _request("POST", "/_stcore/agent/mcp", "guest"),
    "a guest and the agents' document": _request("GET", "/_stcore/agent/openapi.json", "guest"),
    "a guest and the log-in": _request("GET", "/auth/login", "guest"),
    "a guest above the static files": _request("GET", "/static/../../../../../../../../etc/passwd", "guest",
                                               status=(400, 403, 404)),
    "a guest above the static files, encoded": _request(
        "GET", "/static/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd", "guest", status=(400, 403, 404)),
    "a guest above the media": _request("GET", "/media/..%2f..%2f..%2fetc%2fpasswd", "guest", status=(400, 403, 404)),
    "a guest and a path with two slashes": _request("GET", "//etc/passwd", "guest", status=(400, 403, 404)),
    "a guest and a live address that is a path": _request("GET", "/live/..%2f..%2fspec.json", "guest",
                                                          status=(200, 400, 403, 404)),
    "a guest and slides of a path": _request("GET", "/slides/..%2f..%2f..%2fetc", "guest", status=(400, 403, 404)),
    "the host's link, used": lambda shared: _request(
        "GET", str(shared.told["host"]).partition(shared.own)[2], "guest")(shared),
    "a guess at the host's link": _request("GET", "/host?link=AAAA", "guest"),
    # a guest's messages
    "a guest clears the caches": _clear,
    "a guest asks where to upload": _message(_ask_for_upload, "file_urls_response"),
    "a guest has the app run on saving": _message(_filled("set_run_on_save"), "run_on_save"),
    "a guest takes over the host's session": _taken_over,
    "a guest behind a proxy on this machine": _guest_stays_guest(X_Forwarded_For="127.0.0.1"),
    "a guest who says that he is host": _guest_stays_guest(X_Format_Matters_Visitor="host", Remote_User="host"),
    "a guest's address that says host": _query_is_no_proof,
    # files, folders and addresses
    "a file in a deep link": _typed("inspector", "file=/etc/passwd"),
    "the host's file in a deep link": _typed("inspector", "file={outside}/seen.npy"),
    "a store's file in a deep link": _typed("inspector", "file={built}/shapes/npy/raw"),
    "a path with dots in a deep link": _typed("inspector", "file={home}/../outside/seen.npy"),
    "an address in a deep link": _typed("inspector", "file=s3://bucket/train.tar"),
    "a store that is a path": _typed("inspector", "store=../../../../outside"),
    "a dataset that is a path": _typed("dataset", "dataset=../../../outside"),
    "a run that is a path": _typed("benchmark", "run=../../../outside&job=../../x"),
    "a path in the host's field": _typed("inspector", key="inspector.path", text="{outside}/seen.npy"),
    "a path in the host's field, the source chosen in the address": _typed(
        "inspector", "file=/etc/passwd&source=file", key="inspector.path", text="/etc/passwd"),
    # buttons that the guest's page does not have, or has disabled
    **{f"the host's {key}": _pressed(key) for key in HOST_ONLY if key not in ("inspector.path", "inspector.source")},
}  # fmt: skip


@pytest.mark.parametrize("name", ATTEMPTS)
def test_nothing_of_it_succeeds(shared: Class, name: str) -> None:
    assert ATTEMPTS[name](shared) == ""


def test_there_are_as_many_attempts_as_the_docs_say() -> None:
    text = (REPOSITORY / "docs" / "security.md").read_text("utf-8")
    assert len(ATTEMPTS) >= 40
    assert f"**{len(ATTEMPTS)} attempts**" in text


def test_an_unknown_visitor_learns_only_that_the_server_runs(shared: Class) -> None:
    assert shared.ask("GET", "/_stcore/health").body == "ok"
    page = shared.ask("GET", "/build?x=%22%3E%3Cscript%3E", Accept="text/html")
    assert page.status == 401
    assert "<script" not in page.body
    assert "shapes" not in page.body
    assert "default-src 'none'" in page.headers["content-security-policy"]


@pytest.mark.browser
def test_a_guest_comes_in_with_a_browser(shared: Class, browser) -> None:  # noqa: F811
    """By the form, which browsers send with an `Origin` of their own making; then on to the page that was asked for."""
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(f"http://{shared.own}/inspector?store=npy/raw")
    page.get_by_label("Code").fill(str(shared.told["code"]).lower())
    page.get_by_role("button", name="Enter").click()
    page.get_by_role("heading", level=1, name="Inspector").wait_for()
    page.get_by_text("Only the host can open files and addresses").wait_for()
    assert page.url.startswith(f"http://{shared.own}/inspector")
    assert "code=" not in page.url
    assert "format_matters" not in page.evaluate("document.cookie")
    asked = "async ([method, path]) => (await fetch(path, {method})).status"
    for method, path in (("PUT", "/_stcore/upload_file/a/b"), ("DELETE", "/_stcore/upload_file/a/b"), ("POST", "/"),
                         ("GET", "/_stcore/metrics"), ("GET", "/_stcore/agent/openapi.json")):  # fmt: skip
        assert page.evaluate(asked, [method, path]) == 403, path
    assert page.evaluate(asked, ["GET", "/_stcore/host-config"]) == 200
    page.goto(f"http://{shared.own}/join?code={shared.told['code']}&next=/build")
    page.get_by_role("heading", level=1, name="Build").wait_for()
    assert page.url.startswith(f"http://{shared.own}/build")
    page.close()


# ---------------------------------------------------------------- jobs of guests


def test_a_guest_runs_the_demo_and_cancels_only_his_own(shared: Class) -> None:
    """It waits here, since the test holds what a running job would hold. Limits in numbers: `test_sharing.py`."""
    guest = shared.tab("guest")
    again, other = Tab(shared.own, shared.guest), Tab(shared.own, shared.let_in())
    buttons = [(tab, tab.run("").key("start.demo")) for tab in (guest, again, other)]  # all before the first press
    for tab, button in buttons:
        tab.run("", widgets={button: True})
        assert len(shared.active("demo")) == 1
    [mine] = shared.active("demo")
    cancel = f"start.cancel.{mine}"
    drawn = other.run("")
    assert drawn.key(cancel) in drawn.disabled
    other.run("", widgets={drawn.key(cancel): True}, fragment=drawn.fragments.get(drawn.key(cancel), ""))
    assert not (shared.home.jobs / mine / "cancel").exists()
    drawn = guest.run("")
    guest.run("", widgets={drawn.key(cancel): True}, fragment=drawn.fragments.get(drawn.key(cancel), ""))
    assert (shared.home.jobs / mine / "cancel").exists()
    again.close()
    other.close()


# ---------------------------------------------------------------- the host does it


def _press(shared: Class, key: str, page: str, **before: str) -> None:
    tab = shared.tab("host")
    drawn = tab.run(page)
    for name, choice in before.items():
        drawn = tab.run(page, widgets={drawn.key(name.replace("__", ".")): [choice]})
    tab.run(page, widgets={drawn.key(key): True})


STARTED = {
    "dataset-check": ("dataset.check", "dataset", {"dataset__view__shapes": "Quality"}),
    "import": ("dataset.import", "dataset", {}),
    "verify": ("build.verify", "build", {"build__view": "Stores (2)"}),
    "build": ("build.start", "build", {"build__view": "Build new"}),
    "loader": ("benchmark.start", "benchmark", {"benchmark__view": "Loaders"}),
    "storage": ("storage.start", "benchmark", {"benchmark__view": "Storage"}),
    "suite": ("benchmark.suite.start", "benchmark", {"benchmark__view": "Suite"}),
    "rival-install": ("benchmark.rivals.install.webdataset", "benchmark", {"benchmark__view": "Loaders"}),
    "train": ("train.start", "train", {}),
    "scale": ("report.scale.measure", "report", {}),
    "scan": (
        "inspector.scan",
        "inspector",
        {"inspector__source": "Built store", "inspector__view": ":material/fact_check: Check"},
    ),
}
"""Task -> the button that starts it, its page, and what is chosen before."""


@pytest.mark.parametrize("task", STARTED)
def test_the_host_starts_and_cancels(shared: Class, task: str) -> None:
    key, page, before = STARTED[task]
    _press(shared, key, page, **before)
    assert shared.active(task), task
    for job in Jobs(shared.home).active():
        Jobs(shared.home).cancel(job.id)
        deadline = time.monotonic() + 20
        while Jobs(shared.home).get(job.id).active and time.monotonic() < deadline:
            time.sleep(0.02)


def _confirm(host: Tab, page: str, key: str) -> None:
    """In a dialog."""
    name = host.last.key(key)
    host.run(page, widgets={name: True}, fragment=host.last.fragments[name])


def test_the_host_opens_uploads_and_deletes(shared: Class) -> None:
    host = shared.tab("host")
    with closing(Tab(shared.own, shared.host)) as fresh:
        drawn = fresh.run("inspector", query=f"file={quote(str(shared.home.built / 'shapes' / 'npy' / 'raw'))}")
    assert drawn.has("inspector.path")
    assert "Read as" in drawn.text
    assert _upload("PUT", "host", "host")(shared) == "204"
    _press(shared, "results.delete.loader-20260101-010000-000000", "benchmark", benchmark__view="Results")
    _confirm(host, "benchmark", "results.delete_confirmed")
    assert not list(shared.home.runs.glob("session-1/*.jsonl"))
    _press(shared, "build.delete", "build", build__view="Stores (2)")
    _confirm(host, "build", "build.delete_confirmed")
    assert len(list(shared.home.built.glob("shapes/*/*/manifest.json"))) == 1


# ---------------------------------------------------------------- the code, guessed, renewed, and guests ended


def test_guests_who_are_ended_are_out(shared: Class) -> None:
    guest, before = shared.tab("guest"), str(shared.told["code"])
    host = shared.tab("host")
    host.run("", widgets={host.run("").key("class.renew"): True})
    assert shared.process.stdout is not None
    renewed = json.loads(shared.process.stdout.readline())["code"]
    assert renewed != before
    assert guest.run("").text  # who is in stays in
    host.run("", widgets={host.run("").key("class.end"): True})
    shared.told = json.loads(shared.process.stdout.readline())
    assert shared.told["code"] not in (before, renewed)
    with pytest.raises(ConnectionClosed):
        guest.run("")
    del shared.tabs["guest"]
    assert _socket(lambda one: one.guest)(shared) == ""
    assert shared.ask("GET", "/", shared.guest).status == 401
    assert shared.join(before).status == 401
    assert host.run("").has("class.end")


def test_codes_cannot_be_guessed(shared: Class) -> None:
    """The old code above was the first wrong one: from then on one waits longer and longer, for the right one too."""
    time.sleep(1.1)
    assert shared.join("AAAA-AAAA").status == 401
    answers = [shared.join(code) for code in ("22222222", shared.told["code"], "", "A" * 3000, "ÄÖÜ", "%00")]
    assert [answer.status for answer in answers] == [429, 429, 401, 429, 429, 429]  # an empty one is not looked at
    assert not [answer for answer in answers if "set-cookie" in answer.headers]
    assert int(answers[0].headers["retry-after"]) >= 1
    time.sleep(2.1)
    assert _cookie(shared.join(shared.told["code"]))
