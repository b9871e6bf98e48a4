"""The commands beside ``check``."""

from __future__ import annotations

import io
import json
import re
import shlex
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import ModuleType

import pytest

from s3probe.cli import extra
from s3probe.cli.pages import COMMANDS
from s3probe.cli.parser import with_command
from s3probe.codec import dump
from s3probe.diagnosis.model import Diagnosis, EnvFix, Finding
from s3probe.evidence.observations import Cleanup
from s3probe.sandbox.faults import FAULTS
from s3probe.sandbox.sandbox import Sandbox
from s3probe.settings.model import Settings
from tests.cli.support import ENV_TEXT, Cli
from tests.probe.servers import Visit, answering, serving
from tests.report.samples import ACL_DISABLED, BROKEN, DELETE_DENIED, KEY_ID, SECRET, evidence, settings
from tests.runs import tools_for

SHADOWED = Finding(
    **{name: getattr(ACL_DISABLED, name) for name in ("severity", "certainty", "title", "consequence", "how_known")},
    id="env-misspelt-other-names",
    fixes=(EnvFix("S3_BUCKET", "files", 3),),
)


@pytest.mark.parametrize(
    ("argv", "full"),
    [
        ([], ["check"]),
        (["--quick"], ["check", "--quick"]),
        (["-"], ["check", "-"]),
        (["./x"], ["check", "./x"]),
        (["a.env", "b.env"], ["check", "a.env", "b.env"]),
        (["lint", "x"], ["lint", "x"]),
        (["--help"], ["--help"]),
    ],
)
def test_a_command_that_is_left_out_is_check(argv: list[str], full: list[str]) -> None:
    assert with_command(argv) == full


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (("chekc",), "Did you mean check?"),
        (("check", "--nonsense"), "nonsense"),
        (("check", "--deadline", "soon"), "positive number of seconds"),
        (("check", "--deadline", "-1"), "positive number of seconds"),
        (("check", "--deadline", "nan"), "positive number of seconds"),
        (("check", "--jobs", "0"), "from 1 to 64"),
        (("check", "--format", "yaml"), "yaml"),
        (("check", "--quick", "--read-only"), "not allowed with"),
        (("check", "--only", "put-with-acll"), "Did you mean put-with-acl?"),
        (("check", "--skip", "nonsense"), "no action or finding"),
        (("check", "-", "-"), "only once"),
        (("replay",), "EVIDENCE_FILE"),
        (("replay", "gone.json"), "gone.json cannot be read"),
        (("explain", "acl-disabled"), "Did you mean"),
        (("fix", "-"), "needs an env file"),
        (("fix", "--environ"), "needs an env file"),
        (("demo", "--fault", "nonsense"), "no fault 'nonsense'"),
    ],
)
def test_a_usage_error_says_what_to_do(cli: Cli, argv: tuple[str, ...], told: str) -> None:
    cli.file()
    status, out, err = cli.run(*argv)
    assert (status, out) == (64, "")
    assert told in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "argv",
    [
        ("check", "--format", "nagios", "gone.env"),
        ("check", "--format=nagios", "--nonsense"),
        ("lint", "gone.env", "--format", "nagios"),
        ("replay", "--format", "nagios", "gone.json"),
    ],
)
def test_a_monitor_is_told_unknown(cli: Cli, argv: tuple[str, ...]) -> None:
    status, out, _ = cli.run(*argv)
    assert status == 3
    assert out.startswith("S3PROBE UNKNOWN - ")


def test_a_monitor_is_told_of_a_bug(cli: Cli) -> None:
    def probe(*_: object) -> None:
        raise RuntimeError(SECRET)

    cli.file()
    cli.probe(probe)  # type: ignore[arg-type]  # it never returns
    status, out, err = cli.run("check", "--format", "nagios")
    assert status == 3
    assert out.startswith("S3PROBE UNKNOWN - a bug in s3probe (RuntimeError)")
    assert SECRET not in out + err


def test_lint_judges_the_file_alone(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def linted(_settings: Settings, skip: frozenset[str], only: frozenset[str]) -> Diagnosis:
        return Diagnosis(() if SHADOWED.id in skip - only else (SHADOWED,))

    monkeypatch.setattr("s3probe.diagnosis.engine.lint", linted)
    cli.file()
    status, out, _ = cli.run("lint", "--format", "json")
    report = json.loads(out)
    assert (status, report["verdict"], report["run"]["profile"]) == (2, "failure", "lint")
    assert [finding["id"] for finding in report["findings"]] == [SHADOWED.id]
    assert (report["actions"], report["cost"]["requests"]) == ([], 0)
    assert cli.run("lint", "--skip", SHADOWED.id)[0] == 0


def test_policy_as_json_can_be_pasted(cli: Cli) -> None:
    cli.file()
    status, out, _ = cli.run("policy", "--format", "json")
    documents = json.loads(out)
    assert status == 0
    assert set(documents) == {"iam_policy", "bucket_policy", "cors", "server", "commands", "console", "inferred"}
    assert documents["iam_policy"]["Statement"][0]["Resource"] == "arn:aws:s3:::files-example/*"
    assert "s3:PutObjectAcl" in documents["iam_policy"]["Statement"][0]["Action"]


def test_policy_follows_the_settings(cli: Cli) -> None:
    cli.file(text=ENV_TEXT.replace("S3_PERMISSION=public-read", "S3_PERMISSION=") + "S3_KEY_PREFIX=masto\n")
    documents = json.loads(cli.run("policy", "--format", "json")[1])
    assert "s3:PutObjectAcl" not in documents["iam_policy"]["Statement"][0]["Action"]
    assert documents["iam_policy"]["Statement"][0]["Resource"] == "arn:aws:s3:::files-example/masto/*"
    assert "s3:PutObjectAcl" not in cli.run("policy")[1]


MINIO = (
    b"HTTP/1.1 403 Forbidden\r\nServer: nginx\r\nX-Minio-Error-Code: AccessDenied\r\nContent-Length: 0\r\n"
    b"Connection: close\r\n\r\n"
)


BEHIND_A_PROXY = b"HTTP/1.1 403 Forbidden\r\nServer: nginx\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def _head_tells(visit: Visit) -> None:
    visit.say(MINIO if visit.read_head().startswith(b"HEAD") else BEHIND_A_PROXY)


def _own(port: int) -> str:
    text = ENV_TEXT.replace("S3_HOSTNAME=s3.eu-west-2.amazonaws.com", f"S3_HOSTNAME=127.0.0.1:{port}")
    return f"{text}S3_ENDPOINT=http://127.0.0.1:{port}\nS3_PROTOCOL=http\n"


def test_policy_prints_what_the_server_takes_that_answers(cli: Cli) -> None:
    with serving(answering(MINIO)) as server:
        cli.file(text=_own(server.port))
        documents = json.loads(cli.run("policy", "--format", "json")[1])
        text = cli.run("policy")[1]
        assert server.visits == 2
    assert documents["server"] == "minio"
    assert "s3:PutObjectAcl" not in json.dumps(documents)
    assert documents["commands"]["cors"] == "mc admin config set ALIAS api cors_allow_origin='*'"
    assert text.startswith("For MinIO, by its answer.\nACLs do nothing there: set S3_PERMISSION= (empty)")
    assert "AllowedOrigins" not in text
    assert KEY_ID not in text


def test_policy_asks_once_more_where_an_answer_tells_nothing(cli: Cli) -> None:
    with serving(_head_tells) as server:
        cli.file(text=_own(server.port))
        assert cli.run("policy")[1].startswith("For MinIO, by its answer.")
    with serving(answering(BEHIND_A_PROXY)) as server:
        cli.file(text=_own(server.port))
        assert cli.run("policy")[1].startswith("For Another S3-compatible store, by its answer.")


def test_policy_goes_by_the_host_where_nobody_answers_or_need_not(cli: Cli) -> None:
    with serving(answering(MINIO)) as server:
        closed = server.port
    cli.file(text=_own(closed))
    assert "by the name of its host: nobody answered there." in cli.run("policy")[1]
    cli.file()
    assert cli.run("policy")[1].startswith("For Amazon S3, by the name of its host.")


def test_policy_promises_no_closed_archives_where_a_bucket_is_open_as_a_whole(cli: Cli) -> None:
    cli.file(text=ENV_TEXT + "S3_ENDPOINT=http://garage.example:3900\nS3_KEY_PREFIX=masto\n")
    text = cli.run("policy")[1]
    assert "location ^~ /masto/backups/ { return 404; }" in text
    recipe = "garage bucket alias files-example files.example.com && garage bucket website --allow files-example"
    assert recipe in text
    assert "nobody may list the bucket or read archives" not in text
    cli.file()
    assert "nobody may list the bucket or read archives" in cli.run("policy")[1]


def test_policy_without_a_bucket_is_told(cli: Cli) -> None:
    cli.file(text="S3_ENABLED=true\n")
    status, _, err = cli.run("policy")
    assert status == 64
    assert "S3_BUCKET is not set" in err


def test_explain_lists_and_explains(cli: Cli) -> None:
    status, listed, _ = cli.run("explain")
    assert status == 0
    assert ACL_DISABLED.id in listed
    status, page, _ = cli.run("explain", ACL_DISABLED.id)
    assert status == 0
    assert page.startswith(ACL_DISABLED.id)


def _piped(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data), "utf-8"))


def test_explain_can_be_plain(cli: Cli) -> None:
    status, out, _ = cli.run("explain", "--plain", "clock-skew")
    assert (status, out.splitlines()[0]) == (0, "Finding: clock-skew")
    assert cli.run("explain", "--plain", "RequestTimeTooSkewed")[1].startswith("Note: Likeliest first")
    assert "\nFinding: clock-skew (decided" in cli.run("explain", "--plain")[1]


def test_explain_for_a_storage_uses_its_words(cli: Cli, tmp_path: Path) -> None:
    recorded = Path(__file__).parents[2] / "fixtures" / "recorded" / "garage-healthy.json"
    (tmp_path / "env").write_text("S3_ENABLED=true\nS3_BUCKET=files\nS3_ENDPOINT=https://garage.example.org\n")
    (tmp_path / "report.json").write_text('{"schema_version": 1, "subject": {"provider": "garage"}}')
    named = (str(recorded), str(tmp_path / "env"), str(tmp_path / "report.json"), "https://garage.example.org:3900")
    for whose in named:
        status, page, err = cli.run("explain", "--for", whose, "iam-missing-putobject")
        assert (status, err) == (0, "")
        assert "How to fix it at Garage:" in page
        assert "garage bucket allow --read --write" in page
    assert (
        "bucket allow --read --write files --key KEY"
        in cli.run("explain", "--for", named[1], "iam-missing-putobject")[1]
    )


def test_explain_for_a_host_that_tells_no_server_says_so(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "env").write_text("S3_ENABLED=true\nS3_BUCKET=files\nS3_ENDPOINT=https://s3.example.org\n")
    status, page, err = cli.run("explain", "--for", str(tmp_path / "env"), "cors-missing")
    assert status == 0
    assert "How to fix it:" in page
    assert "does not tell which server" in err


@pytest.mark.parametrize("text", ["{", "[1]", '{"subject": 1}', "{}"])
def test_explain_for_what_is_no_file_of_s3probes_is_a_usage_error(cli: Cli, tmp_path: Path, text: str) -> None:
    (tmp_path / "some.json").write_text(text)
    assert cli.run("explain", "--for", str(tmp_path / "some.json"), "cors-missing")[0] == 64
    assert cli.run("explain", "--for", str(tmp_path / "missing"), "cors-missing")[0] == 64


def test_explain_reads_any_bytes_of_a_log(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    _piped(monkeypatch, b"caf\xe9 Aws::S3::Errors::AccessControlListNotSupported\n")
    status, out, _ = cli.run("explain", "-")
    assert status == 0
    assert ACL_DISABLED.id in out
    _piped(monkeypatch, b"caf\xe9\n")
    assert cli.run("explain", "-")[0] == 64


def test_explain_without_standard_input_is_no_bug(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert cli.run("explain", "-")[0] == 64
    with (tmp_path / "write-only").open("w") as closed:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.FileIO(closed.fileno(), "r", closefd=False)))
        status, _, err = cli.run("explain", "-")
    assert status == 64
    assert "Standard input cannot be read" in err


@pytest.mark.parametrize("word", ["qqqq-" * 100_000 + "x", "qqqq " * 100_000])
def test_explain_repeats_only_the_beginning_of_what_it_does_not_know(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    _piped(monkeypatch, word.encode())
    status, _, err = cli.run("explain", "-")
    assert status == 64
    assert "qqqq" in err
    assert len(err) < 1000


@pytest.mark.parametrize("again", [(), ("--again",)])
def test_replay_tells_the_proofs_of_the_run(cli: Cli, monkeypatch: pytest.MonkeyPatch, again: tuple[str, ...]) -> None:
    scenario = FAULTS["region-wrong-aws-regional-endpoint"].scenario()
    cli.file(text=scenario.env_text)
    with Sandbox(scenario.world) as box:
        tools, wire = tools_for(box)
        monkeypatch.setattr("s3probe.probe.tools.default_tools", lambda *_given, **_more: tools)
        status, out, _err = cli.run("check", "--format", "json", "--save-evidence", "run.json")
        wire.close()
    report = json.loads(out)
    assert (status, report["findings"][0]["fixes"][0]["proof"]["state"]) == (2, "tried")
    assert report["run"].pop("place")  # no file that is attached to a public thread holds it
    assert json.loads(cli.run("replay", "--format", "json", *again, "run.json")[1]) == report


def test_replay_of_another_file_is_a_usage_error(cli: Cli) -> None:
    path = cli.file("x.json", "{}")
    status, out, err = cli.run("replay", str(path))
    assert (status, out) == (64, "")
    assert "This is no evidence file" in err
    assert "--save-evidence" in err


def test_replay_can_judge_again(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    path = cli.file("run.json", dump(evidence(BROKEN), settings(), Diagnosis((ACL_DISABLED,))))
    monkeypatch.setattr("s3probe.diagnosis.engine.diagnose", lambda *_: Diagnosis((DELETE_DENIED,)))
    assert ACL_DISABLED.id in cli.run("replay", str(path))[1]
    assert DELETE_DENIED.id in cli.run("replay", "--again", str(path))[1]


def test_replay_without_saved_findings_judges(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    path = cli.file("run.json", dump(evidence(BROKEN), settings()))
    monkeypatch.setattr("s3probe.diagnosis.engine.diagnose", lambda *_: Diagnosis((DELETE_DENIED,)))
    assert DELETE_DENIED.id in cli.run("replay", str(path))[1]


def sweeping(monkeypatch: pytest.MonkeyPatch, swept: Cleanup) -> list[dict[str, object]]:
    asked: list[dict[str, object]] = []
    module = ModuleType("s3probe.probe.sweep")

    def sweep(_settings: object, _tools: object, **options: object) -> Cleanup:
        del options["tell"]
        asked.append(options)
        return swept

    module.sweep = sweep  # type: ignore[attr-defined]  # stands for the module with the network
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return asked


def test_sweep_says_what_it_removed(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = sweeping(monkeypatch, Cleanup(3, 3))
    cli.file()
    assert cli.run("sweep")[:2] == (0, "3 objects of earlier probes found, 3 removed.\n")
    assert asked == [{"older_than_seconds": 3600.0, "dry_run": False}]


def test_sweep_names_the_command_for_what_it_cannot_remove(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    sweeping(monkeypatch, Cleanup(2, 1, ("cache/s3probe/a b?versionId=v1",)))
    cli.file()
    status, _, err = cli.run("sweep")
    assert status == 2
    assert "aws s3api delete-object --bucket files-example --key 'cache/s3probe/a b' --version-id v1" in err


def test_sweep_can_only_look(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = sweeping(monkeypatch, Cleanup(1, 0, ("cache/s3probe/a",)))
    cli.file()
    assert cli.run("sweep", "--dry-run")[:2] == (0, "1 object of earlier probes would be removed:\ncache/s3probe/a\n")
    assert asked[0]["dry_run"] is True


def of_an_installation(_name: str) -> list[str]:
    return ["requests<3,>=2", "moto[s3,server]<6,>=5.0.20; extra == 'sandbox'", "s3probe[sandbox]; extra == 'test'"]


def of_a_checkout(name: str) -> list[str]:
    raise PackageNotFoundError(name)


@pytest.mark.parametrize(
    ("requires", "named"),
    [(of_an_installation, ["moto[s3,server]"]), (of_a_checkout, ["moto[s3,server]", "werkzeug", "trustme"])],
)
@pytest.mark.parametrize(
    ("pip", "begins"),
    [(True, [sys.executable, "-m", "pip", "install"]), (False, ["uv", "pip", "install", "--python", sys.executable])],
)
def test_the_demo_says_what_to_install(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, requires: object, named: list[str], pip: bool, begins: list[str]
) -> None:
    """``tests/packaging`` runs what it says."""
    monkeypatch.setitem(sys.modules, "trustme", None)
    monkeypatch.setattr(extra, "requires", requires)
    monkeypatch.setattr(extra, "find_spec", lambda _name: object() if pip else None)
    status, out, err = cli.run("demo")
    assert (status, out) == (64, "")
    said = shlex.split(err.partition("Install it with: ")[2])
    assert said[: len(begins)] == begins
    assert [re.split("[<>=]", one)[0] for one in said[len(begins) :]] == named


def test_every_command_has_a_module() -> None:
    from importlib import import_module

    for command in COMMANDS:
        assert callable(import_module(f"s3probe.cli.commands.{command}").run)


def test_the_demo_is_healthy_and_shows_a_fault(cli: Cli) -> None:
    status, out, _ = cli.run("demo", "--format", "json")
    report = json.loads(out)
    assert (status, report["verdict"], report["cleanup"]["left_behind"]) == (0, "ok", [])
    status, out, _ = cli.run("demo", "--format", "json", "--fault", ACL_DISABLED.id)
    report = json.loads(out)
    assert (status, report["findings"][0]["id"]) == (2, ACL_DISABLED.id)
    assert report["findings"][0]["fixes"][0]["variable"] == "S3_PERMISSION"


def test_the_demo_of_a_wrong_clock_does_not_tick_the_clock(cli: Cli) -> None:
    status, out, _ = cli.run("demo", "--fault", "clock-skew")
    lines = [line for line in out.splitlines() if "This machine's clock agrees" in line]
    assert status == 2
    assert len(lines) == 1
    assert "✔" not in lines[0]
    assert "✘" in lines[0]
