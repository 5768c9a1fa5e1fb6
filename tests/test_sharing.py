"""Codes, guesses, tokens and the jobs of guests: what a class is made of, without a server."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from core.__main__ import main
from core.base.home import Home
from core.jobs.tasks import TASKS
from core.sharing import serving
from core.sharing.codes import ALPHABET, LENGTH, is_code, new_code, shown, typed
from core.sharing.guesses import MOST_PER_MINUTE, MOST_VISITORS, CodeGuesses, visitor
from core.sharing.line import VARIABLE, ShareLine
from core.sharing.qr import qr_lines, qr_svg
from core.sharing.reach import addresses, comes_from_here
from core.sharing.share import MOST_GUESTS, MOST_JOBS, MOST_TABS, ClassShare, Refused
from core.sharing.tokens import GUEST, HOST, LIFETIME, Visitor, new_visitor, read_token, write_token
from ui.shared import allowing, state, visitors
from ui.shell.visitors_only import GUEST_MESSAGES, is_guest_message, safe_next

KEY = b"k" * 32


def test_codes_are_drawn_from_many_and_typed_as_people_type() -> None:
    codes = {new_code() for _ in range(200)}
    assert len(codes) == 200
    assert set("".join(codes)) == set(ALPHABET)
    assert len(ALPHABET) ** LENGTH > 8e11
    assert shown("K7M4QX9P") == "K7M4-QX9P"
    for text in ("K7M4QX9P", "k7m4-qx9p", " K7M4 QX9P\n"):
        assert is_code(text, "K7M4QX9P")
    for text in ("", "K7M4QX9", "K7M4QX9PP", "K7M4QX9Q", "Ｋ7M4QX9P", "A" * 100_000):
        assert not is_code(text, "K7M4QX9P")
    assert typed("a-b c") == "ABC"


def test_each_wrong_code_doubles_the_wait() -> None:
    guesses, now, waits = CodeGuesses(), 1000.0, []
    for _ in range(9):
        guesses.wrong("192.0.2.1", now)
        waits.append(guesses.wait("192.0.2.1", now))
        now += waits[-1]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert guesses.wait("192.0.2.2", now) == 0.0
    assert guesses.wait("192.0.2.1", now + 601) == 0.0


def test_all_visitors_together_have_a_limit() -> None:
    """A day of guessing from any number of addresses is looked at 43,200 times."""
    guesses = CodeGuesses()
    for number in range(MOST_PER_MINUTE):
        assert guesses.wait(f"10.0.0.{number}", 0.0) == 0.0
        guesses.wrong(f"10.0.0.{number}", 0.0)
    assert guesses.wait("10.9.9.9", 1.0) == 59.0
    assert guesses.wait("10.9.9.9", 60.0) == 0.0
    for number in range(2 * MOST_VISITORS):
        guesses.wrong(f"10.1.{number >> 8}.{number & 255}", 100.0)
    assert len(guesses._wrong) == MOST_VISITORS


def test_one_visitor_may_have_a_whole_network_of_addresses() -> None:
    assert visitor("2001:db8:1:2:3:4:5:6") == visitor("2001:db8:1:2::9") != visitor("2001:db8:1:3::9")
    assert visitor("::ffff:192.0.2.1") == visitor("192.0.2.1")
    assert visitor("fe80::1%eth0") == visitor("fe80::2")
    assert visitor("") == ""


def test_tokens_say_who_somebody_is_until_their_time_is_over() -> None:
    guest = new_visitor(GUEST, 1000.0, 3)
    token = write_token(guest, KEY)
    assert read_token(token, KEY, 1000.0) == guest
    assert read_token(token, KEY, 1000.0 + LIFETIME) is None
    assert read_token(token, b"another", 1000.0) is None
    for place in range(len(token)):
        changed = token[:place] + ("0" if token[place] != "0" else "1") + token[place + 1 :]
        assert read_token(changed, KEY, 1000.0) is None
    for text in ("", ".", "host", "host.0.0.0.", "ü" * 300, token + "0", token.upper()):
        assert read_token(text, KEY, 1000.0) is None


class Clock:
    """Both clocks of a class."""

    def __init__(self) -> None:
        self.now = 10_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def share(clock: Clock) -> ClassShare:
    return ClassShare(clock, clock)


def come_in(share: ClassShare, address: str = "192.0.2.1") -> tuple[str, Visitor]:
    token = share.try_code(share.code, address).token
    assert token is not None
    found = share.visitor(token)
    assert found is not None
    assert found.kind == GUEST
    return token, found


def test_guests_are_in_until_they_are_ended(share: ClassShare, clock: Clock) -> None:
    token, _ = come_in(share)
    old = share.code
    share.renew_code()
    assert share.code != old
    assert share.visitor(token) is not None
    assert share.try_code(old, "192.0.2.9").token is None
    code = share.code
    share.end_guests()
    assert share.code != code
    assert share.visitor(token) is None
    assert share.guests() == (0, 0)
    token, _ = come_in(share)
    clock.now += LIFETIME
    assert share.visitor(token) is None
    assert ClassShare().visitor(token) is None


def test_the_right_code_is_not_looked_at_while_one_waits(share: ClassShare, clock: Clock) -> None:
    assert share.try_code("WRONG", "192.0.2.1").looked
    answer = share.try_code(share.code, "192.0.2.1")
    assert (answer.token, answer.looked, answer.wait) == (None, False, 1.0)
    clock.now += 1.0
    assert share.try_code(share.code, "192.0.2.1").token is not None


def test_a_class_has_a_size(share: ClassShare) -> None:
    for _ in range(MOST_GUESTS):
        come_in(share)
    assert share.try_code(share.code, "192.0.2.1").full
    _, guest = come_in(ClassShare())
    assert [share.open_tab(guest) for _ in range(MOST_TABS + 1)] == [*[True] * MOST_TABS, False]
    share.close_tab(guest)
    assert share.open_tab(guest)


def test_the_hosts_link_is_good_once_and_only_the_last(share: ClassShare) -> None:
    first, second = share.new_host_link(), share.new_host_link()
    assert share.try_host_link(first) is None
    token = share.try_host_link(second)
    assert share.try_host_link(second) is None
    host = share.visitor(token)
    assert host is not None
    assert host.kind == HOST
    share.end_guests()
    assert share.visitor(token) == host


def test_guests_start_the_demo_within_limits(share: ClassShare) -> None:
    """One each, and some all together, also where all press at once."""
    active: set[str] = set()

    def start_for(guest: Visitor, task: str = "demo", **fields: object) -> str:
        def start() -> tuple[str, str]:
            job = f"job{len(active)}"
            active.add(job)
            return job, job

        return share.start_for(guest, task, fields, lambda: set(active), start)

    _, guest = come_in(share)
    for task in TASKS:
        if task != "demo":
            with pytest.raises(Refused, match="only the host"):
                start_for(guest, task)
    for field in ("source", "dataset", "seconds", "home", "uploaded"):
        with pytest.raises(Refused, match="only the host"):
            start_for(guest, **{field: "x"})
    refused: list[str] = []

    def press(who: Visitor) -> None:
        try:
            start_for(who)
        except Refused as error:
            refused.append(str(error))

    threads = [threading.Thread(target=press, args=(guest,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(active) == 1
    assert len(refused) == 7
    others = [come_in(share)[1] for _ in range(MOST_JOBS)]
    for other in others:
        press(other)
    assert len(active) == MOST_JOBS
    assert "jobs of guests" in refused[-1]
    assert share.owns(guest, "job0")
    assert not share.owns(others[0], "job0")
    active.discard("job0")
    start_for(guest)


def test_only_this_machine_without_a_proxy_is_here() -> None:
    for client, server in (("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("::ffff:127.0.0.1", "127.0.0.1"),
                           ("192.168.1.5", "192.168.1.5"), ("127.0.0.9", "192.168.1.5")):  # fmt: skip
        assert comes_from_here(client, server, ()), client
        for header in ("X-Forwarded-For", "x-real-ip", "Forwarded", "VIA", "x-forwarded-proto"):
            assert not comes_from_here(client, server, (header,))
    for client, server in (("192.168.1.6", "192.168.1.5"), ("", ""), ("8.8.8.8", "0.0.0.0"), ("host", "127.0.0.1")):
        assert not comes_from_here(client, server, ()), client


def test_the_addresses_are_those_that_others_reach() -> None:
    assert addresses("192.0.2.4") == ["192.0.2.4"]
    found = addresses("0.0.0.0")
    assert not [one for one in found if one.startswith("127.")]
    assert len(found) == len(set(found))


def test_the_qr_code_is_of_the_link() -> None:
    link = "http://192.0.2.4:8501/join?code=K7M4QX9P"
    dark = qr_lines(link, coloured=False)
    light = qr_lines(link, coloured=True)
    assert len({len(line) for line in dark}) == 1
    assert len(light) == len(dark) == (len(dark[0]) + 1) // 2
    flipped = str.maketrans(" ▀▄█", "█▄▀ ")
    assert light[0].strip("\x1b[0123456789;m") == dark[0].translate(flipped)
    assert qr_lines(link.replace("K7", "K8"), False) != dark
    assert qr_svg(link).startswith("<svg")


@pytest.mark.parametrize("target", ["//e.example", "/\\e.example", "https://e.example", "", "\\\\e", "/a\nb", "/join?x",
                                    "/host?link=1", "/é", "javascript:alert(1)"])  # fmt: skip
def test_the_way_on_stays_here(target: str) -> None:
    assert safe_next(target) == "/"


def test_the_way_on_keeps_its_page() -> None:
    assert safe_next("/inspector?store=lmdb/raw&split=val") == "/inspector?store=lmdb/raw&split=val"


def test_messages_that_no_page_of_a_guest_sends_are_none() -> None:
    from streamlit.proto.BackMsg_pb2 import BackMsg

    kinds = [field.name for field in BackMsg.DESCRIPTOR.oneofs_by_name["type"].fields]
    for kind in kinds:
        message = BackMsg()
        field = getattr(message, kind)
        if isinstance(field, bool):
            setattr(message, kind, True)
        else:
            field.SetInParent()
        assert is_guest_message(message.SerializeToString()) == (kind in GUEST_MESSAGES), kind
    assert len(kinds) > len(GUEST_MESSAGES)
    for data in (None, b"", b"\xff\xff\xff", b"\x08"):
        assert not is_guest_message(data)


def test_the_line_ends_with_either_end() -> None:
    ours, theirs = map(ShareLine, socket.socketpair())
    ours.send({"code": "ä"})
    ours.send({"host": "b"})
    assert theirs.received() == [{"code": "ä"}, {"host": "b"}]
    theirs._end.sendall(b'no json\n{"half"')
    assert ours.received() == []
    theirs._end.sendall(b": 1}\n")
    assert ours.received() == [{"half": 1}]
    ours.close()
    assert theirs.received() is None
    theirs.send({"to": "nobody"})
    theirs.close()


def test_what_cannot_be_listened_on_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["share", "--address", "192.0.2.77"]) == 2
    assert "no address of this machine" in capsys.readouterr().err
    assert main(["share", "--port", "0"]) == 2


# ---------------------------------------------------------------- the gates of pages, where nobody is drawn for


@pytest.fixture
def guest_looks(share: ClassShare, monkeypatch: pytest.MonkeyPatch, home: Home) -> Callable[[Visitor], None]:
    """Have the pages' functions find a guest; call it with whom."""
    _, guest = come_in(share)
    monkeypatch.setenv(VARIABLE, "9")
    monkeypatch.setattr(serving, "_served", [share])
    session: dict[str, object] = {}
    monkeypatch.setattr("streamlit.session_state", session, raising=False)
    monkeypatch.setattr(state.st, "session_state", session)

    def look(who: Visitor) -> None:
        monkeypatch.setattr(visitors, "visitor", lambda: who)

    look(guest)
    return look


def test_jobs_of_every_task_are_refused(guest_looks: Callable[[Visitor], None], home: Home) -> None:
    for task in TASKS:
        fields = {"source": "/etc"} if task == "demo" else {}
        with pytest.raises(Refused):
            state.launch(task, fields, title="A guest's", owner="start")
    assert state.jobs().all() == []


def test_deletions_and_permissions_are_refused(guest_looks: Callable[[Visitor], None], home: Home) -> None:
    from core.datasets.dataset import delete_dataset

    state.delete(delete_dataset, "shapes")
    assert state.st.session_state.pop(state.TROUBLE_KEY) == "only the host can delete"
    assert (home.raw / "shapes").is_dir()
    for call in (allowing._allow, allowing._allow_always, allowing._forget):
        call(Path("/etc"))
        assert "only the host" in str(state.st.session_state.pop(state.TROUBLE_KEY)).lower()
    assert state.st.session_state == {}
    assert not (home.root / "data" / "allowed_folders.json").exists()
    assert allowing.allowed_roots().folders == ()
    with pytest.raises(Refused):
        visitors.require_host("anything")


def test_nobody_is_host_where_the_class_was_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the module that keeps it loaded anew, a server that was started to be shared has no host at all."""
    assert visitors.is_host()
    monkeypatch.setenv(VARIABLE, "9")
    monkeypatch.setattr(serving, "_served", [])
    assert not visitors.is_host()
    assert not visitors.is_guest()
    monkeypatch.setenv(VARIABLE, str(os.sysconf("SC_OPEN_MAX") - 1))
    with pytest.raises(OSError, match="descriptor"):
        serving.open_share()
