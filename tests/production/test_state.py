"""What is remembered between runs, and when that is worth a mail."""

from __future__ import annotations

import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from s3probe.cli.errors import UsageError
from s3probe.cli.state import LEFT_BEHIND, UNKNOWN, UNREADABLE, Memory, compare, load, save
from s3probe.diagnosis.model import Finding
from s3probe.evidence.observations import Observation, Outcome
from s3probe.evidence.vocabulary import ActionId, Actor, ExperimentWith
from s3probe.probe.folders import NOT_LOOKED_AT
from s3probe.report.formats import Unexamined
from s3probe.report.model import Report
from tests.report import samples

NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)


def report(*findings: Finding, seen: tuple[Observation, ...] = samples.HEALTHY, **more: Any) -> Report:
    return Report(samples.SUBJECT, samples.evidence(seen, **more), findings)


def test_a_trouble_is_new_once() -> None:
    first = compare(Memory(), [report(samples.ACL_DISABLED)], [], NOW)
    again = compare(first.after, [report(samples.ACL_DISABLED)], [], NOW + HOUR)
    assert [t.id for t in first.begun] == [samples.ACL_DISABLED.id]
    assert first.worth_telling
    assert not again.worth_telling
    assert again.lasting == first.begun
    assert "Still failing since 2026-11-23 18:00 UTC" in again.lines(NOW + HOUR)[0]


def test_recovery_is_told_with_its_duration() -> None:
    first = compare(Memory(), [report(samples.ACL_DISABLED)], [], NOW)
    healed = compare(first.after, [report()], [], NOW + 25 * HOUR)
    assert healed.worth_telling
    assert healed.lines(NOW + 25 * HOUR)[0].startswith("Recovered after 1 d 1 h")
    assert not compare(healed.after, [report()], [], NOW + 26 * HOUR).worth_telling


def test_a_healthy_first_run_is_no_news() -> None:
    assert not compare(Memory(), [report()], [], NOW).worth_telling


def test_a_reminder_comes_when_it_is_due_and_only_then() -> None:
    memory = compare(Memory(), [report(samples.ACL_DISABLED)], [], NOW).after
    told = []
    for hours in range(1, 50):
        news = compare(memory, [report(samples.ACL_DISABLED)], [], NOW + hours * HOUR, remind=24 * HOUR)
        memory = news.after
        told += [hours] if news.worth_telling else []
    assert told == [24, 48]


def test_not_to_know_is_no_recovery() -> None:
    failing = compare(Memory(), [report(samples.ACL_DISABLED)], [], NOW).after
    blind = compare(failing, [report(seen=samples.UNREACHABLE)], [], NOW + HOUR)
    assert [t.id for t in blind.begun] == [UNKNOWN]
    assert blind.ended == ()
    back = compare(blind.after, [report(samples.ACL_DISABLED)], [], NOW + 2 * HOUR)
    assert ([t.id for t in back.ended], [t.since for t in back.lasting]) == ([UNKNOWN], [NOW])


OF_A_FOLDER = replace(
    samples.ACL_DISABLED,
    id="public-policy-leaves-out-folders",
    because=(ExperimentWith.SEEN_IN.of("site_uploads/files"), ActionId.PUBLIC_FOLDERS),
)


def _folders(outcome: Outcome, reason: str | None = None) -> tuple[Observation, ...]:
    row = Observation(ActionId.PUBLIC_FOLDERS, "Folders", "GET", Actor.VISITOR, outcome, reason=reason)
    return (*samples.HEALTHY, row)


def test_what_a_thorough_run_alone_sees_is_not_over_because_others_do_not_look() -> None:
    first = compare(Memory(), [report(OF_A_FOLDER)], [], NOW)
    small = compare(first.after, [report(seen=_folders(Outcome.SKIPPED, NOT_LOOKED_AT))], [], NOW + HOUR)
    assert (small.begun, small.ended) == ((), ())
    assert not small.worth_telling
    quick = compare(small.after, [report()], [], NOW + 2 * HOUR)
    assert quick.ended == ()
    again = compare(quick.after, [report(OF_A_FOLDER)], [], NOW + 3 * HOUR)
    assert (again.begun, [t.since for t in again.lasting]) == ((), [NOW])
    over = compare(again.after, [report(seen=_folders(Outcome.OK))], [], NOW + 4 * HOUR)
    assert [t.id for t in over.ended] == [OF_A_FOLDER.id]


def test_what_every_run_sees_is_over_when_it_is_gone() -> None:
    both = replace(OF_A_FOLDER, because=(ActionId.PUBLIC_GET_AVATAR, *OF_A_FOLDER.because))
    memory = compare(Memory(), [report(both)], [], NOW).after
    assert [t.id for t in compare(memory, [report()], [], NOW + HOUR).ended] == [OF_A_FOLDER.id]


def test_an_unreadable_file_is_a_trouble_of_its_own() -> None:
    news = compare(Memory(), [], [Unexamined("gone.env", "gone.env does not exist")], NOW)
    assert [(t.source, t.id) for t in news.begun] == [("gone.env", UNREADABLE)]


def test_what_is_left_behind_is_a_trouble() -> None:
    left = report(cleanup=samples.LEFT)
    assert [t.id for t in compare(Memory(), [left], [], NOW).begun] == [LEFT_BEHIND]


def test_files_that_were_not_looked_at_keep_their_troubles() -> None:
    memory = compare(Memory(), [], [Unexamined("other.env", "gone")], NOW).after
    assert not compare(memory, [report()], [], NOW + HOUR).worth_telling


def test_the_file_is_private_and_read_back_as_written(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.write_text("")
    path.chmod(0o644)
    memory = compare(Memory(), [report(samples.ACL_DISABLED)], [], NOW).after
    save(path, memory)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load(path) == (memory, "")
    assert samples.SECRET not in path.read_text()


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "null",
        '{"version": 2}',
        '{"version": 1, "told": null, "troubles": 3}',
        '{"version": 1, "told": "soon", "troubles": []}',
        '{"version": 1, "told": null, "troubles": [{"source": "x"}]}',
        "[" * 100_000,
    ],
)
def test_a_broken_file_is_begun_anew(tmp_path: Path, text: str) -> None:
    (tmp_path / "state").write_text(text)
    memory, why = load(tmp_path / "state")
    assert memory == Memory()
    assert "begun anew" in why


def test_a_file_that_cannot_be_read_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        load(tmp_path)
