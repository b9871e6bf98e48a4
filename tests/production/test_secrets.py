"""Random secrets through everything that prints or writes: they appear in no form."""

from __future__ import annotations

import base64
import html
import json
import re
import resource
import signal
import subprocess
import sys
import traceback
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from s3probe.cli import main
from s3probe.examination import Examined, check
from s3probe.report.formats import FORMATS
from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import KEY_ID
from tests.exhaustive import examples
from tests.production import local
from tests.production.hostile import Interceptor, Turn, answering, lone

Disguise = Callable[[str], str]
SECRET_PAIR = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
SECRETS = st.text(st.sampled_from("abcXYZ0189+/=-_%&?#$'\"\\ <>|{};:.,~é€"), min_size=16, max_size=48).filter(
    lambda text: text.strip() == text and len(set(text)) > 7
)


def forms(secret: str) -> set[str]:
    """The secret as it is, and as URLs, base64, JSON, HTML, repr and hexadecimal digits would show it."""
    octets = secret.encode()
    found = {
        secret,
        urllib.parse.quote(secret),
        urllib.parse.quote(secret, safe=""),
        urllib.parse.quote_plus(secret),
        base64.b64encode(octets).decode().rstrip("="),
        base64.urlsafe_b64encode(octets).decode().rstrip("="),
        json.dumps(secret)[1:-1],
        html.escape(secret),
        repr(secret)[1:-1],
        octets.hex(),
    }
    return {form for form in found if len(form) >= 12}


def hidden(secret: str, *texts: str) -> None:
    for text in texts:
        for form in forms(secret):
            assert form not in text


def echo(secret: str) -> bytes:
    """What a hostile server says that knows the secret: in every form, wherever it may be read."""
    said = html.escape(" ".join(sorted(forms(secret))))
    code = html.escape(secret[:60])
    return f"<Error><Code>{code}</Code><Message>{said}</Message><Region>{code}</Region></Error>".encode()


def dotenv(secret: str) -> str:
    """A line that dotenv reads back as ``secret``."""
    return "'" + secret.replace("'", "") + "'"


def everything_shown(file: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """All that ``check`` in every format, its evidence, ``replay`` of that and ``fix`` show of one examination."""
    evidence, trace = file.with_name("evidence.json"), file.with_name("trace.har")
    options = ("--mastodon-version", "4.5.9", "--deadline", "3")
    examined: list[Examined] = []

    def once(*args: Any, **more: Any) -> Examined:
        if not examined:
            examined.append(check(*args, **more))
        return examined[0]

    told: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("s3probe.cli.commands.check.check", once)
        patch.setattr("s3probe.cli.commands.fix.check", once)
        for form in FORMATS:
            for argv in (
                ("check", *options, "--format", form, "--save-evidence", str(evidence), str(file)),
                ("replay", "--format", form, str(evidence)),
            ):
                main(argv)
                shown = capsys.readouterr()
                assert shown.out
                told += shown.out, shown.err
        main(("fix", *options, str(file)))
        told += capsys.readouterr()
    main(("check", "--no-trials", *options, "-v", "--trace", str(trace), str(file)))
    told += capsys.readouterr()
    return "\n".join((*told, evidence.read_text(), trace.read_text()))


@settings(max_examples=examples(10), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(secret=SECRETS)
def test_nothing_shows_a_secret_that_the_server_echoes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], secret: str
) -> None:
    secret = secret.replace("'", "")
    body = echo(secret)

    def act(turn: Turn) -> None:
        told = urllib.parse.quote(secret)
        head = f"HTTP/1.1 400 Bad\r\nContent-Type: application/xml\r\nServer: {told}\r\nX-Request-Id: {told}\r\n"
        turn.say(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + (b"" if turn.method == "HEAD" else body))
        turn.keep = True

    with lone(act) as gate:
        file = local.env_file(tmp_path, gate.port, AWS_SECRET_ACCESS_KEY=dotenv(secret))
        hidden(secret, everything_shown(file, capsys))


KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYzkQ3dT5v9s"
TOKEN = base64.b64encode(bytes(n * 89 % 251 for n in range(150))).decode()
CHAIN_ID = "AKIAQ7ZX2M5NB4KD9TWE"
BUCKET = "wjalrxut-media"
"""Shares eight letters with the secret key."""


def bare(text: str) -> str:
    return re.sub("[^a-z0-9]", "", text.lower())


def separated(by: str, each: int) -> Disguise:
    return lambda text: by.join(text[at : at + each] for at in range(0, len(text), each))


ENCODED: dict[str, Disguise] = {
    "as it is": str,
    "in base64": lambda text: base64.b64encode(text.encode()).decode(),
    "in hexadecimal digits": lambda text: text.encode().hex(),
    "for a URL": lambda text: urllib.parse.quote(text, safe=""),
    "backwards": lambda text: text[::-1],
}
CHANGED: dict[str, Disguise] = {
    "lower case": str.lower,
    "upper case": str.upper,
    "the other case": str.swapcase,
    **{f"{by!r} for others": lambda text, by=by: re.sub("[^A-Za-z0-9]", by, text) for by in ("", "-", "_", " ")},  # type: ignore[misc]
    **{f"{by!r} after {each}": separated(by, each) for by in " -.:" for each in (1, 4)},
}
DISGUISES = [
    (lambda text, encode=encode, change=change: change(encode(text)))
    for encode in ENCODED.values()
    for change in CHANGED.values()
]


@pytest.mark.parametrize("source", ["the file", "the SDK's chain"])
def test_nothing_shows_a_secret_in_disguise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    profile = tmp_path / "credentials"
    pair = {"aws_access_key_id": CHAIN_ID, "aws_secret_access_key": KEY, "aws_session_token": TOKEN}
    profile.write_text("[default]\n" + "".join(f"{name} = {value}\n" for name, value in pair.items()))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(profile))
    signatures: set[str] = set()
    said = 0

    def act(turn: Turn) -> None:
        nonlocal said
        found = re.search("Signature=([0-9a-f]{64})", turn.header("Authorization"))
        texts = [KEY] if source == "the file" else [KEY, TOKEN, CHAIN_ID]
        if found:
            signatures.add(found[1])
            texts.append(found[1])
        told = [""] * 12
        for number in range(24):
            text = DISGUISES[said % len(DISGUISES)](texts[said % len(texts)])
            told[number // 2] += f" {html.escape(text)}"
            said += 1
        body = (
            f"<Error><Code>{told[0]}</Code><Message>{BUCKET}: {told[1]}</Message><Region>{told[2]}</Region>"
            f"<BucketName>{told[3]}</BucketName><Endpoint>{told[4]}</Endpoint><Key>{told[5]}</Key></Error>"
        ).encode()
        heads = (f"Server: {told[6]}", f"x-amz-bucket-region: {told[7]}", f"ETag: {told[8]}", f"{bare(told[9])}: 1",
                 f"Content-Type: application/xml; {told[10]}", f"x-amz-error-message: {told[11]}")  # fmt: skip
        answering("400 Bad Request", body, *heads)(turn)

    own = {"AWS_SECRET_ACCESS_KEY": KEY} if source == "the file" else dict.fromkeys(SECRET_PAIR, "")
    with lone(act) as gate:
        shown = everything_shown(local.env_file(tmp_path, gate.port, S3_BUCKET=BUCKET, **own), capsys)
    assert said >= len(DISGUISES)
    read = bare(shown)
    for secret in (KEY, TOKEN, *signatures, *([CHAIN_ID] if source != "the file" else [])):
        for encode in ENCODED.values():
            assert bare(encode(secret)) not in read
    assert BUCKET in shown
    if source != "the file":
        assert "AKIA…9TWE" in shown


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(secret=SECRETS)
def test_a_crash_shows_no_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    secret = secret.replace("'", "")

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(f"{secret} {urllib.parse.quote(secret)} {secret!r}") from ValueError(secret)

    monkeypatch.setattr("s3probe.probe.examine.Examination._ask_everything", broken)
    file = local.env_file(tmp_path, 1, AWS_SECRET_ACCESS_KEY=dotenv(secret), LOCAL_DOMAIN="")
    assert main(["check", "--mastodon-version", "4.5.9", str(file)]) == 70
    shown = capsys.readouterr()
    assert "s3probe has a bug" in shown.err or "has a bug: RuntimeError" in shown.err
    hidden(secret, shown.out, shown.err)


def test_tracebacks_with_locals_show_no_secret(tmp_path: Path) -> None:
    """Tools such as Sentry print the local variables of every frame."""
    from s3probe.settings.mastodon import interpret
    from s3probe.settings.sources import load

    secret = "uvWXyz0123456789+/abcdefGHIJKL"
    local_settings = interpret(load(local.env_file(tmp_path, 1, AWS_SECRET_ACCESS_KEY=secret)))
    credentials = local_settings.credentials
    try:
        raise RuntimeError
    except RuntimeError as error:
        shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "credentials" in shown
    assert f"{credentials!r}".count("Secret(…)") >= 1
    assert secret not in repr(credentials)


def test_a_killed_process_dumps_no_core(tmp_path: Path) -> None:
    """A core file would hold the keys: the tool forbids its own, whatever the limit of its parent."""
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    if hard == 0:
        pytest.skip("this machine allows no core files, so nothing could be seen")
    limits: list[str] = []

    def act(turn: Turn) -> None:
        assert turn.head
        limits.append(Path(f"/proc/{process.pid}/limits").read_text())
        process.send_signal(signal.SIGSEGV)

    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    try:
        with lone(act) as gate:
            file = local.env_file(tmp_path, gate.port)
            process = local.start("check", "--deadline", "2", file, afresh=True)
            status, _out, _err = local.finish(process)
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))
    assert status == -signal.SIGSEGV
    (line,) = [line for line in limits[0].splitlines() if line.startswith("Max core file size")]
    assert line.split()[4] == "0"


@pytest.mark.skipif(sys.platform != "linux", reason="prctl(2) is Linux's")
def test_nobody_may_attach_to_the_process() -> None:
    """PR_GET_DUMPABLE (3): 0 also gives /proc/PID/environ and mem to root alone."""
    look = (
        "import ctypes\nfrom s3probe.cli.coredump import forbid\nforbid()\nprint(ctypes.CDLL(None).prctl(3, 0, 0, 0))"
    )
    command = [sys.executable, "-c", look]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60, cwd=root)
    assert done.stdout.strip() == "0"


def test_no_secret_is_an_argument_or_in_the_environment_of_a_child(tmp_path: Path) -> None:
    """What `ps` shows of a run: the file's name, and nothing out of it."""
    seen: list[str] = []
    with Sandbox(local.scenario().world) as box:

        def look(turn: Turn) -> None:
            seen.append(Path(f"/proc/{process.pid}/cmdline").read_text())
            turn.say(turn.ask())

        with Interceptor(box.http_port, lambda _turn: look) as gate:
            process = local.start("check", "--quick", local.env_file(tmp_path, gate.port), afresh=True)
            assert local.finish(process)[0] == 0
    assert seen
    assert not any(KEY_ID in line or "SECRET" in line for line in seen)
    assert [path.name for path in tmp_path.iterdir()] == ["masto.env"]
