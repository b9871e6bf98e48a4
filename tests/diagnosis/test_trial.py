"""Which lines are tried, and when a trial is better: by hand-written rows."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from s3probe.diagnosis.candidates import Candidate, candidate, enlarged
from s3probe.diagnosis.changes import applied, key_of, minimal, moved, not_felt
from s3probe.diagnosis.conclusions import Attempt, Conclusions
from s3probe.diagnosis.model import (
    BucketSetting,
    Certainty,
    Diagnosis,
    EnvFix,
    Finding,
    Fix,
    Manual,
    Proof,
    ProofState,
    Severity,
)
from s3probe.diagnosis.trial import Situation, before_restart, decided, may_stop, objection, step
from s3probe.evidence.observations import Evidence, NetworkFault, Observation, Outcome, Run
from s3probe.evidence.vocabulary import ActionId, Actor, Experiment, ExperimentWith, ObservationId
from s3probe.settings.mastodon import interpret
from s3probe.settings.model import Environment, Note, NoteKind, Settings, Variable

FILE = ".env.production"
STORAGE = "https://files-example.s3.eu-west-2.amazonaws.com/"
PUBLIC = "https://files.example.com/"
REGION = EnvFix("S3_REGION", "eu-west-2", 3)
ALIAS = EnvFix("S3_ALIAS_HOST", "files.example.com", 5)


def settings(**changes: str | None) -> Settings:
    values: dict[str, str | None] = {
        "S3_ENABLED": "true",
        "S3_BUCKET": "files-example",
        "S3_REGION": "eu-west-1",
        "S3_HOSTNAME": "s3.eu-west-2.amazonaws.com",
        "S3_ALIAS_HOST": "files.example.com",
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }
    values.update(changes)
    variables = {n: Variable(n, v, FILE, line) for line, (n, v) in enumerate(values.items(), 1) if v is not None}
    return interpret(Environment(MappingProxyType(variables), (FILE,)))


def row(name: ObservationId, outcome: Outcome = Outcome.OK, url: str = STORAGE, **more: Any) -> Observation:
    status = {Outcome.OK: 200, Outcome.DENIED: 403, Outcome.REJECTED: 400, Outcome.WRONG: 200}.get(outcome)
    values: dict[str, Any] = {"http_status": status, "url": url} | more
    return Observation(name, name, "", Actor.MASTODON, outcome, **values)


def found(name: str, *fixes: Fix, severity: Severity = Severity.FAILURE, **more: Any) -> Finding:
    return Finding(name, severity, Certainty.CERTAIN, name, "", "", fixes=fixes, **more)


def state(*rows: Observation, findings: tuple[Finding, ...] = (), **changes: str | None) -> Situation:
    evidence = Evidence(Run("k3v9x2abcd", "", 1.0, "full"), rows)
    return Situation(settings(**changes), evidence, Diagnosis(findings))


UPLOADS = row(ActionId.PUT_WITH_ACL)
REFUSED = row(ActionId.PUT_WITH_ACL, Outcome.REJECTED, error_code="AuthorizationHeaderMalformed")
SEEN = row(ActionId.PUBLIC_GET, url=PUBLIC)
UNSEEN = row(ActionId.PUBLIC_GET, Outcome.DENIED, PUBLIC)
WRONG_REGION = found("region-wrong", REGION)


# ---- what is tried


def test_the_most_important_failure_comes_first_and_its_best_lines() -> None:
    first = found("first", BucketSetting("acl", "private"), REGION, EnvFix("S3_ENDPOINT", "https://s3.example"))
    now = state(findings=(found("warned", ALIAS, severity=Severity.WARNING), first, found("second", ALIAS)))
    chosen = candidate(now, ())
    assert chosen == Candidate(first, (REGION,))
    other = candidate(now, {key_of((REGION,))})
    assert other is not None
    assert other.lines[0].variable == "S3_ENDPOINT"


def test_lines_that_belong_together_are_tried_together() -> None:
    pair = REGION, EnvFix("S3_ENDPOINT", "https://s3.eu-west-2.amazonaws.com", together=True)
    chosen = candidate(state(findings=(found("region-wrong", *pair),)), ())
    assert chosen is not None
    assert chosen.lines == pair


@pytest.mark.parametrize(
    "fixes",
    [
        (EnvFix("S3_BUCKET", "<the exact name of your bucket>", secret=True),),
        (EnvFix("S3_BUCKET", "<your bucket>"),),
        (BucketSetting("acl", "private"),),
        (Manual("Ask the provider."),),
        (EnvFix("EXTRA_MEDIA_HOSTS", "https://files.example.com"),),
        (EnvFix("S3_REGION", "eu-west-1"),),
        (EnvFix("S3_PROTOCOL", "https"),),
        (),
    ],
    ids=["by hand", "placeholder", "step outside the file", "advice", "not felt", "there already", "idle", "none"],
)
def test_nothing_else_is_a_line_to_try(fixes: tuple[Fix, ...]) -> None:
    assert candidate(state(findings=(found("it", *fixes),)), ()) is None


def test_nothing_is_tried_for_warnings_unless_they_are_about_a_line_of_ours() -> None:
    warned = found("warned", REGION, severity=Severity.WARNING)
    assert candidate(state(findings=(warned,)), ()) is None
    assert candidate(state(findings=(warned,)), (), {"S3_REGION"}) == Candidate(warned, (REGION,))


def test_a_failure_that_another_hides_waits() -> None:
    hidden = found("hidden", ALIAS, because=(ActionId.PUBLIC_GET,))
    met = found("met", REGION, because=(ActionId.PUT_WITH_ACL,))
    late = row(ActionId.PUBLIC_GET, Outcome.SKIPPED)
    chosen = candidate(state(REFUSED, late, findings=(hidden, met), S3_ALIAS_HOST="other.example"), ())
    assert chosen is not None
    assert chosen.finding.id == "met"


def test_a_line_that_leaves_the_failure_is_tried_again_with_what_it_asks_for_then() -> None:
    endpoint = EnvFix("S3_ENDPOINT", "https://s3.eu-west-2.amazonaws.com")
    after = state(findings=(found("region-wrong", endpoint),), S3_REGION="eu-west-2")
    joined = enlarged(Candidate(WRONG_REGION, (REGION,)), after)
    assert joined is not None
    assert [line.variable for line in joined.lines] == ["S3_REGION", "S3_ENDPOINT"]
    assert enlarged(Candidate(WRONG_REGION, (REGION,)), state(findings=(WRONG_REGION,))) is None


def test_of_a_line_that_is_asked_to_change_again_the_later_value_counts() -> None:
    pair = EnvFix("S3_REGION", "eu-west-3"), EnvFix("S3_ENDPOINT", "https://s3.eu-west-3.amazonaws.com", together=True)
    after = state(findings=(found("region-wrong", *pair),), S3_REGION="eu-west-2")
    joined = enlarged(Candidate(WRONG_REGION, (REGION,)), after)
    assert joined is not None
    assert key_of(joined.lines) == key_of(pair)


def test_a_line_behind_a_step_outside_is_tried_alone_as_that_step_may_have_been_made() -> None:
    line = EnvFix("S3_PERMISSION", "", together=True)
    file = state(REFUSED, findings=(found("acl", BucketSetting("policy", "…"), line),))
    chosen = candidate(file, ())
    assert chosen is not None
    assert chosen.lines == (line,)
    quiet = Attempt(file, chosen, state(row(ActionId.PUT_WITHOUT_ACL), UNSEEN, S3_PERMISSION=""))
    (still,) = concluded(quiet, file=file, path=0)["acl"].alternatives
    assert [type(fix) for fix in still] == [BucketSetting, EnvFix]
    seen = Attempt(file, chosen, state(row(ActionId.PUT_WITHOUT_ACL), SEEN, S3_PERMISSION=""))
    told = concluded(seen, file=file)["acl"]
    assert [type(fix) for fix in told.fixes] == [EnvFix]
    assert proof_of(told).state is ProofState.TRIED


@pytest.mark.parametrize(
    ("endpoint", "network", "lines"),
    [
        ("https://s3.eu-wst-2.example", NetworkFault.DNS, [("S3_ENDPOINT", "https://s3.example.net")]),
        ("https://s3.example.net:9000", NetworkFault.REFUSED, [("S3_ENDPOINT", "https://s3.example.net")]),
        ("https://s3.example.net", NetworkFault.REFUSED, []),
        ("https://s3.eu-wst-2.example", None, []),
    ],
)
def test_an_endpoint_that_is_not_reached_may_be_at_the_host_that_the_file_names(
    endpoint: str, network: NetworkFault | None, lines: list[tuple[str, str]]
) -> None:
    silent = row(ActionId.LIST, Outcome.UNREACHABLE if network else Outcome.DENIED, network=network)
    failure = found("way", because=(ActionId.LIST,))
    file = state(silent, findings=(failure,), S3_ENDPOINT=endpoint, S3_HOSTNAME="s3.example.net")
    chosen = candidate(file, ())
    assert [(line.variable, line.value) for line in (chosen.lines if chosen else ())] == lines


def test_applied_lines_are_as_good_as_written_ones() -> None:
    file = settings(S3_REGION="eu-west-1")
    assert applied(file, (REGION,)).region == "eu-west-2"
    assert applied(file, (EnvFix("S3_ALIAS_HOST", None),)).alias_host is None
    assert applied(file, (REGION,)).environment.line_of("S3_REGION") == 3


@pytest.mark.parametrize(
    ("raw", "form", "text"),
    [
        ("ab#cd", "raw", "ab#cd"),
        ('"ab$cd"', "unquoted", "ab$cd"),
        ('"ab$cd" # "of 2026"', "unquoted", "ab$cd"),
        ("ab#cd # of 2026", "unquoted", "ab#cd"),
        ("ab\\cd ", "raw", "ab\\cd"),
    ],
)
def test_a_secret_that_only_lacks_quotes_is_the_text_of_the_file(raw: str, form: str, text: str) -> None:
    name = "AWS_SECRET_ACCESS_KEY"
    file = settings()
    variables = dict(file.environment.variables) | {name: Variable(name, "ab", FILE, 7, raw)}
    notes = (Note(NoteKind.TRUNCATED_BY_HASH, FILE, 7, name), Note(NoteKind.BOM, FILE, 1))
    broken = interpret(Environment(MappingProxyType(variables), (FILE,), notes))
    line = EnvFix(name, "'<the text that stands there now>'", 7, secret=True, as_written=form)
    made = applied(broken, (line,))
    assert made.credentials is not None
    assert made.credentials.secret_access_key.reveal() == text
    assert [note.kind for note in made.environment.notes] == [NoteKind.BOM]
    assert minimal(broken, made, (line,)) == (line,)


@pytest.mark.parametrize(
    ("variable", "felt"),
    [("S3_RETRY_LIMIT", False), ("CACHE_BUSTER_ENABLED", False), ("EXTRA_MEDIA_HOSTS", False), ("S3_REGION", True)],
)
def test_some_lines_no_request_feels(variable: str, felt: bool) -> None:
    assert (not_felt((EnvFix(variable, "3"),)) == "") is felt


@pytest.mark.parametrize(
    ("change", "elsewhere"),
    [
        ({"S3_ENDPOINT": "https://s3.eu-west-1.amazonaws.com:8443"}, True),
        ({"S3_REGION": "eu-west-2"}, True),
        ({"S3_READ_TIMEOUT": "60"}, True),
        ({"S3_PERMISSION": ""}, False),
        ({"S3_STORAGE_CLASS": None}, False),
    ],
)
def test_only_host_port_scheme_and_time_out_help_where_nobody_answers(
    change: dict[str, str | None], elsewhere: bool
) -> None:
    file = settings(S3_STORAGE_CLASS="GLACIER")
    assert moved(file, settings(**{"S3_STORAGE_CLASS": "GLACIER", **change})) is elsewhere


# ---- what is better


def test_a_request_that_failed_and_passes_is_the_proof() -> None:
    seen = step(state(REFUSED, findings=(WRONG_REGION,)), state(UPLOADS, SEEN), WRONG_REGION)
    assert seen.better
    assert seen.passed == (ActionId.PUT_WITH_ACL,)


def test_a_finding_that_only_falls_silent_is_no_proof() -> None:
    seen = step(state(UPLOADS, findings=(WRONG_REGION,)), state(UPLOADS), WRONG_REGION)
    assert (seen.gone, seen.passed, seen.better) == (True, (), False)


def test_a_failure_that_is_still_there_is_not_better() -> None:
    before = state(REFUSED, row(ActionId.LIST, Outcome.DENIED), findings=(WRONG_REGION,))
    assert not step(before, state(REFUSED, row(ActionId.LIST), findings=(WRONG_REGION,)), WRONG_REGION).better
    hurts = found("region-wrong", REGION, severity=Severity.WARNING)
    assert step(before, state(UPLOADS, findings=(hurts,)), WRONG_REGION).gone


def test_what_passed_before_must_not_fail() -> None:
    lost = step(state(REFUSED, row(ActionId.GET)), state(UPLOADS, row(ActionId.GET, Outcome.DENIED)), WRONG_REGION)
    assert (lost.lost, lost.better) == ((ActionId.GET,), False)
    unknown = step(state(REFUSED, row(ActionId.GET)), state(UPLOADS, row(ActionId.GET, Outcome.SKIPPED)), WRONG_REGION)
    assert unknown.better


def test_that_nothing_private_was_seen_where_nothing_was_is_no_loss() -> None:
    closed, opened = row(ActionId.ARCHIVE_PUBLIC_GET), row(ActionId.ARCHIVE_PUBLIC_GET, Outcome.WRONG, PUBLIC)
    noticed = found("open", because=(opened.id,), severity=Severity.NOTICE)
    blind, after = state(UPLOADS, UNSEEN, closed), state(UPLOADS, SEEN, opened, findings=(noticed,))
    assert step(blind, after, WRONG_REGION).better
    assert may_stop(blind, after)
    warned = replace(after, diagnosis=Diagnosis((replace(noticed, severity=Severity.WARNING),)))
    shown = state(UPLOADS, SEEN, row(ActionId.GET, Outcome.DENIED), closed)
    for first, then in ((blind, warned), (shown, state(UPLOADS, SEEN, row(ActionId.GET), opened, findings=(noticed,)))):
        assert step(first, then, WRONG_REGION).lost == (ActionId.ARCHIVE_PUBLIC_GET,)
        assert not may_stop(first, then)


def test_what_an_experiment_asked_says_nothing_of_the_file() -> None:
    tried = row(ExperimentWith.REGION.of("eu-west-2"), changes={"S3_REGION": "eu-west-2"})
    assert decided(state(REFUSED, tried)) == {ActionId.PUT_WITH_ACL: False}


def test_what_mastodon_sends_instead_counts() -> None:
    after = state(row(ActionId.PUT_WITH_ACL, Outcome.SKIPPED), row(ActionId.PUT_WITHOUT_ACL), SEEN, S3_PERMISSION="")
    before = state(REFUSED, row(ActionId.PUT_WITHOUT_ACL), SEEN)
    assert step(before, after, WRONG_REGION).passed == (ActionId.PUT_WITHOUT_ACL,)
    assert may_stop(before, after)


@pytest.mark.parametrize(
    ("others", "counts"),
    [((), False), ((UPLOADS,), True), ((row(ActionId.REACH_ENDPOINT, http_status=301),), False), ((SEEN,), False)],
    ids=["nothing else", "an upload there", "only an answer", "a picture elsewhere"],
)
def test_a_refusal_counts_where_the_place_was_reached(others: tuple[Observation, ...], counts: bool) -> None:
    closed = row(ActionId.PUBLIC_LIST, http_status=301)
    assert (ActionId.PUBLIC_LIST in decided(state(closed, *others))) is counts
    opened = row(ActionId.PUBLIC_LIST, Outcome.WRONG)
    assert decided(state(opened, *others))[ActionId.PUBLIC_LIST] is False


def test_an_answer_of_any_kind_is_no_proof() -> None:
    reached, dead = row(ActionId.REACH_ENDPOINT), row(ActionId.REACH_ENDPOINT, Outcome.UNREACHABLE)
    assert step(state(dead), state(reached), WRONG_REGION).passed == ()


def test_under_settings_that_raise_every_request_fails() -> None:
    off = state(S3_ENABLED="True", findings=(found("env-s3-enabled-not-true"),))
    assert step(off, state(UPLOADS, SEEN), found("env-s3-enabled-not-true")).better
    assert not step(state(REFUSED), off, WRONG_REGION).better


@pytest.mark.parametrize(
    ("before", "now", "further"),
    [
        ("AuthorizationHeaderMalformed", "SignatureDoesNotMatch", True),
        ("SignatureDoesNotMatch", "AuthorizationHeaderMalformed", False),
        ("NotImplemented", "InvalidStorageClass", True),
        ("NotImplemented", "NotImplemented", False),
    ],
)
def test_a_step_to_the_next_refusal_leads_on(before: str, now: str, further: bool) -> None:
    one, other = (row(ActionId.PUT_WITH_ACL, Outcome.REJECTED, error_code=code) for code in (before, now))
    seen = step(state(one, findings=(WRONG_REGION,)), state(other), WRONG_REGION)
    assert seen.better is further
    assert not may_stop(state(one), state(other))


# ---- where one may stop


def test_loud_never_becomes_quiet() -> None:
    assert objection(state(UPLOADS, UNSEEN))
    assert objection(state(UPLOADS))
    assert objection(state(UPLOADS, SEEN)) == ""
    assert objection(state(REFUSED, UNSEEN)) == ""
    assert not may_stop(state(REFUSED, UNSEEN), state(UPLOADS, UNSEEN))
    blocked = found("csp-omits-default-hostname")
    assert objection(state(UPLOADS, SEEN, findings=(blocked,)))
    assert objection(state(REFUSED, SEEN, findings=(blocked,))) == ""


def test_one_does_not_stop_where_something_private_is_open() -> None:
    opened = row(ActionId.ARCHIVE_PUBLIC_GET, Outcome.WRONG, PUBLIC)
    assert objection(state(UPLOADS, SEEN, opened))
    assert objection(state(UPLOADS, SEEN, opened, findings=(found("open", because=(opened.id,)),)))
    as_a_whole = found("open", because=(opened.id,), severity=Severity.NOTICE)
    assert objection(state(UPLOADS, SEEN, opened, findings=(as_a_whole,))) == ""
    unclear = row(ActionId.ARCHIVE_PUBLIC_GET, Outcome.UNKNOWN, PUBLIC)
    assert objection(state(UPLOADS, SEEN, unclear)) == ""


def test_an_address_without_a_host_shows_nothing() -> None:
    assert decided(state(UPLOADS, S3_ALIAS_HOST=""))[ActionId.PUBLIC_GET] is False


def test_pages_show_a_new_host_only_after_a_restart() -> None:
    blocked = row(ActionId.PUBLIC_CSP, Outcome.WRONG)
    evidence = state(blocked).evidence
    assert before_restart(evidence, settings(), settings(S3_REGION="eu-west-2")) is evidence
    told = before_restart(evidence, settings(), settings(S3_ALIAS_HOST="new.example")).observations[0]
    path = before_restart(evidence, settings(), settings(S3_ALIAS_HOST="files.example.com/media")).observations[0]
    assert path.outcome is Outcome.SKIPPED
    assert (told.outcome, told.reason) == (
        Outcome.SKIPPED,
        "Mastodon's pages allow the new address only after a restart",
    )


def test_the_answer_is_the_difference_variable_by_variable() -> None:
    file = settings(S3_REGION="")
    twice = applied(applied(file, (EnvFix("S3_REGION", None),)), (REGION,))
    assert [(line.variable, line.value, line.line) for line in minimal(file, twice)] == [("S3_REGION", "eu-west-2", 3)]


def test_a_line_that_changes_nothing_is_not_in_the_answer() -> None:
    last = applied(settings(), (REGION, EnvFix("S3_PROTOCOL", "https"), EnvFix("S3_RETRY_LIMIT", "3")))
    assert [line.variable for line in minimal(settings(), last)] == ["S3_REGION", "S3_RETRY_LIMIT"]


# ---- what is concluded


def concluded(*attempts: Attempt, file: Situation, path: int | None = None, ended: str = "") -> dict[str, Finding]:
    kept = attempts if path is None else attempts[:path]
    return {one.id: one for one in Conclusions(file, attempts, kept, ended).diagnosis()}


def proof_of(finding: Finding, place: int = 0) -> Proof:
    fix = finding.alternatives[place][0]
    assert not isinstance(fix, Manual)
    assert fix.proof is not None
    return fix.proof


FILE_STATE = state(REFUSED, row(ActionId.LIST, Outcome.REJECTED), findings=(WRONG_REGION,))


def attempt(after: Situation | None, *lines: EnvFix, base: Situation = FILE_STATE, why: str = "") -> Attempt:
    return Attempt(base, Candidate(WRONG_REGION, lines or (REGION,)), after, why)


def test_what_passed_is_called_tried_with_what_it_was_seen_by() -> None:
    after = state(UPLOADS, SEEN, row(ActionId.LIST), row(ActionId.GET, Outcome.DENIED), S3_REGION="eu-west-2")
    proof = proof_of(concluded(attempt(after), file=FILE_STATE)["region-wrong"])
    assert (proof.state, proof.passed) == (ProofState.TRIED, (ActionId.PUT_WITH_ACL, ActionId.LIST))
    assert (proof.fine, proof.not_fine) == (3, 1)


def test_a_line_that_left_the_failure_is_not_offered() -> None:
    still = state(REFUSED, findings=(WRONG_REGION,), S3_REGION="eu-west-2")
    told = concluded(attempt(still), file=FILE_STATE, path=0)["region-wrong"]
    assert told.fixes == ()
    assert told.remark == "Tried: S3_REGION=eu-west-2. That changes nothing."


def test_where_a_value_passed_another_value_of_the_same_variable_is_not_offered() -> None:
    other, elsewhere = EnvFix("S3_REGION", "eu-west-3"), ALIAS
    wrong = found("region-wrong", REGION, other, elsewhere)
    file = state(REFUSED, findings=(wrong,), S3_ALIAS_HOST="no.example")
    after = state(UPLOADS, SEEN, S3_REGION="eu-west-2", S3_ALIAS_HOST="no.example")
    told = concluded(Attempt(file, Candidate(wrong, (REGION,)), after), file=file)["region-wrong"]
    assert [fix.variable for fix in told.fixes if isinstance(fix, EnvFix)] == ["S3_REGION", "S3_ALIAS_HOST"]


@pytest.mark.parametrize(
    ("answer", "further"),
    [
        (row(ActionId.LIST, Outcome.REJECTED, error_code="AuthorizationHeaderMalformed"), True),
        (row(ActionId.LIST, Outcome.UNREACHABLE, network=NetworkFault.TLS_NOT_TLS), False),
    ],
)
def test_what_is_sent_at_last_and_refused_for_another_reason_leads_on(answer: Observation, further: bool) -> None:
    file = state(S3_ENDPOINT="s3.example.net")
    after = state(answer, S3_ENDPOINT="https://s3.example.net")
    assert file.raises
    assert step(file, after, found("scheme")).further is further


def test_a_fix_goes_on_to_where_uploads_pass() -> None:
    scheme, region = EnvFix("S3_ENDPOINT", "https://s3.example.net"), EnvFix("S3_REGION", "eu-west-2")
    raised, wrong = found("scheme", scheme), found("region", region)
    file = state(findings=(raised,), S3_ENDPOINT="s3.example.net")
    refused = row(ActionId.PUT_WITH_ACL, Outcome.REJECTED, error_code="AuthorizationHeaderMalformed")
    first = state(refused, findings=(wrong,), S3_ENDPOINT="https://s3.example.net")
    last = state(UPLOADS, SEEN, S3_ENDPOINT="https://s3.example.net", S3_REGION="eu-west-2")
    steps = Attempt(file, Candidate(raised, (scheme,)), first), Attempt(first, Candidate(wrong, (region,)), last)
    told = concluded(*steps, file=file)["scheme"]
    assert key_of(tuple(fix for fix in told.fixes if isinstance(fix, EnvFix))) == key_of((scheme, region))
    alone = concluded(steps[0], file=file)["scheme"]
    assert key_of(tuple(fix for fix in alone.fixes if isinstance(fix, EnvFix))) == key_of((scheme,))


def test_a_line_that_another_value_of_its_variable_sets_right_is_that_one() -> None:
    open_to_all, refused = found("open", EnvFix("S3_REGION", "us-east-1"), because=(ActionId.LIST,)), WRONG_REGION
    file = state(REFUSED, row(ActionId.LIST, Outcome.REJECTED), findings=(open_to_all, refused))
    after = state(UPLOADS, SEEN, row(ActionId.LIST), S3_REGION="eu-west-2")
    told = concluded(Attempt(file, Candidate(refused, (REGION,)), after), file=file)
    assert [(fix.variable, fix.value) for one in told.values() for fix in one.fixes if isinstance(fix, EnvFix)] == [
        ("S3_REGION", "eu-west-2"),
        ("S3_REGION", "eu-west-2"),
    ]


def test_a_quiet_line_is_offered_as_untried() -> None:
    told = concluded(attempt(state(UPLOADS, UNSEEN)), file=FILE_STATE, path=0)["region-wrong"]
    assert proof_of(told).state is ProofState.UNTRIED
    assert "visitors would see no picture" in proof_of(told).why


@pytest.mark.parametrize(
    ("attempts", "ended", "why"),
    [
        ((), "no time left (--deadline 90)", "no time left (--deadline 90)"),
        ((attempt(None, why="nothing answers there"),), "", "nothing answers there"),
        ((), "", "another failure comes first. Fix that one, and run s3probe check again"),
    ],
)
def test_an_untried_line_says_why(attempts: tuple[Attempt, ...], ended: str, why: str) -> None:
    told = concluded(*attempts, file=FILE_STATE, path=0, ended=ended)["region-wrong"]
    assert proof_of(told) == Proof(ProofState.UNTRIED, why)


@pytest.mark.parametrize(
    ("attempts", "said"),
    [
        ((attempt(state(REFUSED, S3_REGION="eu-west-2")),), "tried, and not proven: with it nothing passes"),
        ((attempt(state(UPLOADS, UNSEEN)),), "tried, and not proven: with it alone uploads would pass"),
        ((attempt(state(UPLOADS, SEEN), why="it passes now without it as well"),), "tried, and not proven: it passes"),
        ((attempt(None, why="nothing answers there"),), "not tried: nothing answers there"),
        ((), "not tried: another failure comes first"),
    ],
)
def test_whether_anybody_looked_is_said(attempts: tuple[Attempt, ...], said: str) -> None:
    proof = proof_of(concluded(*attempts, file=FILE_STATE, path=0)["region-wrong"])
    assert proof.state is ProofState.UNTRIED
    assert proof.why_untried.startswith(said)


def test_where_all_is_refused_that_was_never_sent_before_nothing_is_proven() -> None:
    file = state(findings=(found("scheme"),), S3_ENDPOINT="s3.example.net")
    place = "https://s3.example.net"
    assert not may_stop(file, state(REFUSED, S3_ENDPOINT=place))
    assert may_stop(file, state(UPLOADS, SEEN, S3_ENDPOINT=place))


def test_what_goes_away_with_a_fix_was_its_consequence() -> None:
    followed = found("followed", because=(ActionId.LIST,), severity=Severity.WARNING)
    unasked = found("unasked", because=(ActionId.GET,))
    stays = found("stays", because=(ActionId.HEAD,))
    file = state(REFUSED, row(ActionId.LIST, Outcome.REJECTED), findings=(WRONG_REGION, stays, unasked, followed))
    after = state(UPLOADS, SEEN, row(ActionId.LIST), findings=(stays,), S3_REGION="eu-west-2")
    made = Conclusions(file, (attempt(after, base=file),), (attempt(after, base=file),)).diagnosis()
    assert [one.id for one in made] == ["region-wrong", "stays", "unasked"]
    assert [(one.id, one.of) for one in made.consequences] == [("followed", "region-wrong")]
    assert ActionId.LIST in made.findings[0].explains


@pytest.mark.parametrize(("told", "gone"), [((ActionId.GET,), True), ((), False)])
def test_what_followed_may_fail_for_a_reason_of_its_own(told: tuple[ActionId, ...], gone: bool) -> None:
    followed = replace(found("followed", because=(ActionId.LIST,)), explains=(ActionId.GET,))
    file = state(REFUSED, row(ActionId.LIST, Outcome.REJECTED), findings=(WRONG_REGION, followed))
    other = (found("other", because=told, severity=Severity.NOTICE),)
    rows = UPLOADS, SEEN, row(ActionId.LIST), row(ActionId.GET, Outcome.DENIED)
    after = state(*rows, findings=other, S3_REGION="eu-west-2")
    made = Conclusions(file, (attempt(after, base=file),), (attempt(after, base=file),)).diagnosis()
    assert ("followed" in [one.id for one in made.consequences]) is gone


def test_the_first_failure_stays_the_first() -> None:
    first = found("first", because=(ActionId.LIST,))
    file = state(REFUSED, row(ActionId.LIST, Outcome.REJECTED), findings=(first, WRONG_REGION))
    after = state(UPLOADS, SEEN, row(ActionId.LIST), S3_REGION="eu-west-2")
    made = Conclusions(file, (attempt(after, base=file),), (attempt(after, base=file),)).diagnosis()
    assert [one.id for one in made] == ["first", "region-wrong"]


def test_what_comes_to_light_says_so_and_stands_behind() -> None:
    behind, noticed = found("behind"), found("noticed", severity=Severity.NOTICE)
    after = state(UPLOADS, SEEN, findings=(behind, noticed), S3_REGION="eu-west-2")
    told = concluded(attempt(after), file=FILE_STATE)
    assert list(told) == ["region-wrong", "behind", "noticed"]
    assert told["behind"].remark == "It was seen only after this change: S3_REGION=eu-west-2."


def test_two_steps_that_only_help_together_are_one_fix() -> None:
    hidden = found("alias-wrong", ALIAS)
    first = attempt(state(UPLOADS, UNSEEN, findings=(hidden,), S3_REGION="eu-west-2", S3_ALIAS_HOST="no.example"))
    file = state(REFUSED, findings=(WRONG_REGION,), S3_ALIAS_HOST="no.example")
    assert first.after is not None
    end = state(UPLOADS, SEEN, S3_REGION="eu-west-2")
    second = Attempt(first.after, Candidate(hidden, (ALIAS,)), end)
    told = concluded(Attempt(file, first.candidate, first.after), second, file=file)
    lines = [[line.variable for line in one.first_choice if isinstance(line, EnvFix)] for one in told.values()]
    assert lines == [["S3_REGION", "S3_ALIAS_HOST"], ["S3_ALIAS_HOST", "S3_REGION"]]
    assert all(proof_of(one).state is ProofState.TRIED for one in told.values())


def test_two_steps_of_one_variable_leave_nothing_behind() -> None:
    removed, right = EnvFix("S3_REGION", None), REGION
    file = state(findings=(found("blank", removed, because=(ActionId.LIST,)),), S3_REGION="")
    ours = found("not-the-best-region", right, severity=Severity.WARNING)
    first = state(UPLOADS, SEEN, findings=(ours,), S3_REGION=None)
    last = state(UPLOADS, SEEN, row(ActionId.LIST), S3_REGION="eu-west-2")
    steps = (
        Attempt(file, Candidate(file.diagnosis.findings[0], (removed,)), first),
        Attempt(first, Candidate(ours, (right,)), last),
    )
    assert list(concluded(*steps, file=file)) == ["blank"]


def test_lines_that_were_examined_together_are_proven_whoever_asked_for_them() -> None:
    both = EnvFix("S3_HOSTNAME", "s3.example.net"), replace(REGION, together=True)
    pages = found("pages", *both, explains=(ActionId.PUBLIC_CSP,))
    file = state(REFUSED, findings=(pages, WRONG_REGION))
    first = state(UPLOADS, SEEN, findings=(pages,), S3_REGION="eu-west-2")
    second = state(UPLOADS, SEEN, S3_REGION="eu-west-2", S3_HOSTNAME="s3.example.net")
    made = Conclusions(
        file,
        (
            Attempt(file, Candidate(WRONG_REGION, (REGION,)), first),
            Attempt(first, Candidate(pages, both[:1]), second),
        ),
        (Attempt(file, Candidate(WRONG_REGION, (REGION,)), first),),
    ).diagnosis()
    assert key_of(tuple(fix for fix in made.findings[0].first_choice if isinstance(fix, EnvFix))) == key_of(both)
    assert proof_of(made.findings[0]).state is ProofState.TRIED


def test_an_experiment_is_no_request_of_mastodons() -> None:
    tried = row(Experiment.READ_ACL), row(ActionId.GET.at_first()), row(ActionId.LIST.as_met_by_canary())
    assert decided(state(*tried)) == {}
    assert decided(state(row(ActionId.GET, Outcome.THROTTLED))) == {}
    fault = row(ActionId.GET, Outcome.UNREACHABLE, network=NetworkFault.READ_TIMEOUT)
    assert decided(state(fault)) == {ActionId.GET: False}
