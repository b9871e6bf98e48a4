"""``s3probe report``: one file for an issue, that holds what is needed and nothing secret, and costs nobody a file."""

from __future__ import annotations

import errno
import json
import os
import platform
import pty
import re
import signal
import socket
import ssl
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from s3probe import ISSUES, __version__
from s3probe.cli.expected import LONGEST, expectation
from s3probe.cli.parser import options
from s3probe.codec import load_saved
from s3probe.evidence.observations import Evidence, VersionFrom
from s3probe.evidence.reported import Expected
from s3probe.sandbox.faults import FAULTS
from s3probe.sandbox.sandbox import Sandbox
from tests.cli.support import ENV_TEXT, Cli
from tests.every import every
from tests.production import local
from tests.report.samples import ACL_DISABLED, BROKEN, DELETE_DENIED, KEY_ID, SECRET, evidence
from tests.runs import tools_for

ROOT = Path(__file__).parents[2]
EXPECTED = "bpa-blocks-public-acl"


@pytest.fixture
def broken(cli: Cli) -> Cli:
    cli.file()
    cli.probe(evidence(BROKEN), (ACL_DISABLED, DELETE_DENIED))
    return cli


def written(cli: Cli, out: str) -> tuple[Path, dict[str, Any]]:
    """The file that the standard output names, and what it holds."""
    path = cli.folder / out.removesuffix("\n")
    return path, json.loads(path.read_text(encoding="utf-8"))


def test_it_holds_what_an_issue_needs(broken: Cli) -> None:
    status, out, err = broken.run("report", "--expected", EXPECTED, "--thorough", "--deadline", "20")
    path, data = written(broken, out)
    assert status == 0
    assert path.name.startswith("s3probe-report-")
    assert f"{ISSUES}/new?template=wrong-answer.yml" in err
    said = data["report"]
    assert said["expected"] == {"text": EXPECTED, "findings": [EXPECTED]}
    assert (said["verdict"], said["findings"]) == ("failure", [ACL_DISABLED.id, DELETE_DENIED.id])
    assert said["options"] == ["--deadline 20", "--thorough"]
    assert list(data) == ["s3probe_evidence", "s3probe_version", "report", "settings", "evidence", "findings"]
    versions = said["versions"]
    assert versions["s3probe"] == __version__
    assert platform.python_version() in versions["python"]
    assert platform.release() in versions["system"]
    assert versions["openssl"] == ssl.OPENSSL_VERSION
    assert all(versions[name][0].isdigit() for name in ("boto3", "botocore", "urllib3"))
    assert versions["mastodon"].endswith("(assumed)")


@pytest.mark.parametrize(
    ("known_by", "told"),
    [(VersionFrom.INSTANCE, "4.5.8 (the instance says so)"), (VersionFrom.OPTION, "4.5.8 (--mastodon-version)")],
)
def test_it_tells_how_the_release_is_known(broken: Cli, known_by: VersionFrom, told: str) -> None:
    from dataclasses import replace

    seen = evidence(BROKEN)
    run = replace(seen.run, mastodon_version="4.5.8", version_from=known_by)
    broken.probe(replace(seen, run=run))
    assert written(broken, broken.run("report")[1])[1]["report"]["versions"]["mastodon"] == told


def test_it_names_neither_secrets_nor_this_machine(broken: Cli) -> None:
    _, out, err = broken.run("report", "--expected", f"I gave {SECRET} and {KEY_ID}")
    path, data = written(broken, out)
    text = path.read_text()
    for hidden in (SECRET, KEY_ID, socket.gethostname(), str(broken.folder)):
        assert hidden not in text + out + err
    assert data["report"]["expected"]["text"].startswith("I gave *** and AKIA")


def test_it_is_the_users_own_and_takes_no_other_files_place(broken: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import UTC, datetime

    moment = datetime(2026, 11, 29, 18, 0, tzinfo=UTC)
    monkeypatch.setattr("s3probe.cli.console.Console.now", lambda _console: moment)
    before = os.umask(0)
    try:
        names = [written(broken, broken.run("report")[1])[0] for _ in range(3)]
    finally:
        os.umask(before)
    stem = "s3probe-report-20261129T180000Z"
    assert [path.name for path in names] == [f"{stem}.json", f"{stem}-1.json", f"{stem}-2.json"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in names} == {0o600}
    assert sorted(path.name for path in broken.folder.iterdir()) == sorted(
        [".env.production", *(p.name for p in names)]
    )


@pytest.mark.parametrize("there", ["a file", "a dangling link"])
def test_a_named_file_that_is_there_is_refused_before_anything_is_asked(broken: Cli, there: str) -> None:
    path = broken.folder / "r.json"
    path.write_text("precious") if there == "a file" else path.symlink_to("nowhere")
    status, out, err = broken.run("report", "--output", "r.json")
    assert (status, out, broken.asked) == (64, "", [])
    assert "r.json is there already" in err
    assert not (broken.folder / "nowhere").exists()
    assert path.is_symlink() or path.read_text() == "precious"


def test_a_name_that_is_taken_meanwhile_costs_no_report(broken: Cli) -> None:
    def probe(*_: object) -> Evidence:
        (broken.folder / "r.json").write_text("precious")
        return evidence(BROKEN)

    broken.probe(probe)
    status, out, _err = broken.run("report", "--output", "r.json")
    path, _data = written(broken, out)
    assert (status, path.name.startswith("s3probe-report-")) == (0, True)
    assert (broken.folder / "r.json").read_text() == "precious"


@pytest.mark.parametrize("output", [".env.production", "./.env.production"])
def test_the_env_file_is_not_written_over(broken: Cli, output: str) -> None:
    assert broken.run("report", "--output", output)[0] == 64
    assert (broken.folder / ".env.production").read_text() == ENV_TEXT


@pytest.mark.parametrize("folder", ["gone", "closed"])
def test_a_place_that_takes_no_file_is_told_before_anything_is_asked(
    broken: Cli, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    (broken.folder / "closed").mkdir()
    monkeypatch.setattr(os, "access", lambda path, _mode: path.is_dir() and path.name != "closed")
    status, out, err = broken.run("report", "--output", f"{folder}/r.json")
    assert (status, out, broken.asked) == (64, "", [])
    assert "No file can be written" in err
    assert "- for standard output" in err


def test_a_full_disk_leaves_no_half_of_a_file(broken: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    status, out, err = broken.run("report")
    assert (status, out) == (70, "")
    assert "cannot be written: No space left on device" in err
    assert [path.name for path in broken.folder.iterdir()] == [".env.production"]


def test_standard_output_gets_the_file_and_nothing_else(broken: Cli) -> None:
    status, out, _err = broken.run("report", "--output", "-", "--expected", EXPECTED)
    assert status == 0
    saved = load_saved(out)
    assert saved.reported is not None
    assert saved.reported.expected == Expected(EXPECTED, (EXPECTED,))
    assert [path.name for path in broken.folder.iterdir()] == [".env.production"]


def test_a_device_gets_it_alone(broken: Cli) -> None:
    status, out, _err = broken.run("report", "--output", "/dev/null")
    assert (status, out) == (0, "")
    assert [path.name for path in broken.folder.iterdir()] == [".env.production"]


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a link to somebody else")
def test_no_link_of_a_stranger_leads_it_elsewhere(broken: Cli) -> None:
    open_to_all = broken.folder / "open"
    open_to_all.mkdir()
    open_to_all.chmod(0o1777)
    (broken.folder / "theirs").mkdir()
    (open_to_all / "planted").symlink_to(broken.folder / "theirs")
    os.lchown(open_to_all / "planted", 54321, 54321)
    status, _out, err = broken.run("report", "--output", "open/planted/r.json")
    assert (status, broken.asked) == (64, [])
    assert "another user" in err
    assert list((broken.folder / "theirs").iterdir()) == []


def test_it_is_replayed_as_it_was_said(broken: Cli) -> None:
    out = broken.run("report", "--expected", "The bucket is fine.\x1b[2J")[1]
    path, _data = written(broken, out)
    shown = broken.run("check", "--format", "json")[1]
    status, again, err = broken.run("replay", "--format", "json", str(path))
    report = json.loads(shown)
    del report["run"]["place"]
    assert (status, json.loads(again)) == (2, report)
    assert "Expected by whoever reported it: The bucket is fine." in err
    assert "\x1b" not in err
    assert f"s3probe {__version__}" in err


def test_the_words_of_a_stranger_steer_no_terminal(broken: Cli) -> None:
    out = broken.run("report", "--expected", "x", "--output", "-")[1]
    data = json.loads(out)
    trick = "\x1b[31mred\x1b[K\rs3probe: all is well\u202e"
    data["report"] |= {"options": [trick], "versions": {trick: trick * 1000}, "error": trick}
    data["report"]["expected"]["text"] = trick
    err = broken.run("replay", str(broken.file("r.json", json.dumps(data))))[2]
    assert "Expected by whoever reported it: red" in err
    assert len(err) < 15_000
    data["s3probe_evidence"], data["s3probe_version"] = 2, trick
    err += broken.run("replay", str(broken.file("r.json", json.dumps(data))))[2]
    assert "Update s3probe" in err
    for control in ("\x1b", "\r", "\u202e"):
        assert control not in err


@every(
    "text, findings",
    [
        ("healthy", ()),
        (" healthy\n", ()),
        (EXPECTED, (EXPECTED,)),
        (f"{EXPECTED}, clock-skew {EXPECTED}", (EXPECTED, "clock-skew")),
        ("The bucket is public.", None),
        (f"It should say {EXPECTED}", None),
        ("Healthy, I think", None),
        ("well-known", None),
        ("\udcff", None),
    ],
)
def test_an_expectation_is_ids_or_a_text(text: str, findings: tuple[str, ...] | None) -> None:
    said = expectation(text)
    assert said.findings == findings
    said.text.encode()


@every(
    "text, why",
    [
        ("", "it is empty"),
        (" \n", "it is empty"),
        ("bpa-block-public-acl", "Did you mean bpa-blocks-public-acl?"),
        (f"{EXPECTED}, clock-skw", "'clock-skw' is no finding. Did you mean clock-skew?"),
        ("x" * (LONGEST + 1), "more than 2000 characters"),
    ],
)
def test_a_misspelt_expectation_is_told_before_the_check(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        expectation(text)


def test_a_misspelt_expectation_is_a_usage_error(broken: Cli) -> None:
    status, out, err = broken.run("report", "--expected", "bpa-block-public-acl")
    assert (status, out, broken.asked) == (64, "", [])
    assert "Did you mean bpa-blocks-public-acl?" in err


def test_without_a_terminal_nothing_is_asked_for(broken: Cli) -> None:
    status, out, err = broken.run("report")
    assert status == 0
    assert written(broken, out)[1]["report"]["expected"] is None
    assert "--expected TEXT" in err
    assert "What did you expect" not in err


def test_what_makes_sense_of_check_is_taken(broken: Cli) -> None:
    assert {
        "--environ",
        "--loader",
        "--deadline",
        "--mastodon-version",
        "--thorough",
        "--quick",
        "--read-only",
        "--only",
    } < set(options()["report"])
    broken.run("report", "--read-only", "--mastodon-version", "4.5.9", "--only", "put-with-acl")
    (asked,) = broken.asked
    assert (asked.profile, asked.mastodon_version, set(asked.only)) == ("read-only", "4.5.9", {"put-with-acl"})


def test_a_bug_that_ends_the_check_is_in_the_file(cli: Cli) -> None:
    def probe(*_: object) -> Evidence:
        raise KeyError(f"{KEY_ID} {SECRET}")

    cli.file()
    cli.probe(probe)
    status, out, err = cli.run("report")
    path, data = written(cli, out)
    assert status == 70
    trace = data["report"]["error"]
    assert "KeyError" in trace
    assert 'File "s3probe/examination.py"' in trace
    for hidden in (SECRET, KEY_ID, str(ROOT), sys.prefix):
        assert hidden not in path.read_text() + out + err
    status, _out, err = cli.run("replay", str(path))
    assert "A bug ended that examination" in err
    assert "KeyError" in err


def test_the_message_of_a_bug_names_the_command(cli: Cli) -> None:
    def probe(*_: object) -> Evidence:
        raise KeyError

    cli.file()
    cli.probe(probe)
    status, _out, err = cli.run("check")
    assert status == 70
    assert "`s3probe report`" in err
    assert ISSUES in err


def test_a_signal_among_the_trials_costs_them_alone(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    cli.file()
    cli.probe(evidence(BROKEN), (ACL_DISABLED,))

    def tried(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        signal.sigtimedwait([], 5)

    monkeypatch.setattr("s3probe.examination._tried", tried)
    status, out, err = cli.run("report", "--expected", "healthy")
    assert status == 143
    assert written(cli, out)[1]["report"]["findings"] == [ACL_DISABLED.id]
    assert "after the clean-up" in err


def test_a_real_run_with_trials_is_whole(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = FAULTS["region-wrong-aws-regional-endpoint"].scenario()
    cli.file(text=scenario.env_text)
    with Sandbox(scenario.world) as box:
        tools, wire = tools_for(box)
        monkeypatch.setattr("s3probe.probe.tools.default_tools", lambda *_given, **_more: tools)
        status, out, _err = cli.run("report")
        wire.close()
    path, data = written(cli, out)
    assert status == 0
    assert data["trials"]
    report = json.loads(cli.run("replay", "--format", "json", str(path))[1])
    assert report["findings"][0]["fixes"][0]["proof"]["state"] == "tried"


def answered(folder: Path, port: int, *typed: bytes, argv: tuple[str, ...] = ()) -> tuple[int, str]:
    """The status and the screen of a run at a real terminal, where each text is typed when it is asked for one."""
    file = local.env_file(folder, port)
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.environ |= {"TERM": "xterm", "PYTHONPATH": str(ROOT), "AWS_EC2_METADATA_DISABLED": "true"}
        command = [sys.executable, "-m", "s3probe", "report", "--deadline", "5", *argv, str(file)]
        os.execv(sys.executable, command)  # noqa: S606  # a terminal of its own
    received, left = b"", list(typed)
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # the other end is closed
            break
        received += piece
        if left and received.endswith(b"> "):
            os.write(terminal, left.pop(0))
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), received.decode()


@pytest.fixture
def refusing_port() -> int:
    """Where nobody listens: the shortest run."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ((b"The bucket is fine.\n",), {"text": "The bucket is fine.", "findings": None}),
        ((b"clock-skw\n", b"clock-skew\n"), {"text": "clock-skew", "findings": ["clock-skew"]}),
        ((b"\n",), None),
        ((b"\x04",), None),
    ],
    ids=["a sentence", "a misspelt id", "nothing", "Ctrl-D"],
)
def test_a_person_at_a_terminal_is_asked(
    refusing_port: int, tmp_path: Path, typed: tuple[bytes, ...], expected: object
) -> None:
    status, shown = answered(tmp_path, refusing_port, *typed)
    assert status == 0
    assert "s3probe says: " in shown
    assert shown.count("What did you expect") == 1
    (path,) = tmp_path.glob("s3probe-report-*.json")
    assert json.loads(path.read_text())["report"]["expected"] == expected
    assert shown.rstrip().endswith(path.name)


def test_ctrl_c_at_the_question_costs_the_answer_alone(refusing_port: int, tmp_path: Path) -> None:
    status, shown = answered(tmp_path, refusing_port, b"\x03")
    assert status == 130
    (path,) = tmp_path.glob("s3probe-report-*.json")
    assert path.name in shown
    assert load_saved(path.read_text()).reported is not None


def test_an_expectation_on_the_command_line_is_not_asked_for(refusing_port: int, tmp_path: Path) -> None:
    status, shown = answered(tmp_path, refusing_port, argv=("--expected", "healthy"))
    assert status == 0
    assert "What did you expect" not in shown


def test_the_address_is_that_of_the_project() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["urls"]["Issues"] == ISSUES
