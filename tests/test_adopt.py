"""A report out of an issue becomes a recorded run by one command; a broken or hostile one becomes nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from s3probe.codec import dump, load_saved
from s3probe.diagnosis.again import diagnose_again
from s3probe.evidence.reported import Expected, Reported
from tests.adopt import main
from tests.every import every
from tests.recorded import RECORDED, expected, names, objections

SAID = ["iam-missing-getobject", "presigned-link-uses-internal-endpoint"]
"""What the rules say of the run that is reported here: a failure and a notice."""
RIGHT = "explicit-deny-policy"
HOME = "/home/mastodon/live"


@pytest.fixture
def into(tmp_path: Path) -> Path:
    """The recorded runs, as a contributor has them."""
    folder = tmp_path / "recorded"
    folder.mkdir()
    for name in ("README.md", "expected.json", "ceph-no-get.json"):
        shutil.copy(RECORDED / name, folder)
    return folder


@cache
def reported(expected: Expected | None) -> str:
    """A report as somebody sends it: with their folders in it."""
    saved = load_saved((RECORDED / "ceph-no-get.json").read_text())
    text = dump(
        saved.evidence,
        saved.settings,
        diagnose_again(saved.settings, saved.evidence, ()),
        (),
        Reported(expected, "failure", tuple(SAID), (), {"s3probe": "0.1.0"}),
    )
    return text.replace('".env.production"', f'"{HOME}/.env.production"')


def adopt(folder: Path, into: Path, text: str | bytes, *argv: str) -> int:
    file = folder / "report.json"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return main([str(file), "--into", str(into), *argv])


def test_a_report_that_names_ids_becomes_a_run_that_the_suite_takes(
    tmp_path: Path, into: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert HOME in reported(None)
    assert adopt(tmp_path, into, reported(Expected(RIGHT, (RIGHT,)))) == 0
    name = "reported-ceph-radosgw-explicit-deny-policy"
    assert name in names(into)
    text = (into / f"{name}.json").read_text()
    assert list(objections(name, text)) == []
    assert HOME not in text
    saved = load_saved(text)
    assert saved.reported is None
    assert saved.settings.environment.sources == (".env.production",)
    assert [one.id for one in diagnose_again(saved.settings, saved.evidence, saved.trials)] == SAID
    # the notice stays: nobody complained of it
    assert expected(into)[name] == [RIGHT, SAID[1]]
    assert f"| {name} | out of an issue, at ceph-radosgw | `{RIGHT}` |\n\n## What" in (into / "README.md").read_text()
    out = capsys.readouterr().out
    assert f"Today's rules say: {', '.join(SAID)}" in out
    assert "tests/test_recorded.py fails" in out


@pytest.mark.parametrize("folder", [HOME, "live", "..", "./live", "~/Live of mine"])
def test_it_does_not_tell_where_its_file_lay(tmp_path: Path, into: Path, folder: str) -> None:
    text = reported(Expected(RIGHT, (RIGHT,))).replace(HOME, folder)
    assert adopt(tmp_path, into, text) == 0
    adopted = (into / "reported-ceph-radosgw-explicit-deny-policy.json").read_text()
    assert f"{folder}/" not in adopted
    assert load_saved(adopted).settings.environment.sources == (".env.production",)


def test_the_rest_of_the_recorded_runs_stays_as_it_is(tmp_path: Path, into: Path) -> None:
    assert adopt(tmp_path, into, reported(Expected(RIGHT, (RIGHT,)))) == 0
    before, after = ((folder / "expected.json").read_text() for folder in (RECORDED, into))
    assert after.startswith(before.removesuffix("\n]\n}\n").rstrip(" ]}\n"))
    added = set((into / "README.md").read_text().splitlines()) - set((RECORDED / "README.md").read_text().splitlines())
    assert len(added) == 1


def test_what_the_rules_say_already_is_told(tmp_path: Path, into: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert adopt(tmp_path, into, reported(Expected("sentence")), "--expected", SAID[0], "--name", "twelve") == 0
    assert expected(into)["reported-twelve"] == SAID
    assert "what today's rules say of it" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "stands"),
    [
        (("healthy",), [SAID[1]]),
        ((f"{RIGHT},cors-missing",), [RIGHT, "cors-missing", SAID[1]]),
        (("cors-missing", RIGHT, SAID[0]), [RIGHT, SAID[0], "cors-missing", SAID[1]]),
        (("key-can-change-bucket-policy",), ["key-can-change-bucket-policy"]),
    ],
    ids=["healthy", "two", "three", "a notice"],
)
def test_who_adopts_it_may_name_the_findings(
    tmp_path: Path, into: Path, argv: tuple[str, ...], stands: list[str]
) -> None:
    assert adopt(tmp_path, into, reported(Expected("It works.")), "--expected", *argv, "--name", "x") == 0
    assert expected(into)["reported-x"] == stands


def test_a_warning_beside_the_failure_that_is_missed_stays(
    tmp_path: Path, into: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (RECORDED / "swift-noacl-healthy.json").read_text()
    failure, *others = expected(RECORDED)["swift-noacl-healthy"]
    assert others == ["suspended-media-stays-public", "presigned-link-uses-internal-endpoint"], "a warning and a notice"
    assert adopt(tmp_path, into, text, "--expected", "clock-skew", "--name", "x") == 0
    assert expected(into)["reported-x"] == ["clock-skew", *others]
    assert f"Nobody named {', '.join(others)}" in capsys.readouterr().out
    assert adopt(tmp_path, into, text, "--expected", "cors-missing", "--name", "y") == 0
    assert expected(into)["reported-y"] == ["cors-missing", *others[1:]]
    assert failure not in expected(into)["reported-y"]


def test_a_file_of_save_evidence_is_adopted_as_well(tmp_path: Path, into: Path) -> None:
    text = (RECORDED / "ceph-no-get.json").read_text()
    assert adopt(tmp_path, into, text, "--expected", RIGHT) == 0


def test_trials_that_do_not_fit_are_left_out(tmp_path: Path, into: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from s3probe.diagnosis.model import EnvFix, TrialRun

    saved = load_saved((RECORDED / "ceph-no-get.json").read_text())
    trial = TrialRun((EnvFix("S3_REGION", "us-east-1"),), saved.evidence, "it fails as before")
    text = dump(saved.evidence, saved.settings, None, (trial,) * 9)
    assert adopt(tmp_path, into, text, "--expected", RIGHT, "--name", "x") == 0
    assert load_saved((into / "reported-x.json").read_text()).trials == ()
    assert "Its trials are left out" in capsys.readouterr().out


Change = Callable[[dict[str, Any]], Any]


def changed(change: Change) -> str:
    data = json.loads(reported(Expected(RIGHT, (RIGHT,))))
    change(data)
    return json.dumps(data)


def put(value: object, *path: str) -> Change:
    def change(data: dict[str, Any]) -> None:
        for name in path[:-1]:
            data = data[name]
        data[path[-1]] = value

    return change


def a_thousand_rows(data: dict[str, Any]) -> None:
    data["evidence"]["observations"] *= 40


HOSTILE: list[tuple[str | bytes, str]] = [
    ("", "This is no evidence file"),
    ("{}", "This is no evidence file"),
    ("[" * 100_000, "This is no evidence file"),
    (b"\xff\xfe\x00", "It is not text"),
    (b"PK\x03\x04", "This is no evidence file"),
    ("x" * (2 * 1024 * 1024 + 1), "more than 2048 kB"),
    (reported(Expected("x", ("x",)))[:-200], "This is no evidence file"),
    (changed(put(99, "s3probe_evidence")), "Update s3probe"),
    (changed(put([1], "report", "expected", "findings")), "damaged: report.expected.findings[0]"),
    (changed(put("healthy", "report")), "damaged: report"),
    (changed(put({"a": 1}, "report", "versions")), "damaged: report.versions"),
    (changed(put(["../../evil"], "report", "expected", "findings")), "'../../evil' is no finding"),
    (changed(put(["clock-skw"], "report", "expected", "findings")), "Did you mean clock-skew?"),
    (changed(put(None, "report", "expected")), "It does not say what was expected"),
    (changed(put("KeyError", "report", "error")), "It tells of a bug"),
    (
        changed(put({"text": "\x1b[2Jrm -rf /\ud800", "findings": None}, "report", "expected")),
        "Its author expected this",
    ),
    (changed(put("\x1b]0;x\x07", "s3probe_evidence")), "This is no evidence file"),
    (changed(put("no such", "evidence", "observations")), "damaged: evidence.observations"),
    (changed(a_thousand_rows), "and the most is 200000"),
]


@every("text, why", HOSTILE, ids=lambda case: case[1] if isinstance(case, tuple) else str(case)[:40])
def test_a_hostile_or_broken_report_is_refused_and_nothing_written(text: str | bytes, why: str) -> None:
    import contextlib
    import io
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder) / "recorded"
        into.mkdir()
        for name in ("README.md", "expected.json"):
            shutil.copy(RECORDED / name, into)
        before = {path.name: path.read_bytes() for path in into.iterdir()}
        err = io.StringIO()
        with contextlib.redirect_stderr(err):
            assert adopt(Path(folder), into, text) == 2
        assert why in err.getvalue()
        assert "\x1b" not in err.getvalue()
        assert len(err.getvalue()) < 1000
        assert {path.name: path.read_bytes() for path in into.iterdir()} == before


def test_what_a_stranger_writes_into_it_does_not_get_in(tmp_path: Path, into: Path) -> None:
    key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    data = json.loads(reported(Expected(RIGHT, (RIGHT,))))
    data["more"] = {"malice": "<script>"}
    variables = data["settings"]["environment"]["variables"]
    variables["DB_PASS"] = variables["S3_BUCKET"] | {"name": "DB_PASS", "value": "hunter2hunter2", "raw": "hunter2"}
    variables["AWS_SECRET_ACCESS_KEY"] |= {"value": key, "raw": key}
    row = data["evidence"]["observations"][0]
    row["message"] = f"X-Amz-Signature=0123456789abcdef0123456789abcdef \x1b[2J\u202e {key} in {HOME}/x.env"
    assert adopt(tmp_path, into, json.dumps(data), "--name", "x") == 0
    text = (into / "reported-x.json").read_text()
    for bad in ("malice", "hunter2", key, "0123456789abcdef", "\\u001b", "\\u202e", HOME):
        assert bad not in text


@every("name", ["../x", "X", "a b", "-", "a--b", "expected/"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    from tests.adopt import NotAdoptedError, adopted

    with pytest.raises(NotAdoptedError, match="is no name"):
        adopted(reported(Expected(RIGHT, (RIGHT,))), (), name, ())


def test_no_run_is_written_over(tmp_path: Path, into: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = reported(Expected(RIGHT, (RIGHT,)))
    assert [adopt(tmp_path, into, text), adopt(tmp_path, into, text)] == [0, 2]
    assert "Give this one another name: --name NAME" in capsys.readouterr().err
    assert adopt(tmp_path, into, text, "--name", "another") == 0


def test_a_file_that_is_not_there_is_told(tmp_path: Path, into: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "gone.json"), "--into", str(into)]) == 2
    assert "cannot be read: No such file" in capsys.readouterr().err


def test_a_path_of_an_address_is_no_folder(tmp_path: Path, into: Path) -> None:
    saved = load_saved((RECORDED / "ceph-no-get.json").read_text())
    row = replace(saved.evidence.observations[0], url="https://host.example/home/media/x")
    evidence = replace(saved.evidence, observations=(row, *saved.evidence.observations[1:]))
    assert adopt(tmp_path, into, dump(evidence, saved.settings), "--expected", "healthy", "--name", "x") == 0
    assert "https://host.example/home/media/x" in (into / "reported-x.json").read_text()
