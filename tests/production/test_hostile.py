"""Servers that lie, flood, drip and attack: bounded time and memory, the right class of finding, no way through."""

from __future__ import annotations

import json
import re
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from s3probe.cli import main
from s3probe.knowledge.findings import entry, ids
from s3probe.report.formats import FORMATS
from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import KEY_ID, SECRET
from tests.exhaustive import EXHAUSTIVE
from tests.production import local
from tests.production.hostile import Act, Interceptor, Turn, answering, flooding, lone, saying

PERMISSION = {finding for finding in ids() if entry(finding).category == "permissions"}
DEADLINE = 2.0
CLEANING = 10.0
START = 10.0
"""Seconds for starting a process on a busy machine."""
MEMORY = 300 * 1024
"""KiB of resident memory that no run may exceed."""

PORTAL = b"<!DOCTYPE html><html><head><title>Welcome to Hotel WiFi</title></head><body>Please log in</body></html>"
XML = "Content-Type: application/xml"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n"
ENTITIES = "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
BOMB = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">{ENTITIES}]><Error><Code>&i;</Code></Error>'.encode()
EXTERNAL = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    b"<Error><Code>AccessDenied</Code><Message>&f;</Message></Error>"
)
DEEP = b"<a>" * 200_000
ESCAPES = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202egnp.exe\x08\x08\r\nX-Injected: yes\x00"
TRICKS = f"<Error><Code>Weird{ESCAPES}</Code><Message>Hello{ESCAPES}</Message></Error>".encode("utf-8", "ignore")


def _drip(turn: Turn) -> None:
    turn.say(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while turn.pause(0.2):
        turn.say(b"a")


_CONTENTS = b"<Contents><Key>" + b"k" * (1 if EXHAUSTIVE else 100) + b"</Key></Contents>"
EVIL: dict[str, Act] = {
    "megabytes of XML": flooding(OK + b"\r\n<Everything>", _CONTENTS * 2000),
    "an error body that never ends": flooding(b"HTTP/1.1 403 Forbidden\r\n\r\n<Error><Code>", b"A" * 65536),
    "endless headers": flooding(b"HTTP/1.1 200 OK\r\n", b"X-Filler: " + b"a" * 1000 + b"\r\n"),
    "an entity bomb": answering("403 Forbidden", BOMB, XML),
    "an external entity": answering("403 Forbidden", EXTERNAL, XML),
    "deep nesting": answering("200 OK", DEEP, XML),
    "invalid UTF-8": answering("403 Forbidden", b"<Error><Code>\xff\xfe\x80</Code></Error>", XML),
    "terminal tricks": answering("418 I'm a teapot", TRICKS, XML),
    "a captive portal with 200": answering("200 OK", PORTAL, "Content-Type: text/html"),
    "a captive portal with 403": answering("403 Forbidden", PORTAL, "Content-Type: text/html"),
    "a captive portal that redirects": answering("302 Found", PORTAL, "Location: http://127.0.0.1:1/login"),
    "a redirect to file:": answering("302 Found", b"", "Location: file:///etc/passwd"),
    "a redirect to itself": answering("302 Found", b"", "Location: /"),
    "a permanent redirect to file:": answering("301 Moved Permanently", b"", "Location: file:///etc/passwd"),
    "TLS garbage": saying(b"\x15\x03\x01\x00\x02\x02\x28" * 100),
    "noise": saying(bytes(range(256)) * 64),
    "nothing at all": saying(b""),
    "half an answer": saying(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf"),
    "a broken chunk": saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n"),
    "a negative length": saying(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx"),
    "compressed zeros": answering("200 OK", b"\x1f\x8b" + b"\0" * 1000, "Content-Encoding: gzip"),
    "HTTP/0.9": saying(b"<html>hello</html>"),
    "a flood of interim answers": flooding(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    "a status of four digits": saying(b"HTTP/1.1 2000 OK\r\n\r\n"),
    "a slow drip": _drip,
}


def examined(folder: Path, port: int, *argv: str, deadline: float = DEADLINE) -> tuple[int, str, str]:
    file = local.env_file(folder, port, S3_READ_TIMEOUT="1")
    begun = time.monotonic()
    common = ("--mastodon-version", "4.5.9", "--deadline", str(deadline))
    ended, memory = local.run_measured("check", *common, *argv, file, module=local.HASTY)
    assert time.monotonic() - begun < deadline + CLEANING + START
    assert memory < MEMORY
    return ended


def told(folder: Path, port: int, form: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """The same in one of the formats: the first as a process, the others, which differ in it alone, in this one."""
    if form == next(iter(FORMATS)):
        return examined(folder, port, "--format", form)
    file = local.env_file(folder, port, S3_READ_TIMEOUT="1")
    status = main(["check", "--mastodon-version", "4.5.9", "--deadline", str(DEADLINE), "--format", form, str(file)])
    shown = capsys.readouterr()
    return status, shown.out, shown.err


@pytest.fixture(scope="session")
def survived(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The report on each of the servers, all examined side by side in one process."""
    folder = tmp_path_factory.mktemp("evil")
    with ExitStack() as stack:
        files = {}
        for number, (name, act) in enumerate(EVIL.items()):
            port = stack.enter_context(lone(act)).port
            files[name] = local.env_file(folder, port, f"{number}.env", S3_READ_TIMEOUT="1")
        begun = time.monotonic()
        argv = ("--mastodon-version", "4.5.9", "--deadline", str(DEADLINE), "--jobs", "32", "--format", "json")
        (status, out, err), memory = local.run_measured("check", *argv, *files.values(), module=local.HASTY)
        assert time.monotonic() - begun < DEADLINE + CLEANING + START
    assert 0 < memory < MEMORY
    assert (status, err) == (2, "")
    assert "root:" not in out  # /etc/passwd
    by_file = {report["subject"]["source"]: report for report in json.loads(out)["reports"]}
    return {name: by_file[str(file)] for name, file in files.items()}


@pytest.mark.neighbours("hostile servers")
@pytest.mark.parametrize("name", EVIL)
def test_a_hostile_server_is_survived_and_rightly_named(survived: dict[str, dict[str, Any]], name: str) -> None:
    report = survived[name]
    assert report["verdict"] in ("failure", "unknown")
    assert not PERMISSION & {finding["id"] for finding in report["findings"]}


@pytest.mark.parametrize("form", FORMATS)
def test_terminal_tricks_are_neutralised_in_every_format(
    tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    headers = "Server: evil\x1b[31m", "x-amz-bucket-region: eu\x1b[2J-west-1", "Location: http://x/\x1b[2J"
    with lone(answering("301 Moved", TRICKS, XML, *headers)) as gate:
        status, out, err = told(tmp_path, gate.port, form, capsys)
    assert status in (2, 3)
    assert out
    for text in (out, err):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
        assert "\\u001b" not in text


def test_credentials_go_nowhere_else(tmp_path: Path) -> None:
    """Every answer redirects to another host: no signed request follows, and the visitor brings no key."""
    with lone(answering("200 OK", b"hello")) as other:
        away = answering("307 Temporary Redirect", b"", f"Location: http://localhost:{other.port}/caught")
        with lone(away) as gate:
            examined(tmp_path, gate.port, deadline=2)
        for turn in other.turns:
            assert turn.header("authorization") == ""
            assert not turn.writes
            assert KEY_ID.encode() not in turn.head
            assert b"X-Amz-Signature" not in turn.head
        assert any(turn.header("authorization") for turn in gate.turns)


def test_a_portal_that_appears_halfway_is_no_permission_finding(tmp_path: Path) -> None:
    portal = answering("403 Forbidden", PORTAL, "Content-Type: text/html")
    with Sandbox(local.scenario().world) as box:
        with Interceptor(box.http_port, lambda turn: portal if 12 <= turn.number < 40 else None) as gate:
            _status, out, _err = examined(tmp_path, gate.port, "--format", "json")
        assert not PERMISSION & {finding["id"] for finding in json.loads(out)["findings"]}


def test_a_secret_that_the_server_echoes_is_not_repeated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A server that knows the secret puts it wherever a person would read it."""
    body = f"<Error><Code>Odd</Code><Message>your key {SECRET}</Message><Region>{SECRET}</Region></Error>".encode()
    for form in FORMATS:
        with lone(answering("400 Bad Request", body, XML, f"Server: {SECRET}", f"Location: /{SECRET}")) as gate:
            _status, out, err = told(tmp_path, gate.port, form, capsys)
        assert SECRET not in out + err
