"""Proofs that are kept from run to run: when they are quoted, when lines are tried again, and what is written down."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from s3probe.cli.proofs import FileProofs
from s3probe.diagnosis.model import Consequence, Diagnosis, EnvFix, Finding, Proof, ProofState, Severity
from s3probe.evidence.vocabulary import ActionId
from s3probe.examination import check
from s3probe.probe.tools import ProbeOptions
from s3probe.report.formats import RenderOptions, format_named
from s3probe.report.json_format import as_data
from s3probe.report.model import Report
from s3probe.sandbox.faults import FAULTS
from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import Scenario, healthy
from s3probe.trying.bench import Bench
from s3probe.trying.loop import THROTTLED, Trials
from s3probe.trying.proofs import Remembered, causes, quoted, remembered
from tests.cli.support import Cli
from tests.diagnosis.test_trial import REGION, found, proof_of, settings
from tests.exhaustive import part
from tests.runs import OPTIONS, settings_of, tools_for

FAULT = FAULTS["region-wrong-aws-regional-endpoint"]
WRONG_REGION = FAULT.scenario()
HIDDEN = FAULTS["env-hash-truncates-value"].change(WRONG_REGION)
TRYING = replace(OPTIONS, trials=True)
NOON = datetime(2026, 11, 28, 12, 3, 4, tzinfo=UTC)


class Kept:
    """Proofs in memory."""

    def __init__(self) -> None:
        self.one: Remembered | None = None

    def last(self) -> Remembered | None:
        return self.one

    def keep(self, remembered: Remembered) -> None:
        self.one = remembered

    def forget(self) -> None:
        self.one = None

    def age(self, by: timedelta) -> None:
        """As if it had been made so much earlier."""
        assert self.one is not None
        self.one = replace(self.one, made=(datetime.now(UTC) - by).strftime("%Y-%m-%dT%H:%M:%SZ"))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of this test's proofs."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "s3probe"


def examined(scenario: Scenario, proofs: Kept, options: ProbeOptions = TRYING) -> Report:
    with Sandbox(scenario.world) as box:
        tools, wire = tools_for(box)
        try:
            return check(settings_of(scenario), options, tools, proofs=proofs).report
        finally:
            wire.close()


SCENARIOS = {"one fault": WRONG_REGION, "two": HIDDEN}


@cache
def first_run(name: str = "one fault") -> tuple[Report, Remembered]:
    """What a run with trials tells and keeps, made once for all tests."""
    kept = Kept()
    report = examined(SCENARIOS[name], kept)
    assert kept.one is not None
    return report, kept.one


def kept_of(name: str = "one fault") -> Kept:
    """The proofs after that run, as if it had just been."""
    kept = Kept()
    kept.one = first_run(name)[1]
    kept.age(timedelta())
    return kept


def told(report: Report) -> list[tuple[str, Severity, list[tuple[str, str | None]]]]:
    """The findings with their lines."""
    return [
        (one.id, one.severity, [(fix.variable, fix.value) for fix in one.fixes if isinstance(fix, EnvFix)])
        for one in report.findings
    ]


# ---- when it is quoted


@pytest.mark.parametrize("name", part(SCENARIOS, 2))
def test_the_same_causes_are_told_with_the_last_proof_and_its_time(name: str) -> None:
    first, kept = first_run(name)[0], kept_of(name)
    kept.age(timedelta(hours=23))
    assert kept.one is not None
    again = examined(SCENARIOS[name], kept)
    assert first.trials
    assert again.trials == ()
    assert again.evidence.cost.requests < first.evidence.cost.requests
    assert told(again) == told(first)
    assert again.consequences == first.consequences
    proof = proof_of(again.findings[0])
    assert replace(proof, when="") == proof_of(first.findings[0])
    assert proof.when == kept.one.made
    day, hour = kept.one.made[:10], kept.one.made[11:16]
    text = format_named("text").render([again], RenderOptions(width=100))
    assert f"Tried on {day} at {hour} UTC: with th" in " ".join(text.split())
    assert as_data(again)["findings"][0]["fixes"][0]["proof"]["tried_at"] == kept.one.made
    assert "tried_at" not in as_data(first)["findings"][0]["fixes"][0]["proof"]


@pytest.mark.parametrize("age", [timedelta(days=1, seconds=1), timedelta(hours=-1)], ids=["a day", "the future"])
def test_what_is_too_old_or_of_the_future_is_tried_again(age: timedelta) -> None:
    kept = kept_of()
    kept.age(age)
    before = kept.one
    assert examined(WRONG_REGION, kept).trials
    assert kept.one not in (None, before)


@pytest.mark.parametrize(
    "other",
    [
        FAULTS["acl-disabled-bucket-owner-enforced"].scenario(),
        WRONG_REGION.with_env("S3_REGION", "ap-southeast-2"),
        HIDDEN,
    ],
    ids=["another cause", "the same cause, another file", "one more"],
)
def test_other_causes_are_tried(other: Scenario) -> None:
    kept = kept_of()
    assert examined(other, kept).trials


def test_what_comes_back_after_it_was_well_is_tried_again() -> None:
    kept = kept_of()
    examined(healthy(), kept)
    assert kept.one is None
    assert examined(WRONG_REGION, kept).trials


def test_another_secret_is_another_file_and_stands_nowhere() -> None:
    first, other = (HIDDEN.with_raw_env("AWS_SECRET_ACCESS_KEY", f"{text}#tail") for text in ("wJalrXUtn", "wJalrXUtm"))
    texts = [causes(settings_of(one), Diagnosis(), "salt") for one in (first, other)]
    assert texts[0] != texts[1]
    text = repr(first_run("two")[1])
    assert HIDDEN.user.secret not in text
    assert HIDDEN.user.secret[:12] not in text


def test_a_line_whose_value_is_a_secret_is_not_kept_but_tried_again() -> None:
    scenario = settings(AWS_SECRET_ACCESS_KEY="wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY")
    named = found("cache-buster", EnvFix("CACHE_BUSTER_SECRET", "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"))
    for fix, kept in ((named.fixes, False), ((REGION,), True)):
        after = Diagnosis((replace(named, fixes=fix),))
        assert (remembered(scenario, after, after, NOON, "salt") is not None) is kept


def test_trials_that_were_cut_short_are_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = kept_of()
    kept.age(timedelta(days=2))

    def ended(trials: Trials) -> None:
        trials._ended = THROTTLED

    monkeypatch.setattr(Trials, "run", ended)
    examined(WRONG_REGION, kept)
    assert kept.one is None


def test_an_error_in_a_trial_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_given: object) -> None:
        raise ZeroDivisionError

    kept = Kept()
    monkeypatch.setattr(Bench, "under", broken)
    assert examined(WRONG_REGION, kept).rule_errors
    assert kept.one is None


@pytest.mark.parametrize("options", [replace(TRYING, trials=False), replace(TRYING, profile="read-only")])
def test_a_run_that_may_try_nothing_neither_quotes_nor_forgets(options: ProbeOptions) -> None:
    kept = kept_of()
    before = kept.one
    assert proof_of(examined(WRONG_REGION, kept, options).findings[0]).state is ProofState.UNTRIED
    assert kept.one is before
    examined(healthy(), kept, options)  # what was not asked may fail
    assert kept.one is before


# ---- what was told then, with what is seen now

TRIED = Proof(ProofState.TRIED, fine=12)
SURE = replace(REGION, proof=TRIED)


def again(last: tuple[Finding, ...], now: tuple[Finding, ...], *consequences: Consequence) -> Diagnosis:
    """``now`` quoted with what was told of the very same findings."""
    after = Diagnosis(last, consequences=consequences)
    then = remembered(settings(), Diagnosis(now), after, NOON, "salt")
    assert then is not None
    found = quoted(then, settings(), NOON + timedelta(hours=1), Diagnosis(now))
    assert found is not None
    return found


def test_the_cause_that_a_trial_made_sure_stays_first() -> None:
    loud, suspected = found("loud", because=(ActionId.PUT_WITH_ACL,)), found("suspected", severity=Severity.WARNING)
    sure = replace(suspected, severity=Severity.FAILURE, title="It is the cause", fixes=(SURE,))
    now = again((sure,), (loud, suspected), Consequence("loud", Severity.FAILURE, "loud", "suspected"))
    assert [(one.id, one.severity, one.title) for one in now] == [("suspected", Severity.FAILURE, "It is the cause")]
    assert [one.id for one in now.consequences] == ["loud"]
    assert now.findings[0].explains == (ActionId.PUT_WITH_ACL,)


def test_what_came_to_light_in_a_trial_stays_and_a_warning_that_is_over_goes() -> None:
    cause = found("cause")
    behind = replace(found("behind"), remark="It was seen only after this change: S3_REGION=eu-west-2.")
    over, fresh = found("over", severity=Severity.WARNING), found("fresh", severity=Severity.WARNING)
    then = remembered(settings(), Diagnosis((cause, over)), Diagnosis((cause, behind, over)), NOON, "salt")
    assert then is not None
    now = quoted(then, settings(), NOON, Diagnosis((cause, fresh)))
    assert now is not None
    assert [one.id for one in now] == ["cause", "behind", "fresh"]


def test_a_line_that_did_not_help_is_told_with_its_time() -> None:
    cause = found("cause", REGION)
    now = again((replace(cause, fixes=(), remark="Tried: S3_REGION=eu-west-2. That changes nothing."),), (cause,))
    assert now.findings[0].remark == "Tried on 2026-11-28 at 12:03 UTC: S3_REGION=eu-west-2. That changes nothing."
    assert now.findings[0].fixes == ()


# ---- where it is kept


def proofs(state: Path | None = None) -> FileProofs:
    return FileProofs(state, settings_of(WRONG_REGION))


ONE = Remembered("2026-11-28T12:03:04Z", "salt", "digest", ("cause",), (found("cause", SURE),))


def test_it_is_kept_in_the_cache_folder_for_this_user_alone(folder: Path) -> None:
    proofs().keep(ONE)
    (path,) = folder.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert proofs().last() == ONE
    proofs().forget()
    assert (list(folder.iterdir()), proofs().last()) == ([], None)


def test_it_is_kept_beside_the_state(tmp_path: Path, folder: Path) -> None:
    proofs(tmp_path / "state").keep(ONE)
    assert [path.name[:12] for path in tmp_path.iterdir()] == ["state.tried-"]
    assert proofs(tmp_path / "state").last() == ONE
    assert not folder.exists()


def test_a_file_of_another_bucket_has_a_proof_of_its_own() -> None:
    proofs().keep(ONE)
    assert FileProofs(None, settings_of(WRONG_REGION.with_env("S3_BUCKET", "other"))).last() is None


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"version": 2}', '{"version": 1}', "[" * 5000, '{"version": 1, "made": 1}']
)
def test_what_is_no_proof_of_ours_is_not_believed(folder: Path, text: str) -> None:
    proofs().keep(ONE)
    (path,) = folder.iterdir()
    path.write_text(text)
    assert proofs().last() is None


def test_what_others_could_have_written_is_not_believed(folder: Path, tmp_path: Path) -> None:
    proofs().keep(ONE)
    (path,) = folder.iterdir()
    path.chmod(0o666)
    assert proofs().last() is None
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").chmod(0o600)
    assert proofs().last() is None


def test_where_nothing_can_be_kept_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("s3probe.cli.proofs.private_place", lambda: None)
    proofs().keep(ONE)
    proofs().forget()
    assert proofs().last() is None


@pytest.mark.parametrize(
    ("options", "kept", "tried"),
    [
        ((), [], [True, True]),
        (("--quick",), ["s3probe"], [True, False]),
        (("--state", "state"), ["state"], [True, False]),
        (("--quick", "--no-trials"), [], [False, False]),
    ],
)
def test_only_runs_for_cron_keep_proofs(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    folder: Path,
    options: tuple[str, ...],
    kept: list[str],
    tried: list[bool],
) -> None:
    cli = Cli(monkeypatch, capsys, tmp_path)
    cli.file(text=WRONG_REGION.env_text)
    shown = []
    with Sandbox(WRONG_REGION.world) as box:
        tools, wire = tools_for(box)
        monkeypatch.setattr("s3probe.probe.tools.default_tools", lambda *_given, **_more: tools)
        for _time in range(2):
            status, out, _err = cli.run("check", "--format", "json", *options)
            assert status == 2
            shown.append(json.loads(out))
        wire.close()
    files = [path for path in (*tmp_path.rglob("*tried-*"), *folder.rglob("*tried-*")) if path.is_file()]
    assert (
        sorted({path.parent.name if path.parent == folder else path.name.partition(".")[0] for path in files}) == kept
    )
    assert [one["findings"][0]["id"] for one in shown] == [FAULT.id] * 2
    assert ["trials" in one for one in shown] == tried
    for path in files:
        assert WRONG_REGION.user.secret not in path.read_text()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.stat().st_uid == os.geteuid()
