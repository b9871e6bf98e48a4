"""What trials may take, what is added up of them, and what is said of each: by the mutants that no test found."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from s3probe.diagnosis.candidates import Candidate
from s3probe.diagnosis.conclusions import Attempt, Conclusions
from s3probe.diagnosis.model import (
    EARLIER,
    BucketSetting,
    Certainty,
    Diagnosis,
    EnvFix,
    Finding,
    Fix,
    Manual,
    Proof,
    ProofState,
    ServerFix,
    Severity,
)
from s3probe.diagnosis.trial import SUSPECTED, Situation
from s3probe.evidence.observations import Cleanup, Cost, Evidence, NetworkFault, Observation, Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment, Fact
from s3probe.probe.exchange import Answer, Call, Limits
from s3probe.probe.notes import BucketAddress, NotesInMemory, Unsettled, bucket_address
from s3probe.probe.progress import Asking
from s3probe.probe.tools import Clock, ProbeOptions, Tools
from s3probe.settings.model import Settings
from s3probe.trying import bench as bench_module
from s3probe.trying.bench import Bench
from s3probe.trying.budget import ALL_MADE, EXAMINATIONS, REQUESTS, WORTH_BEGINNING, Budget
from s3probe.trying.loop import NO_WAY, Trials
from s3probe.trying.proofs import quoted, remembered
from tests.diagnosis.test_trial import (
    ALIAS,
    FILE_STATE,
    REFUSED,
    REGION,
    SEEN,
    UNSEEN,
    UPLOADS,
    WRONG_REGION,
    attempt,
    concluded,
    found,
    proof_of,
    row,
    settings,
    state,
)
from tests.every import every
from tests.test_trials import FIRST, as_before

CALL, LIMITS = Call("GetObject", "GET", "https://s3.example.net/x"), Limits()
SUSPECT = sorted(SUSPECTED)[0]
NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


class Silent:
    def send(self, call: Call, limits: Limits) -> Answer:
        del call, limits
        return Answer(200, {}, b"")


def still_tools(at: float = 0.0, *, stopped: bool = False) -> Tools:
    clock = Clock(monotonic=lambda: at, stopped=lambda: stopped, now=lambda: NOON)
    return Tools(Silent(), clock, run_id=lambda: "ownownowno")


def budget(options: ProbeOptions | None = None, first: Evidence = FIRST, *, used: int = 0) -> Budget:
    one = Budget(options or ProbeOptions(), still_tools(), first)
    tools = one.tools_of_repeat()
    for _ in range(used):
        tools.transport.send(CALL, LIMITS)
    return one


# ---- what trials may take


def test_a_trial_begins_only_with_as_many_requests_as_it_can_be_expected_to_take() -> None:
    assert budget(used=REQUESTS - WORTH_BEGINNING).why_not() == ""
    assert budget(used=REQUESTS - WORTH_BEGINNING + 1).why_not() == ALL_MADE


@every("deadline, seconds, begins", [(5.0, 1.0, True), (2.0, 1.0, False), (2.1, 1.0, True), (12.0, 8.0, False)])
def test_a_trial_begins_only_with_half_the_time_of_the_first_and_a_second_at_least(
    deadline: float, seconds: float, begins: bool
) -> None:
    first = replace(FIRST, run=replace(FIRST.run, seconds=seconds))
    assert (budget(ProbeOptions(deadline=deadline), first).why_not() == "") is begins


def test_an_examination_of_a_trial_asks_what_is_left() -> None:
    asked = budget(used=10).options(read_only=False)
    assert (asked.profile, asked.requests, asked.deadline) == ("full", 125, 26.0)
    assert budget(used=10).options(read_only=True).profile == "read-only"
    assert budget(used=REQUESTS).options(read_only=False).requests == 0


@every(
    "release, option, seen, taken",
    [
        ("4.5.8", "4.4.0", "4.3.0", "4.5.8"),
        ("", "4.4.0", "4.3.0", "4.4.0"),
        ("", None, "4.3.0", "4.3.0"),
        ("", None, "", None),
    ],
)
def test_the_instance_is_not_asked_again_for_its_release(
    release: str, option: str | None, seen: str, taken: str | None
) -> None:
    first = replace(FIRST, run=replace(FIRST.run, mastodon_version=seen))
    options = budget(ProbeOptions(mastodon_version=option), first).options(read_only=False, release=release)
    assert options.mastodon_version == taken


def test_what_is_given_time_is_asked_by_itself() -> None:
    quick = budget().options_given_time((ActionId.LIST, ActionId.DELETE))
    assert (quick.profile, quick.followed, tuple(quick.only)) == ("quick", False, ())
    alone = budget().options_given_time((ActionId.BATCH_DELETE, ActionId.LIST))
    assert (alone.profile, tuple(alone.only)) == ("full", (ActionId.BATCH_DELETE,))


def test_a_repeat_is_one_request_with_mastodons_own_time() -> None:
    own = settings(S3_OPEN_TIMEOUT="2", S3_READ_TIMEOUT="4")
    seen = replace(state(REFUSED), settings=own)
    names = (ActionId.PUT_WITH_ACL, ActionId.LIST)
    quick = budget().options_of_repeat(seen, names, read_only=False)
    assert (quick.profile, quick.followed, quick.deadline) == ("quick", False, 9.0)
    assert budget(ProbeOptions(deadline=10.0)).options_of_repeat(seen, names, read_only=False).deadline == 6.0
    moved = replace(seen, evidence=state(row(Experiment.REGION_AS_FILED, Outcome.REJECTED)).evidence)
    for options in (
        budget().options_of_repeat(seen, names, read_only=True),
        budget().options_of_repeat(moved, names, read_only=False),
    ):
        assert (tuple(options.only), options.deadline) == ((ActionId.PUT_WITH_ACL,), 9.0)
        assert options.profile != "quick"
    other = budget().options_of_repeat(seen, (ActionId.LIST,), read_only=False)
    assert (other.profile, tuple(other.only)) == ("full", (ActionId.LIST,))


def test_no_two_examinations_share_a_folder() -> None:
    one = budget(first=replace(FIRST, run=replace(FIRST.run, id="k3v9x2abca")))
    names = [one.tools().run_id() for _ in range(EXAMINATIONS)] + [one.tools_of_repeat().run_id() for _ in range(3)]
    assert len({*names, "k3v9x2abca"}) == 7
    assert {name[:-1] for name in names} == {"k3v9x2abc"}
    # of a run that nobody named the tools make one
    assert budget(first=replace(FIRST, run=replace(FIRST.run, id=""))).tools().run_id()[:-1] == "ownownown"


def test_a_trial_stops_by_a_signal_and_where_the_requests_are_used() -> None:
    spent = budget(used=134)
    tools = spent.tools()
    assert not tools.clock.stopped()
    tools.transport.send(CALL, LIMITS)
    assert tools.clock.stopped()
    assert spent.used_up
    assert Budget(ProbeOptions(), still_tools(stopped=True), FIRST).tools().clock.stopped()


def test_who_waits_is_told_that_it_is_a_trial() -> None:
    told: list[Asking] = []

    def heard(asking: Asking) -> AbstractContextManager[object]:
        told.append(asking)
        return nullcontext()

    tools = replace(still_tools(), progress=heard)
    Budget(ProbeOptions(), tools, FIRST).tools().progress(
        Asking("The key can list the bucket", "s3.example.net", 5.0, 3, 40)
    )
    assert [one.trial for one in told] == [True]


def test_the_clock_of_a_trial_is_set_right() -> None:
    assert budget().tools(3600.0).clock.now() == datetime(2026, 11, 28, 13, tzinfo=UTC)
    assert budget().tools().clock.now() == NOON


# ---- what is examined, and added up


class Written(NotesInMemory):
    """Notes of which some keys are still written down."""

    def __init__(self, *keys: str) -> None:
        super().__init__()
        self._keys = keys

    def read(self, place: BucketAddress) -> tuple[Unsettled, ...]:
        return tuple(Unsettled(key, 0.0) for key in self._keys) if place == bucket_address(settings()) else ()


def bench(first: Evidence, *still: str) -> Bench:
    tools = replace(still_tools(), notes=Written(*still))
    return Bench(settings(), first, ProbeOptions(), tools, ())


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[ProbeOptions]:
    """The options of each examination, which sees nothing."""
    options: list[ProbeOptions] = []

    def examine(_settings: Settings, one: ProbeOptions, _tools: Tools, _file: Settings) -> Evidence:
        options.append(one)
        return replace(FIRST, run=replace(FIRST.run, complete=one.deadline > 10))

    monkeypatch.setattr(bench_module, "examine", examine)
    return options


LATE = row(ActionId.PUT_WITH_ACL, Outcome.UNREACHABLE, network=NetworkFault.READ_TIMEOUT, http_status=None)


@every(
    "seen, changes, read_only, profile",
    [
        (LATE, {"S3_READ_TIMEOUT": "60"}, False, "quick"),
        (LATE, {"S3_READ_TIMEOUT": "60"}, True, "read-only"),
        (LATE, {"S3_REGION": "eu-west-2"}, False, "full"),
        (replace(LATE, network=NetworkFault.REFUSED), {"S3_READ_TIMEOUT": "60"}, False, "full"),
        (REFUSED, {"S3_READ_TIMEOUT": "60"}, False, "full"),
        (replace(LATE, outcome=Outcome.OK), {"S3_READ_TIMEOUT": "60"}, False, "full"),
    ],
)
def test_only_what_was_silent_is_asked_where_nothing_but_time_is_given(
    monkeypatch: pytest.MonkeyPatch, seen: Observation, changes: dict[str, str], read_only: bool, profile: str
) -> None:
    options: list[ProbeOptions] = []

    def examine(_settings: Settings, one: ProbeOptions, _tools: Tools, _file: Settings) -> Evidence:
        options.append(one)
        return FIRST

    monkeypatch.setattr(bench_module, "examine", examine)
    assert bench(replace(FIRST, observations=(seen,))).under(settings(**changes), read_only) is not None
    assert [one.profile for one in options] == [profile]


def test_what_was_cut_short_shows_nothing(asked: list[ProbeOptions]) -> None:
    one = bench(FIRST)
    assert one.under(settings(S3_REGION="eu-west-2"), False) is not None
    short = Bench(settings(), FIRST, ProbeOptions(deadline=12.0), still_tools(), ())
    assert short.under(settings(S3_REGION="eu-west-2"), False) is None
    for _ in range(REQUESTS):
        one.budget.tools_of_repeat().transport.send(CALL, LIMITS)
    assert one.under(settings(S3_REGION="eu-west-2"), False) is None
    assert len(asked) == 3


def test_under_lines_with_which_mastodon_sends_nothing_nobody_is_asked(asked: list[ProbeOptions]) -> None:
    raised = bench(FIRST).under(settings(S3_ENABLED="no"), False)
    assert raised is not None
    assert raised.raises
    assert asked == []


def ended(one: Bench, *cleanups: Cleanup) -> Cleanup:
    for cleanup in cleanups:
        one._note(cleanup)
    return one.total().cleanup


def test_what_one_examination_left_a_later_one_may_have_removed() -> None:
    left = replace(FIRST, cleanup=Cleanup(3, 1, ("gone", "stays"), ("arrived", "comes"), ("old", "older")))
    told = ended(bench(left, "stays", "comes", "old"), Cleanup(2, 1, ("last",), ("late", "stays")))
    assert told.left_behind == ("stays", "last")
    assert told.may_arrive == ("comes", "late")
    assert told.earlier == ("old",)
    # two of the first, one of the second, and the one that is gone
    assert (told.created, told.removed) == (5, 3)


def test_no_more_is_removed_than_was_made() -> None:
    left = replace(FIRST, cleanup=Cleanup(1, 1, ("gone",)))
    told = ended(bench(left), Cleanup(1, 1))
    assert (told.created, told.removed) == (2, 2)


def test_what_all_examinations_took_is_added_up(asked: list[ProbeOptions]) -> None:
    costs = [Cost(4, {"PutObject": 3, "GetObject": 1}, 10, 20), Cost(2, {"PutObject": 2}, 1, 2)]
    one = bench(replace(FIRST, cost=costs[0], run=replace(FIRST.run, seconds=1.00049)))
    one.under(settings(S3_REGION="eu-west-2"), False)
    one._made[0] = replace(one._made[0], cost=costs[1], run=replace(one._made[0].run, seconds=2.0))
    total = one.total()
    assert total.cost == Cost(6, {"PutObject": 5, "GetObject": 1}, 11, 22)
    assert (total.run.seconds, len(asked)) == (3.0, 1)


# ---- what is tried


@every(
    "rows, tried",
    [
        ((replace(LATE, network=NetworkFault.REFUSED),), False),
        ((replace(LATE, network=NetworkFault.REFUSED), row(ActionId.LIST, Outcome.DENIED)), True),
        ((REFUSED,), True),
        ((replace(LATE, outcome=Outcome.OK), row(ActionId.LIST)), True),
        ((), True),
    ],
)
def test_where_nobody_answers_a_line_that_leads_nowhere_else_is_not_tried(
    rows: tuple[Observation, ...], tried: bool
) -> None:
    line = EnvFix("S3_PERMISSION", "private")
    wrong = found("acl-wrong", line, because=(ActionId.PUT_WITH_ACL, ActionId.LIST))
    examined: list[Settings] = []

    def examine(settings: Settings, _read_only: bool) -> Situation | None:
        examined.append(settings)
        return None

    trials = Trials(state(*rows, findings=(wrong,)), budget(), examine, as_before)
    trials.run()
    assert bool(examined) is tried
    assert [one.why for one in trials.conclusions().attempts] == ([] if tried else [NO_WAY])


class ToldBounds:
    """A budget that says what it is told to say."""

    def __init__(self, why: str = "", *, used_up: bool = False) -> None:
        self.why, self.used_up, self.no_time = why, used_up, "no time left"

    def why_not(self) -> str:
        return self.why


class Examiner:
    """Shows one state after another, and keeps what it was asked for."""

    def __init__(self, *states: Situation | None) -> None:
        self.states, self.asked = list(states), list[Settings]()

    def __call__(self, settings: Settings, _read_only: bool) -> Situation | None:
        self.asked.append(settings)
        seen = self.states.pop(0)
        return replace(seen, settings=settings) if seen is not None else None


SECOND = EnvFix("S3_PERMISSION", "private")
TWO_WAYS = found("region-wrong", REGION, SECOND, because=(ActionId.PUT_WITH_ACL,))
REFUSING = state(REFUSED, row(ActionId.LIST, Outcome.REJECTED), findings=(TWO_WAYS,))
WELL = state(UPLOADS, SEEN, row(ActionId.LIST))


def way(trials: Trials, number: int) -> Attempt | None:
    trials.run()
    trials.run_way(number)
    return trials.conclusions().way


def test_another_way_is_tried_in_the_place_of_the_one_that_passed() -> None:
    examiner = Examiner(WELL, WELL)
    made = way(Trials(REFUSING, ToldBounds(), examiner, as_before), 2)
    assert made is not None
    assert made.why == ""
    assert [(line.variable, line.value) for line in made.candidate.lines] == [("S3_PERMISSION", "private")]
    assert [one.acl for one in examiner.asked] == ["public-read", "private"]
    assert made.repeated is not None, "what failed was asked once more"
    (proven,) = (
        one
        for one in Conclusions(REFUSING, way=made).diagnosis().findings[0].alternatives
        if isinstance(one[0], EnvFix) and one[0].variable == "S3_PERMISSION"
    )
    assert isinstance(proven[0], EnvFix)
    assert proven[0].proof is not None
    assert proven[0].proof.state is ProofState.TRIED


@every("number", [0, 1, 3])
def test_a_way_that_is_none_or_was_taken_is_not_tried_again(number: int) -> None:
    examiner = Examiner(WELL)
    assert way(Trials(REFUSING, ToldBounds(), examiner, as_before), number) is None
    assert len(examiner.asked) == 1


@every("other", [BucketSetting("policy", "{}"), Manual("Ask them."), EnvFix("S3_PERMISSION", "private", secret=True)])
def test_a_way_without_lines_is_not_tried(other: Fix) -> None:
    wrong = found("region-wrong", REGION, other, because=(ActionId.PUT_WITH_ACL,))
    file = state(REFUSED, findings=(wrong,))
    assert way(Trials(file, ToldBounds(), Examiner(WELL), as_before), 2) is None


def test_where_nothing_fails_there_is_no_other_way() -> None:
    assert way(Trials(state(UPLOADS, SEEN), ToldBounds(), Examiner(), as_before), 2) is None


def test_a_way_keeps_the_lines_that_others_need() -> None:
    alias = found("alias-wrong", EnvFix("S3_ALIAS_HOST", "media.example"), because=(ActionId.PUBLIC_GET,))
    file = state(REFUSED, UNSEEN, row(ActionId.LIST, Outcome.REJECTED), findings=(TWO_WAYS, alias))
    between = state(UPLOADS, UNSEEN, row(ActionId.LIST), findings=(alias,))
    examiner = Examiner(between, WELL, WELL)
    made = way(Trials(file, ToldBounds(), examiner, as_before), 2)
    assert made is not None
    assert [(line.variable, line.value) for line in made.candidate.lines] == [
        ("S3_PERMISSION", "private"),
        ("S3_ALIAS_HOST", "media.example"),
    ]
    assert (examiner.asked[-1].region, examiner.asked[-1].alias_host) == ("eu-west-1", "media.example")


def test_why_a_way_was_not_tried_is_said() -> None:
    bounds = ToldBounds()
    trials = Trials(REFUSING, bounds, Examiner(WELL, None), as_before)
    trials.run()
    bounds.why = "three are the most"
    trials.run_way(2)
    made = trials.conclusions().way
    assert made is not None
    assert (made.why, made.after) == ("three are the most", None)
    bounds.why, bounds.used_up = "", True
    trials.run_way(2)
    made = trials.conclusions().way
    assert made is not None
    assert made.why == ALL_MADE
    cut = way(Trials(REFUSING, ToldBounds(), Examiner(None), as_before), 2)
    assert cut is not None
    assert cut.why == "no time left", "it ended before"


def test_a_way_that_does_not_help_is_told_as_it_was_seen() -> None:
    made = way(Trials(REFUSING, ToldBounds(), Examiner(WELL, replace(REFUSING)), as_before), 2)
    assert made is not None
    assert (made.why, made.repeated) == ("", None)
    told = Conclusions(REFUSING, way=made).diagnosis().findings[0]
    (tried,) = (fix for fix in told.fixes if isinstance(fix, EnvFix) and fix.variable == "S3_PERMISSION")
    assert tried.proof == Proof(ProofState.UNTRIED, "region-wrong is still there", made=True)
    cut = replace(made, after=None, why="no time left")
    (untried,) = (
        fix
        for fix in Conclusions(REFUSING, way=cut).diagnosis().findings[0].fixes
        if isinstance(fix, EnvFix) and fix.variable == "S3_PERMISSION"
    )
    assert untried.proof == Proof(ProofState.UNTRIED, "no time left")


KEPT_CLOCK = row(Experiment.CLOCK, facts={Fact.KEPT: "yes"})
SKEWED = row(ActionId.CLOCK, Outcome.WRONG, facts={Fact.SKEW: "-7200"})
CLOCK = found("clock-skew", because=(Experiment.CLOCK,))
WRONG_CLOCK = state(REFUSED, KEPT_CLOCK, SKEWED, findings=(CLOCK,))
NO_ACLS = found("acl", because=(ActionId.PUT_WITH_ACL,))
PLAIN = row(ActionId.PUT_WITHOUT_ACL)


def looked(file: Situation, bounds: ToldBounds | None = None, *states: Situation | None) -> tuple[Conclusions, int]:
    """The conclusions, and how often somebody looked behind."""
    asked: list[object] = []

    def behind(glance: object) -> Situation | None:
        asked.append(glance)
        return WELL

    trials = Trials(file, bounds or ToldBounds(), Examiner(*states), as_before, behind)
    trials.run()
    return trials.conclusions(), len(asked)


def test_behind_a_fault_that_no_line_ends_one_looks_once() -> None:
    seen, times = looked(WRONG_CLOCK)
    assert times == 1
    assert seen.glanced is not None
    assert seen.glanced.after is WELL
    assert looked(state(UPLOADS, SEEN))[1] == 0
    throttled = state(REFUSED, KEPT_CLOCK, SKEWED, row(ActionId.LIST, Outcome.THROTTLED), findings=(CLOCK,))
    assert looked(throttled)[1] == 0, "the storage asked for fewer requests"
    assert looked(WRONG_CLOCK, ToldBounds("no more"))[1] == 0
    with_line = state(REFUSED, KEPT_CLOCK, SKEWED, findings=(CLOCK, replace(WRONG_REGION, because=())))
    assert looked(with_line, ToldBounds("no more"))[1] == 0, "it had ended before"


def test_what_a_trial_has_seen_without_an_acl_is_not_looked_at_again() -> None:
    line = found("acl", EnvFix("S3_PERMISSION", ""), because=(ActionId.PUT_WITH_ACL,))
    file = state(REFUSED, PLAIN, findings=(line,))
    quiet = state(PLAIN, UNSEEN, S3_PERMISSION="")
    seen, times = looked(file, None, quiet)
    assert times == 0
    assert seen.glanced is not None
    assert seen.glanced.after.settings.acl is None
    # a trial of another line is no look without the ACL
    region = found("acl", REGION, because=(ActionId.PUT_WITH_ACL,))
    assert looked(state(REFUSED, PLAIN, findings=(region,)), None, state(REFUSED, PLAIN, findings=(region,)))[1] == 1
    # one that was asked for under another clock says nothing of the right one
    clock = state(REFUSED, KEPT_CLOCK, SKEWED, findings=(CLOCK, found("other", EnvFix("S3_STORAGE_CLASS", "STANDARD"))))
    assert looked(clock, None, replace(clock))[1] == 1


def test_steps_that_lead_nowhere_are_no_part_of_the_answer() -> None:
    region, alias = WRONG_REGION, found("alias-wrong", ALIAS, because=(ActionId.PUBLIC_GET,))
    file = state(REFUSED, UNSEEN, findings=(region,), S3_ALIAS_HOST="no.example")
    hidden = state(UPLOADS, UNSEEN, findings=(alias,))
    trials = Trials(file, ToldBounds(), Examiner(hidden, hidden), as_before)
    trials.run()
    concluded = trials.conclusions()
    assert concluded.answer() == ()
    assert [one.candidate.finding.id for one in concluded.furthest] == ["region-wrong"]
    well = Trials(file, ToldBounds(), Examiner(hidden, WELL), as_before)
    well.run()
    assert {line.variable for line in well.conclusions().answer()} == {"S3_REGION", "S3_ALIAS_HOST"}
    assert len(well.conclusions().furthest) == 2


# ---- what is said of a trial


def result(after: Situation, finding: Finding = WRONG_REGION, *, why: str = "", base: Situation = FILE_STATE) -> str:
    made = Attempt(base, Candidate(finding, (REGION,)), after, why)
    (trial,) = Conclusions(base, (made,)).trials()
    return trial.result


SUSPICION = found(SUSPECT, severity=Severity.WARNING)
SUSPECTING = state(REFUSED, row(ActionId.LIST, Outcome.REJECTED), findings=(SUSPICION, found("loud")))


@every(
    "after, finding, base, said",
    [
        (state(REFUSED, findings=(WRONG_REGION,)), WRONG_REGION, FILE_STATE, "region-wrong is still there"),
        (state(REFUSED, findings=(found("loud"),)), SUSPICION, SUSPECTING, f"{SUSPECT} was not the cause"),
        (state(UPLOADS, SEEN), WRONG_REGION, FILE_STATE, "region-wrong is gone"),
        (state(UPLOADS, SEEN), SUSPICION, SUSPECTING, f"{SUSPECT} was the cause"),
        (state(REFUSED), WRONG_REGION, FILE_STATE, "nothing passed that failed before"),
        (
            state(UPLOADS, UNSEEN),
            WRONG_REGION,
            FILE_STATE,
            "with it alone uploads would pass, and visitors would see no picture",
        ),
        (
            state(replace(REFUSED, error_code="Other")),
            WRONG_REGION,
            state(REFUSED, findings=(WRONG_REGION,)),
            "region-wrong is gone",
        ),
        (state(UPLOADS, UNSEEN), WRONG_REGION, state(REFUSED, SEEN), "public-get failed, and passed before"),
    ],
)
def test_what_came_of_a_trial_is_said(after: Situation, finding: Finding, base: Situation, said: str) -> None:
    assert result(after, finding, base=base) == said


def test_why_a_trial_shows_nothing_comes_first() -> None:
    assert result(state(UPLOADS, SEEN), why="it was cut short") == "it was cut short"


def test_only_what_was_examined_is_a_trial() -> None:
    after = state(UPLOADS, SEEN, findings=(found("other"), found("warned", severity=Severity.WARNING)))
    made = (attempt(after), attempt(None, why="no time"), attempt(state(S3_ENABLED="no"), base=FILE_STATE))
    (trial,) = Conclusions(FILE_STATE, made).trials()
    assert trial.failures == ("other",)


@every(
    "after, why, remark",
    [
        (state(REFUSED, findings=(WRONG_REGION,)), None, "Tried: S3_REGION=eu-west-2. That changes nothing."),
        (
            state(UPLOADS, row(ActionId.GET, Outcome.DENIED), SEEN),
            None,
            "Tried: S3_REGION=eu-west-2. That ends this, and then something fails that passed before: get.",
        ),
        (
            state(replace(REFUSED, error_code="Other"), row(ActionId.GET), row(ActionId.LIST, Outcome.REJECTED)),
            "with it something else fails. Make both changes, and run s3probe check again",
            "",
        ),
        (
            state(REFUSED, row(ActionId.GET), row(ActionId.LIST, Outcome.REJECTED)),
            "with it nothing passes that failed before. Run s3probe check again after it",
            "",
        ),
        (
            state(UPLOADS, row(ActionId.GET), UNSEEN),
            "with it alone uploads would pass, and visitors would see no picture",
            "",
        ),
        (state(UPLOADS, row(ActionId.GET), SEEN), "with it something fails that passed before", ""),
        (
            state(
                row(ActionId.LIST, Outcome.SKIPPED, reason="not asked: the file does not name it: nobody goes there")
            ),
            "the file does not name it; nobody goes there. Run s3probe check again after it",
            "",
        ),
    ],
)
def test_why_a_line_that_was_tried_is_not_called_a_fix(after: Situation, why: str | None, remark: str) -> None:
    file = state(REFUSED, row(ActionId.GET), row(ActionId.LIST, Outcome.REJECTED), findings=(WRONG_REGION,))
    told = concluded(attempt(after, base=file), file=file, path=0)["region-wrong"]
    assert told.remark == remark
    assert (proof_of(told).why if told.fixes else None) == why


def test_a_suspicion_that_was_not_right_says_so_and_is_left_offered() -> None:
    suspected = replace(SUSPICION, fixes=(REGION,), because=(ActionId.LIST,))
    file = replace(SUSPECTING, diagnosis=Diagnosis((found("loud"), suspected)))
    still = state(REFUSED, row(ActionId.LIST, Outcome.REJECTED), findings=(found("loud"),))
    made = Attempt(file, Candidate(suspected, (REGION,)), still)
    told = concluded(made, file=file, path=0)[SUSPECT]
    assert proof_of(told).why == "what fails has another cause"


# ---- what stands in a fix


def fixes_of(finding: Finding, *others: Finding, ended: str = "") -> tuple[Fix, ...]:
    file = state(REFUSED, findings=(finding, *others))
    return concluded(file=file, path=0, ended=ended)[finding.id].fixes


def test_a_warning_that_no_request_shows_gets_advice_in_the_place_of_a_line() -> None:
    warned = found("warned", REGION, severity=Severity.WARNING)
    (alone,) = fixes_of(warned)
    assert isinstance(alone, Manual)
    assert alone.text == (
        "If that was not meant, make this change and check again. Write S3_REGION=eu-west-2. "
        "Nothing fails because of it, so nothing was tried."
    )
    (shown,) = fixes_of(replace(warned, because=(ActionId.LIST,)))
    assert isinstance(shown, EnvFix)
    assert shown.proof == Proof(ProofState.UNTRIED, "nothing fails because of it, so nothing was tried")
    (beside,) = fixes_of(warned, found("loud"))
    assert isinstance(beside, EnvFix), "something fails, and this may be why"
    (noticed,) = fixes_of(replace(warned, severity=Severity.NOTICE))
    assert isinstance(noticed, EnvFix)


def test_the_later_of_two_lines_is_advice_whatever_fails() -> None:
    removed = EnvFix("S3_REGION", "eu-west-1", 7, as_written=EARLIER)
    warned = found("twice", removed, severity=Severity.WARNING)
    (told,) = fixes_of(warned, found("loud"))
    assert isinstance(told, Manual)
    assert told.text == (
        "If that was not meant, make this change and check again. Remove line 7, which sets S3_REGION again. "
        "No request shows that it is wrong."
    )


@every(
    "finding, others, ended, why",
    [
        (found("x", BucketSetting("policy", "{}")), (), "", "s3probe never changes a bucket. Run s3probe check again"),
        (found("x", ServerFix("clock", "")), (), "", "it is outside this file. Run s3probe check again after it"),
        (found("x", EnvFix("S3_REGION", "eu-west-1")), (), "", "it changes nothing that Mastodon sends"),
        (found("x", REGION), (), "", "another failure comes first."),
        (found("x", REGION), (), "no time left", "no time left"),
        (
            found(SUSPECT, REGION, severity=Severity.WARNING, because=(ActionId.LIST,)),
            (found("loud"),),
            "no time left",
            "no time left",
        ),
        (
            found(SUSPECT, REGION, severity=Severity.WARNING, because=(ActionId.LIST,)),
            (),
            "no time left",
            "nothing fails because of it, so nothing was tried",
        ),
        (
            found("other", REGION, severity=Severity.WARNING, because=(ActionId.LIST,)),
            (found("loud"),),
            "no time left",
            "nothing fails because of it, so nothing was tried",
        ),
    ],
)
def test_why_nothing_was_tried_is_said(finding: Finding, others: tuple[Finding, ...], ended: str, why: str) -> None:
    (fix,) = fixes_of(finding, *others, ended=ended)
    assert not isinstance(fix, Manual)
    assert fix.proof is not None
    assert fix.proof.why.startswith(why)


def test_a_proven_line_keeps_the_words_that_it_was_offered_with_but_for_a_doubt() -> None:
    after = state(UPLOADS, SEEN, row(ActionId.LIST), S3_REGION="eu-west-2")
    for conditional, note in ((False, "The console shows it."), (True, "")):
        offered = EnvFix("S3_REGION", "eu-west-2", 3, note="The console shows it.", conditional=conditional)
        wrong = found("region-wrong", offered)
        file = state(REFUSED, row(ActionId.LIST, Outcome.REJECTED), findings=(wrong,))
        told = concluded(Attempt(file, Candidate(wrong, (offered,)), after), file=file)["region-wrong"]
        (line,) = told.fixes
        assert isinstance(line, EnvFix)
        assert (line.note, line.line) == (note, 3)
        assert line.proof is not None
        assert line.proof.state is ProofState.TRIED


def test_only_the_first_line_of_a_fix_stands_alone() -> None:
    both = found("region-wrong", REGION, replace(ALIAS, together=True))
    file = state(REFUSED, UNSEEN, findings=(both,), S3_ALIAS_HOST="no.example")
    after = state(UPLOADS, SEEN, S3_REGION="eu-west-2")
    told = concluded(Attempt(file, Candidate(both, (REGION, ALIAS)), after), file=file)["region-wrong"]
    assert [fix.together for fix in told.fixes if isinstance(fix, EnvFix)] == [False, True]


def test_a_fault_has_the_fix_that_fits_where_it_was_met_last() -> None:
    alias, region = EnvFix("S3_ALIAS_HOST", "media.example"), REGION
    hidden = found("hidden", alias, because=(ActionId.PUBLIC_GET,))
    later = found("hidden", EnvFix("S3_ALIAS_HOST", "later.example"), because=(ActionId.PUBLIC_GET,))
    wrong = found("region-wrong", region)
    file = state(REFUSED, UNSEEN, findings=(wrong, hidden))
    between = state(UPLOADS, UNSEEN, findings=(later,), S3_REGION="eu-west-2")
    end = state(UPLOADS, SEEN, S3_REGION="eu-west-2", S3_ALIAS_HOST="later.example")
    steps = (
        Attempt(file, Candidate(wrong, (region,)), between),
        Attempt(between, Candidate(later, (EnvFix("S3_ALIAS_HOST", "later.example"),)), end),
    )
    told = concluded(*steps, file=file)["hidden"]
    offered = {fix.value for fix in told.fixes if isinstance(fix, EnvFix)}
    assert "later.example" in offered
    assert "media.example" not in offered


def test_what_is_left_of_a_fix_does_not_take_the_place_of_all_of_it() -> None:
    whole = found("two", REGION, replace(ALIAS, together=True), because=(ActionId.PUBLIC_GET,))
    rest = found("two", EnvFix("S3_ALIAS_HOST", "files.example.com"), because=(ActionId.PUBLIC_GET,))
    first = found("first", EnvFix("S3_PROTOCOL", "https"))
    file = state(REFUSED, UNSEEN, findings=(first, whole), S3_ALIAS_HOST="no.example", S3_PROTOCOL="http")
    after = state(UPLOADS, SEEN, findings=(rest,), S3_ALIAS_HOST="no.example")
    made = Attempt(file, Candidate(first, (EnvFix("S3_PROTOCOL", "https"),)), after)
    told = concluded(made, file=file)["two"]
    assert [fix.variable for fix in told.fixes if isinstance(fix, EnvFix)] == ["S3_REGION", "S3_ALIAS_HOST"]


def test_a_suspicion_that_a_trial_confirmed_is_a_certain_failure() -> None:
    suspected = replace(SUSPICION, fixes=(REGION,), certainty=Certainty.LIKELY)
    file = replace(SUSPECTING, diagnosis=Diagnosis((found("loud"), suspected)))
    after = state(UPLOADS, SEEN, row(ActionId.LIST), S3_REGION="eu-west-2")
    told = concluded(Attempt(file, Candidate(suspected, (REGION,)), after), file=file)
    assert (told[SUSPECT].severity, told[SUSPECT].certainty) == (Severity.FAILURE, Certainty.CERTAIN)
    assert next(iter(told)) == SUSPECT


# ---- what is kept of it


def test_only_what_was_tried_gets_its_day() -> None:
    sure = replace(REGION, proof=Proof(ProofState.TRIED, passed=(ActionId.LIST,)))
    doubtful = replace(ALIAS, proof=Proof(ProofState.UNTRIED, "no time left"))
    fixes: tuple[Fix, ...] = (sure, doubtful, EnvFix("S3_PROTOCOL", "https"), Manual("Ask them."))
    cause = found("cause", *fixes, because=(ActionId.LIST,))
    then = remembered(settings(), Diagnosis((cause,)), Diagnosis((cause,)), NOON, "salt")
    assert then is not None
    now = quoted(then, settings(), NOON, Diagnosis((cause,)))
    assert now is not None
    days = [getattr(getattr(fix, "proof", None), "when", None) for fix in now.findings[0].fixes]
    assert days == ["2026-11-28T12:00:00Z", "", None, None]


@every(
    "then, now, because",
    [
        ((ActionId.LIST,), (ActionId.GET,), (ActionId.GET,)),
        ((ActionId.LIST,), (), (ActionId.LIST,)),
        ((), (ActionId.GET,), (ActionId.GET,)),
    ],
)
def test_what_a_finding_rests_on_now_comes_first(
    then: tuple[ActionId, ...], now: tuple[ActionId, ...], because: tuple[ActionId, ...]
) -> None:
    past, present = found("cause", REGION, because=then), found("cause", REGION, because=now)
    kept = remembered(settings(), Diagnosis((past,)), Diagnosis((past,)), NOON, "salt")
    assert kept is not None
    told = quoted(kept, settings(), NOON, Diagnosis((present,)))
    assert told is not None
    assert told.findings[0].because == because


def test_what_is_not_the_same_without_its_secrets_is_not_kept() -> None:
    open_to_all = found("open", REGION)
    secret = found("secret", EnvFix("AWS_SECRET_ACCESS_KEY", "secret", 7))
    for findings, kept in (((open_to_all,), True), ((open_to_all, secret), False), ((secret,), False)):
        told = Diagnosis(findings)
        assert (remembered(settings(), told, told, NOON, "salt") is not None) is kept


def test_a_proof_holds_for_the_very_text_of_the_file() -> None:
    one = settings()
    variable = one.environment.variables["S3_REGION"]

    def written(raw: str | None) -> Settings:
        variables = {**one.environment.variables, "S3_REGION": replace(variable, raw=raw)}
        return replace(one, environment=replace(one.environment, variables=variables))

    cause = Diagnosis((found("cause", REGION),))
    kept = remembered(written("eu-west-1"), cause, cause, NOON, "salt")
    assert quoted(kept, written("eu-west-1"), NOON, cause) is not None
    assert quoted(kept, written("'eu-west-1'"), NOON, cause) is None
    assert quoted(kept, written(None), NOON, cause) is None
