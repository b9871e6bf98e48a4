"""``s3probe check``: files in, reports out, and the exit status."""

from __future__ import annotations

import http.server
import json
import os
import signal
import socket
import stat
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from s3probe.cli.errors import UsageError
from s3probe.cli.parser import parse
from s3probe.cli.signals import Interrupted
from s3probe.cli.sources import options_for
from s3probe.diagnosis.model import Finding
from s3probe.evidence.observations import Evidence, Observation
from s3probe.evidence.vocabulary import ActionId
from s3probe.examination import EVERYTHING, Examined
from s3probe.probe.tools import ProbeOptions, Tools
from s3probe.report.formats import FORMATS
from s3probe.settings.model import Settings
from tests.cli.support import ENV_TEXT, Cli
from tests.report.samples import (
    ACL_DISABLED,
    BROKEN,
    DELETE_DENIED,
    HEALTHY,
    KEY_ID,
    SECRET,
    UNREACHABLE,
    evidence,
)


@pytest.mark.parametrize(
    ("seen", "findings", "options", "status"),
    [
        (HEALTHY, (), (), 0),
        (HEALTHY, (DELETE_DENIED,), (), 0),
        (HEALTHY, (DELETE_DENIED,), ("--fail-on", "warning"), 1),
        (BROKEN, (ACL_DISABLED,), (), 2),
        (BROKEN, (ACL_DISABLED, DELETE_DENIED), ("--fail-on", "warning"), 2),
        (UNREACHABLE, (), (), 3),
    ],
)
def test_the_exit_status_is_the_verdict(
    cli: Cli, seen: tuple[Observation, ...], findings: tuple[Finding, ...], options: tuple[str, ...], status: int
) -> None:
    cli.file()
    cli.probe(evidence(seen), findings)
    assert cli.run("check", *options)[0] == status


def test_a_bare_s3probe_checks_the_file_in_this_folder(cli: Cli) -> None:
    cli.file()
    cli.probe(evidence())
    status, out, err = cli.run()
    assert (status, err) == (0, "")
    assert "Media storage works" in out
    assert cli.asked[0].profile == "full"


def test_options_reach_the_probe(cli: Cli) -> None:
    cli.file()
    cli.probe(evidence())
    cli.run(
        "check", "--read-only", "--deadline", "12", "--mastodon-version", "4.3.0", "--skip", "list", "--only", "get"
    )
    asked = cli.asked[0]
    assert (asked.profile, asked.deadline, asked.mastodon_version) == ("read-only", 12.0, "4.3.0")
    assert (set(asked.skip), set(asked.only)) == ({"list"}, {"get"})


@pytest.mark.parametrize(("argv", "tries"), [((), True), (("--no-trials",), False)])
def test_trials_can_be_left_out(cli: Cli, argv: tuple[str, ...], tries: bool) -> None:
    cli.file()
    cli.probe(evidence())
    cli.run("check", *argv)
    assert cli.asked[0].trials is tries


def test_a_signal_during_the_trials_does_not_cost_the_report(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_given: object) -> Examined:
        raise Interrupted(signal.SIGTERM)

    cli.file()
    cli.probe(evidence(BROKEN), (ACL_DISABLED,))
    monkeypatch.setattr("s3probe.examination._tried", interrupted)
    status, out, err = cli.run("check")
    assert status == 143
    assert ACL_DISABLED.id in out
    assert "Not tried: interrupted." in out
    assert "Interrupted by SIGTERM" in err


def test_an_action_id_leaves_the_findings_alone(cli: Cli) -> None:
    cli.file()
    cli.probe(evidence(BROKEN), (ACL_DISABLED,))
    assert cli.run("check", "--only", ActionId.PUT_WITH_ACL)[0] == 2
    assert cli.run("check", "--skip", ACL_DISABLED.id, "--format", "json")[1].count(ACL_DISABLED.id) == 0


def test_quick_goes_on_to_the_whole_examination_when_it_fails(cli: Cli) -> None:
    def probe(_s: Settings, options: ProbeOptions, _t: Tools) -> Evidence:
        run = evidence().run
        quick = options.profile == "quick"
        return evidence(BROKEN, run=type(run)("r", run.started, 2.0, "quick" if quick else "full"))

    cli.file()
    cli.probe(probe, (ACL_DISABLED,))
    status, out, _ = cli.run("check", "--quick", "--format", "json")
    report = json.loads(out)
    assert [asked.profile for asked in cli.asked] == ["quick", "full"]
    assert cli.asked[1].deadline == 28.0
    assert (status, report["run"]["profile"], report["run"]["seconds"]) == (2, "full", 4.0)
    assert (report["cost"]["requests"], report["cleanup"]["created"]) == (48, 18)


def test_quick_stops_when_all_is_well(cli: Cli) -> None:
    cli.file()
    run = evidence().run
    cli.probe(evidence(run=type(run)("r", run.started, 0.5, "quick")))
    assert cli.run("check", "--quick")[0] == 0
    assert len(cli.asked) == 1


@pytest.mark.parametrize("format_name", ["text", "json", "markdown", "junit", "prometheus", "nagios"])
def test_quiet_prints_nothing_while_there_is_nothing_to_do(cli: Cli, format_name: str) -> None:
    cli.file()
    cli.probe(evidence())
    assert cli.run("check", "--quiet", "--format", format_name) == (0, "", "")


@pytest.mark.parametrize("findings", [(ACL_DISABLED,), (DELETE_DENIED,)])
def test_quiet_prints_what_there_is_to_do(cli: Cli, findings: tuple[Finding, ...]) -> None:
    cli.file()
    cli.probe(evidence(BROKEN), findings)
    assert findings[0].id in cli.run("check", "--quiet")[1]


def test_quiet_leaves_a_file_alone(cli: Cli) -> None:
    cli.file()
    cli.probe(evidence())
    assert cli.run("check", "--quiet", "--format", "prometheus", "--output", "out.prom") == (0, "", "")
    assert "s3probe_verdict" in (cli.folder / "out.prom").read_text()


def test_output_replaces_the_file_at_once_and_keeps_its_mode(cli: Cli) -> None:
    cli.file()
    cli.probe(evidence())
    target = cli.folder / "report.txt"
    target.write_text("old")
    target.chmod(0o640)
    before = target.stat().st_ino
    assert cli.run("check", "--output", "report.txt") == (0, "", "")
    assert "Media storage works" in target.read_text()
    assert target.stat().st_ino != before
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert [p.name for p in cli.folder.iterdir() if p.name not in (".env.production", "report.txt")] == []


def test_output_to_a_folder_that_is_not_there_is_told(cli: Cli) -> None:
    cli.file()
    cli.probe(evidence())
    status, out, err = cli.run("check", "--output", "none/report.txt")
    assert (status, out) == (64, "")
    assert "none/report.txt cannot be written" in err


@pytest.mark.parametrize("argv", [("check", "gone.env"), ("check", "--quiet", "gone.env"), ("gone.env",)])
def test_a_missing_env_file_is_a_usage_error(cli: Cli, argv: tuple[str, ...]) -> None:
    status, out, err = cli.run(*argv)
    assert (status, out) == (64, "")
    assert "gone.env does not exist" in err


def test_several_files_keep_their_order_and_one_bad_one_stops_no_other(cli: Cli) -> None:
    for name in ("a.env", "b.env", "c.env"):
        cli.file(name, ENV_TEXT.replace("files-example", f"bucket-{name[0]}"))
    waiting = threading.Event()

    def probe(settings: Settings, *_: object) -> Evidence:
        # the first file is the last one to be ready
        if settings.bucket == "bucket-a":
            assert waiting.wait(10)
        elif settings.bucket == "bucket-c":
            waiting.set()
        return evidence()

    cli.probe(probe)
    status, out, err = cli.run("check", "--format", "json", "--jobs", "3", "a.env", "gone.env", "b.env", "c.env")
    data = json.loads(out)
    assert status == 64
    assert data["schema_version"] == 1
    assert [report["subject"]["bucket"] for report in data["reports"]] == ["bucket-a", "bucket-b", "bucket-c"]
    assert err.count("gone.env does not exist") == 1


def test_a_failure_counts_more_than_a_file_that_is_missing(cli: Cli) -> None:
    cli.file()
    cli.probe(evidence(BROKEN), (ACL_DISABLED,))
    assert cli.run("check", ".env.production", "gone.env")[0] == 2


def test_the_process_environment_can_stand_for_the_file(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    for line in ENV_TEXT.splitlines():
        name, _, value = line.partition("=")
        monkeypatch.setenv(name, value)
    cli.probe(evidence())
    status, out, _ = cli.run("check", "--environ", "--format", "json")
    assert status == 0
    assert json.loads(out)["subject"]["source"] == "process environment"


def test_the_process_environment_wins_over_the_file(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S3_BUCKET", "other")
    cli.file()
    cli.probe(evidence())
    assert (
        json.loads(cli.run("check", ".env.production", "--format", "json")[1])["subject"]["bucket"] == "files-example"
    )
    out = cli.run("check", "--environ", ".env.production", "--format", "json")[1]
    assert json.loads(out)["subject"]["bucket"] == "other"


def test_evidence_is_saved_without_secrets_and_replayed_to_the_same_byte(cli: Cli) -> None:
    cli.file()
    cli.probe(evidence(BROKEN), (ACL_DISABLED, DELETE_DENIED))
    shown = cli.run("check", "--format", "markdown", "--save-evidence", "run.json")
    saved = cli.folder / "run.json"
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    for secret in (SECRET, KEY_ID):
        assert secret not in saved.read_text()
    assert cli.run("replay", "--format", "markdown", "run.json") == shown


@pytest.mark.parametrize(("format_name", "told"), [(name, name not in ("markdown", "html")) for name in FORMATS])
def test_where_it_ran_is_told_to_those_who_may_know(cli: Cli, format_name: str, told: bool) -> None:
    cli.file()
    cli.probe(evidence(BROKEN), (ACL_DISABLED,))
    shown = cli.run("check", "--format", format_name, "--save-evidence", "run.json")[1]
    assert (socket.gethostname() in shown) is told
    assert "s3probe 0." in shown or '"s3probe_version"' in shown
    assert evidence(BROKEN).run.id in shown
    assert socket.gethostname() not in (cli.folder / "run.json").read_text()


def test_evidence_of_several_files_has_no_place(cli: Cli) -> None:
    status, _, err = cli.run("check", "--save-evidence", "run.json", "a.env", "b.env")
    assert status == 64
    assert "one env file at a time" in err


def test_a_bug_is_reported_without_secrets(cli: Cli) -> None:
    def probe(*_: object) -> Evidence:
        raise KeyError(f"{KEY_ID} {SECRET}")

    cli.file()
    cli.probe(probe)
    status, out, err = cli.run("check")
    assert (status, out) == (70, "")
    assert "has a bug: KeyError" in err
    assert "Please report it" in err
    assert "Traceback" in err
    assert SECRET not in err
    assert KEY_ID not in err


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGQUIT, 131)],
    ids=str,
)
def test_a_signal_cleans_up_first(cli: Cli, number: signal.Signals, status: int) -> None:
    cleaned: list[str] = []

    def probe(*_: object) -> Evidence:
        try:
            os.kill(os.getpid(), number)
            signal.sigtimedwait([], 5)  # the handler runs at the latest here
            raise AssertionError("the signal did not arrive")
        finally:
            os.kill(os.getpid(), number)  # a second one does not disturb the clean-up
            cleaned.append("done")

    cli.file()
    cli.probe(probe)
    before = signal.getsignal(number)
    code, out, err = cli.run("check")
    assert (code, out) == (status, "")
    assert "after the clean-up" in err
    assert cleaned == ["done"]
    assert signal.getsignal(number) is before


def test_a_signal_reaches_files_that_are_examined_side_by_side(cli: Cli) -> None:
    ready = threading.Barrier(2, timeout=10)
    stopped: list[str] = []

    def probe(settings: Settings, _o: ProbeOptions, tools: Tools) -> Evidence:
        if ready.wait() == 0:
            os.kill(os.getpid(), signal.SIGTERM)
        idle = threading.Event()
        for _ in range(1000):
            if tools.clock.stopped():
                stopped.append(settings.bucket_name)
                break
            idle.wait(0.01)
        return evidence()

    cli.file("a.env")
    cli.file("b.env")
    cli.probe(probe)
    assert cli.run("check", "a.env", "b.env")[0] == 143
    assert len(stopped) == 2


class Pings:
    """A dead man's switch that remembers its calls."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.bodies: list[str] = []
        paths, bodies = self.paths, self.bodies

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                paths.append(self.path)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_POST(self) -> None:
                bodies.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
                self.do_GET()

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/0123456789abcdef-ping"


@pytest.fixture
def pings() -> Iterator[Pings]:
    switch = Pings()
    thread = threading.Thread(target=switch.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield switch
    switch.server.shutdown()
    thread.join()
    switch.server.server_close()


@pytest.mark.parametrize(
    ("findings", "path"), [((), "/0123456789abcdef-ping"), ((ACL_DISABLED,), "/0123456789abcdef-ping/fail")]
)
def test_the_dead_mans_switch_is_told(cli: Cli, pings: Pings, findings: tuple[Finding, ...], path: str) -> None:
    cli.file()
    (cli.folder / "url").write_text(pings.url + "\n")
    cli.probe(evidence(), findings)
    cli.run("check", "--quiet", "--ping-url-file", "url")
    assert pings.paths == ["/0123456789abcdef-ping/start", path]
    (body,) = pings.bodies
    assert body.startswith("S3PROBE CRITICAL" if findings else "S3PROBE OK")
    assert all(finding.id in body for finding in findings)


def test_a_missing_env_file_is_told_to_the_switch(cli: Cli, pings: Pings) -> None:
    (cli.folder / "url").write_text(pings.url)
    assert cli.run("check", "--ping-url-file", "url")[0] == 64
    assert pings.paths == ["/0123456789abcdef-ping/start", "/0123456789abcdef-ping/fail"]


def test_a_ping_that_fails_changes_nothing_and_shows_no_url(cli: Cli, pings: Pings) -> None:
    cli.file()
    (cli.folder / "url").write_text(
        pings.url.replace("http:", "http://user:hunter2@127.0.0.1:1/x?").replace("///", "/")
    )
    cli.probe(evidence())
    status, _, err = cli.run("check", "--quiet", "--ping-url-file", "url")
    assert status == 0
    assert "could not be called" in err
    assert "hunter2" not in err


@pytest.mark.parametrize("text", ["", "file:///etc/passwd", "two words", "https://"])
def test_a_ping_file_without_a_url_is_a_usage_error(cli: Cli, text: str) -> None:
    cli.file()
    (cli.folder / "url").write_text(text)
    cli.probe(evidence())
    status, _, err = cli.run("check", "--ping-url-file", "url")
    assert status == 64
    assert "does not hold one http(s) URL" in err


def test_an_unreadable_file_still_tells_a_metrics_reader(cli: Cli) -> None:
    status, out, _ = cli.run("check", "--format", "prometheus", "--output", "out.prom", "gone.env")
    assert (status, out) == (64, "")
    assert 's3probe_examined{source="gone.env"} 0' in (cli.folder / "out.prom").read_text()


def test_output_path_may_be_a_link(cli: Cli, tmp_path: Path) -> None:
    cli.file()
    cli.probe(evidence())
    (tmp_path / "real").mkdir()
    (tmp_path / "link.txt").symlink_to(tmp_path / "real" / "report.txt")
    assert cli.run("check", "--output", "link.txt")[0] == 0
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real" / "report.txt").is_file()


def test_settings_with_which_mastodon_can_send_nothing_are_told_as_such(cli: Cli) -> None:
    cli.file(text="LOCAL_DOMAIN=mastodon.example\nS3_ENABLED=true\nS3_REGION=eu-west-2\n")
    status, out, err = cli.run("check", "--format", "json")
    report = json.loads(out)
    assert (status, err) == (2, "")
    assert {action["outcome"] for action in report["actions"]} == {"skipped"}
    assert "missing required :bucket option" in report["actions"][0]["reason"]
    assert report["cost"]["requests"] == 0


@pytest.mark.parametrize(
    ("argv", "thorough"),
    [([], False), (["--thorough"], True), (["--format", "markdown"], True), (["--format", "json"], False)],
)
def test_a_checklist_is_made_by_a_thorough_run(argv: list[str], thorough: bool) -> None:
    args = parse(["check", *argv])
    assert options_for(args, EVERYTHING).thorough is thorough


def test_a_quick_run_is_not_thorough() -> None:
    with pytest.raises(UsageError):
        parse(["check", "--quick", "--thorough"])


@pytest.mark.parametrize("color", ["auto", "always"])
def test_a_name_is_no_mention_on_standard_output_either(cli: Cli, color: str) -> None:
    """Where Markdown is pasted, ``@name`` would call somebody; what keeps it from that is no trick of a terminal."""
    cli.file()
    cli.probe(evidence(BROKEN), (replace(ACL_DISABLED, title="Ask @mastodon/admins, or \u2066@eve"),))
    _status, out, _err = cli.run("check", "--format", "markdown", "--color", color)
    assert "Ask @\u2060mastodon/admins, or @\u2060eve" in out
    assert "\u2066" not in out
    _status, out, _err = cli.run("check")
    assert "Ask @mastodon/admins" in out


@pytest.mark.parametrize("by", ["option", "environment"])
def test_plain_lines_are_asked_for_by_an_option_or_by_the_environment(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    cli.file()
    cli.probe(evidence())
    if by == "environment":
        monkeypatch.setenv("S3PROBE_PLAIN", "1")
    status, out, _ = cli.run("check", "--color", "always", *(["--plain"] if by == "option" else []))
    assert status == 0
    assert out.startswith("Verdict: Media storage works.\n")
    assert "\x1b" not in out
