"""``check --trace FILE``: every request and its answer as HAR, and nothing secret."""

from __future__ import annotations

import json
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from s3probe.cli import main
from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import KEY_ID, SECRET
from tests.production import local
from tests.production.hostile import Turn, lone

Fields = dict[str, type]
LOG: Fields = {"version": str, "creator": dict, "pages": list, "entries": list}
ENTRY: Fields = {
    "pageref": str,
    "startedDateTime": str,
    "time": float,
    "request": dict,
    "response": dict,
    "cache": dict,
}
REQUEST: Fields = {"method": str, "url": str, "httpVersion": str, "cookies": list, "headers": list, "queryString": list}
RESPONSE: Fields = {
    "status": int,
    "statusText": str,
    "httpVersion": str,
    "cookies": list,
    "headers": list,
    "content": dict,
}
SIZES: Fields = {"headersSize": int, "bodySize": int}
TIMINGS = ("blocked", "dns", "connect", "send", "wait", "receive", "ssl")


def entries(file: Path) -> list[dict[str, Any]]:
    """Those of a file that is HAR 1.2 in every field that the form names."""
    log = json.loads(file.read_text())["log"]
    has(log, LOG)
    assert log["version"] == "1.2"
    has(log["creator"], {"name": str, "version": str})
    pages = {page["id"] for page in log["pages"]}
    for page in log["pages"]:
        has(page, {"startedDateTime": str, "id": str, "title": str, "pageTimings": dict})
    for entry in log["entries"]:
        has(entry, ENTRY)
        assert entry["pageref"] in pages
        assert datetime.fromisoformat(entry["startedDateTime"]).tzinfo is not None
        has(entry["request"], REQUEST | SIZES)
        has(entry["response"], RESPONSE | SIZES | {"redirectURL": str})
        has(entry["response"]["content"], {"size": int, "mimeType": str})
        for pair in (*entry["request"]["headers"], *entry["response"]["headers"], *entry["request"]["queryString"]):
            has(pair, {"name": str, "value": str})
        if "postData" in entry["request"]:
            has(entry["request"]["postData"], {"mimeType": str, "text": str, "params": list})
        times = {name: entry["timings"][name] for name in TIMINGS}
        assert all(value >= 0 for name, value in times.items() if name in ("send", "wait", "receive"))
        whole = sum(value for name, value in times.items() if value > 0 and name != "ssl")
        assert entry["time"] == pytest.approx(whole, abs=0.01)
    return list(log["entries"])


def has(told: dict[str, Any], fields: Fields) -> None:
    for name, kind in fields.items():
        assert isinstance(told[name], (int, float) if kind is float else kind), name


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(local.scenario(denied=("s3:DeleteObject",)).world) as box:
        yield box


def test_every_request_that_a_server_saw_is_in_it(sandbox: Sandbox, tmp_path: Path) -> None:
    before, trace = len(sandbox.requests), tmp_path / "run.har"
    file = local.env_file(tmp_path, sandbox.http_port)
    assert main(("check", "--thorough", "--trace", str(trace), "--output", str(tmp_path / "report"), str(file))) == 2
    assert stat.S_IMODE(trace.stat().st_mode) == 0o600
    told = entries(trace)
    # sorted: they were asked side by side. Trials, follow-ups, strangers' requests and the clean-up are among them
    seen = sorted((one.method, one.path, one.status) for one in sandbox.requests[before:])
    asked = [(one["request"]["method"], one["request"]["url"], one["response"]["status"]) for one in told]
    paths = sorted((method, urlsplit(url).path or "/", status) for method, url, status in asked)
    assert [one for one in seen if one not in paths] == []
    assert len(paths) >= len(seen) > 60
    assert {one["serverIPAddress"] for one in told} == {"127.0.0.1"}
    assert any(one["response"]["headers"] and "AccessDenied" in one["response"]["content"]["text"] for one in told)


def test_nothing_secret_is_in_it(sandbox: Sandbox, tmp_path: Path) -> None:
    trace = tmp_path / "run.har"
    file = local.env_file(tmp_path, sandbox.http_port)
    main(("check", "--trace", str(trace), "--output", str(tmp_path / "report"), str(file)))
    text, told = trace.read_text(), entries(trace)
    signed = [
        header["value"]
        for one in told
        for header in one["request"]["headers"]
        if header["name"] == "Authorization" and "AWS4" in header["value"]
    ]
    assert SECRET not in text
    assert KEY_ID not in text
    assert all("nl-ams/s3/aws4_request" in value and "host" in value for value in signed)
    sent = [f"{one.headers.get('authorization', '')}&{one.query}" for one in sandbox.requests]
    signatures = {found for one in sent for found in re.findall(r"Signature=([0-9a-f]{64})", one)}
    assert len(signatures) > 20
    assert not [one for one in signatures if one in text]
    links = [one for one in told if "X-Amz-" in one["request"]["url"]]
    assert links == []


def answers(turn: Turn) -> None:
    """With a cookie, a link elsewhere, the names of users' files, and the key's id and secret."""
    body = (
        f"<ListBucketResult><Contents><Key>media_attachments/files/111/original/holiday.png</Key></Contents>"
        f"<Error>{SECRET} {KEY_ID}</Error></ListBucketResult>"
    ).encode()
    head = (
        "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nSet-Cookie: session=crumbs; Path=/\r\n"
        f"Location: http://other.example/x?X-Amz-Signature=abcdef0123456789\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    turn.say(head.encode() + (b"" if turn.method == "HEAD" else body))


def test_cookies_links_and_names_of_files_are_hidden(tmp_path: Path) -> None:
    trace = tmp_path / "run.har"
    with lone(answers) as gate:
        file = local.env_file(tmp_path, gate.port)
        main(("check", "--no-trials", "--trace", str(trace), "--output", str(tmp_path / "report"), str(file)))
    text = trace.read_text()
    assert entries(trace)
    for hidden in ("crumbs", "abcdef0123456789", "holiday.png", SECRET, KEY_ID):
        assert hidden not in text


def hang_up(_turn: Turn) -> None:
    """Says nothing at all."""


def test_what_got_no_answer_is_there_with_the_reason(tmp_path: Path) -> None:
    trace = tmp_path / "run.har"
    with lone(hang_up) as gate:
        file = local.env_file(tmp_path, gate.port)
        main(("check", "--no-trials", "--trace", str(trace), "--output", str(tmp_path / "report"), str(file)))
    told = entries(trace)
    assert told
    assert all(one["response"]["status"] == 0 and one["response"]["_error"] for one in told)


def test_several_files_have_a_page_each(sandbox: Sandbox, tmp_path: Path) -> None:
    trace = tmp_path / "run.har"
    files = [local.env_file(tmp_path, sandbox.http_port, name=name) for name in ("one.env", "two.env")]
    names = [str(file) for file in files]
    main(
        (
            "check",
            "--quick",
            "--no-trials",
            "--jobs",
            "2",
            "--trace",
            str(trace),
            "--output",
            str(tmp_path / "r"),
            *names,
        )
    )
    pages = {page["id"]: page["title"] for page in json.loads(trace.read_text())["log"]["pages"]}
    assert sorted(pages.values()) == sorted(names)
    assert {pages[one["pageref"]] for one in entries(trace)} == set(names)


@pytest.mark.parametrize("place", ["none/run.har", "."])
def test_a_file_that_cannot_be_written_is_said_before_anything_is_asked(
    sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str], place: str
) -> None:
    before = len(sandbox.requests)
    file = local.env_file(tmp_path, sandbox.http_port)
    assert main(("check", "--trace", str(tmp_path / place), str(file))) == 64
    told = capsys.readouterr()
    assert str(tmp_path / place) in told.err
    assert (told.out, len(sandbox.requests)) == ("", before)
    assert [each.name for each in tmp_path.iterdir()] == [file.name]


def stall(_turn: Turn) -> None:
    """Answers after everybody has lost patience."""
    time.sleep(8)


def test_an_interrupted_run_leaves_one_too(tmp_path: Path) -> None:
    trace = tmp_path / "run.har"
    with lone(stall) as gate:
        file = local.env_file(tmp_path, gate.port)
        process = local.start("check", "--no-trials", "--trace", trace, file)
        while not gate.turns:
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        assert local.finish(process)[0] == 143
    assert entries(trace)
    assert not [each for each in tmp_path.iterdir() if each.name.startswith(".")]


def test_a_run_without_it_does_not_load_it(sandbox: Sandbox, tmp_path: Path) -> None:
    file = local.env_file(tmp_path, sandbox.http_port)
    code = (
        "import sys; from s3probe.cli import main; "
        f"main(['check', '--quick', '--no-trials', {str(file)!r}]); "
        "print([name for name in sys.modules if name in ('s3probe.cli.trace', 's3probe.probe.har')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
