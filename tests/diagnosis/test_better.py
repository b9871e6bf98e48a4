"""What "better" means, and what is looked at behind a fault, by the mutants that no test found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from s3probe.diagnosis.glance import glance_behind
from s3probe.diagnosis.model import EnvFix, Finding, Severity
from s3probe.diagnosis.trial import (
    SUSPECTED,
    Progress,
    Situation,
    before_restart,
    decided,
    fails_again,
    has_no_address,
    is_suspicion,
    may_stop,
    objection,
    own_doing,
    step,
    to_repeat,
    uploads_pass,
    was_decided,
    why_it_raises,
)
from s3probe.evidence.observations import NetworkFault, Observation, Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment, Fact
from tests.diagnosis.test_trial import PUBLIC, REFUSED, SEEN, UNSEEN, UPLOADS, WRONG_REGION, found, row, settings, state
from tests.every import every

SUSPECT = sorted(SUSPECTED)[0]
NO_ACL = EnvFix("S3_PERMISSION", "")
FAILS = state(REFUSED, findings=(WRONG_REGION,))


@every(
    "finding, suspicion",
    [
        (found(SUSPECT, severity=Severity.WARNING), True),
        (found(SUSPECT), False),
        (found(SUSPECT, severity=Severity.NOTICE), False),
        (found("cors-missing", severity=Severity.WARNING), False),
    ],
)
def test_only_some_warnings_suspect_a_line(finding: Finding, suspicion: bool) -> None:
    assert is_suspicion(finding) is suspicion


def test_a_suspicion_is_right_where_any_failure_goes() -> None:
    suspected, other = found(SUSPECT, severity=Severity.WARNING), found("other")
    before = state(REFUSED, findings=(suspected, WRONG_REGION, other))
    assert step(before, state(UPLOADS, findings=(suspected, other)), suspected).gone
    assert not step(before, state(REFUSED, findings=(suspected, WRONG_REGION, other)), suspected).gone
    noticed = replace(other, severity=Severity.NOTICE)
    assert step(before, state(REFUSED, findings=(suspected, WRONG_REGION, noticed)), suspected).gone
    assert not step(state(REFUSED, findings=(suspected,)), state(UPLOADS, findings=(suspected,)), suspected).gone


def test_why_mastodon_sends_nothing_is_said() -> None:
    assert why_it_raises(settings()) == ""
    assert why_it_raises(settings(S3_ENABLED="no")) != ""
    assert "raises" in why_it_raises(settings(S3_BUCKET=None, S3_ENABLED="true"))


@every(
    "before, now, further",
    [
        (("REJECTED", 400, "InvalidStorageClass"), ("REJECTED", 400, "InvalidArgument"), True),
        (("REJECTED", 400, "InvalidArgument"), ("REJECTED", 400, "InvalidArgument"), False),
        (("REJECTED", 400, "InvalidArgument"), ("REJECTED", 400, None), False),
    ],
)
def test_another_refusal_of_the_request_leads_on(
    before: tuple[str, int, str | None], now: tuple[str, int, str | None], further: bool
) -> None:
    def seen(told: tuple[str, int, str | None]) -> object:
        return state(row(ActionId.PUT_WITH_ACL, Outcome[told[0]], http_status=told[1], error_code=told[2]))

    progress = step(seen(before), seen(now), WRONG_REGION)  # type: ignore[arg-type]  # what state() gives
    assert progress.further is further
    assert progress.better is further


def test_an_experiment_leads_nowhere() -> None:
    first = row(Experiment.ACL_PRIVATE, Outcome.REJECTED, error_code="InvalidStorageClass")
    then = row(Experiment.ACL_PRIVATE, Outcome.REJECTED, error_code="InvalidArgument")
    assert not step(state(first), state(then), WRONG_REGION).further
    asked = row(Experiment.REGION_AS_FILED, Outcome.REJECTED, error_code="PermanentRedirect")
    assert decided(state(asked, row(Experiment.ACL_PRIVATE, Outcome.DENIED))) == {Experiment.REGION_AS_FILED: False}


def test_what_shows_that_a_host_is_the_storage_is_a_file_that_came() -> None:
    closed = row(ActionId.PUBLIC_LIST, url=PUBLIC)
    for other, counted in [
        (SEEN, True),
        (UNSEEN, False),
        (replace(SEEN, http_status=300), False),
        (replace(SEEN, http_status=200), True),
        (replace(SEEN, http_status=None), False),
        (row(ActionId.PUBLIC_VERSIONS, url=PUBLIC), False),
    ]:
        assert (ActionId.PUBLIC_LIST in decided(state(other, closed))) is counted, other


def test_an_upload_that_nobody_made_does_not_pass() -> None:
    assert not uploads_pass(state(SEEN))
    assert uploads_pass(state(UPLOADS))
    assert not uploads_pass(state(UPLOADS, S3_PERMISSION=""))
    assert uploads_pass(state(row(ActionId.PUT_WITHOUT_ACL), S3_PERMISSION=""))


def test_one_stops_where_something_passes_that_did_not() -> None:
    well = state(UPLOADS, SEEN)
    assert may_stop(state(REFUSED, UNSEEN), well)
    assert not may_stop(well, well), "nothing is helped"
    assert not may_stop(state(row(ActionId.LIST)), well), "what nobody asked before is no help"
    assert may_stop(state(S3_ENABLED="no"), well), "nothing was sent before"
    assert not may_stop(state(REFUSED, UNSEEN), state(UPLOADS, SEEN, S3_ENABLED="no"))
    assert not may_stop(state(REFUSED, SEEN), state(UPLOADS, UNSEEN)), "a picture is lost"
    instead = state(row(ActionId.PUT_WITHOUT_ACL), SEEN, S3_PERMISSION="")
    assert may_stop(state(REFUSED, SEEN), instead), "the upload without an ACL takes its place"


def test_what_the_line_without_an_acl_hides_is_its_own_doing() -> None:
    hidden = state(row(ActionId.PUT_WITHOUT_ACL), UNSEEN, S3_PERMISSION="")
    shown = state(row(ActionId.PUT_WITHOUT_ACL), SEEN, S3_PERMISSION="")
    region = EnvFix("S3_REGION", "eu-west-2")
    unseen, of_setting = found("unseen", because=(ActionId.PUBLIC_GET,)), found("acl", setting="S3_PERMISSION")
    for one in (unseen, of_setting, found("explained", explains=(ActionId.PUBLIC_GET,))):
        assert own_doing(one, hidden, (region, NO_ACL))
        assert not own_doing(one, hidden, (region,))
        assert not own_doing(one, shown, (NO_ACL,))
    assert not own_doing(found("other", because=(ActionId.LIST,)), hidden, (NO_ACL,))


def test_only_the_pages_wait_for_a_restart() -> None:
    csp, moved = row(ActionId.PUBLIC_CSP, Outcome.WRONG), settings(S3_ALIAS_HOST="media.example.com")
    skipped = row(ActionId.PUBLIC_EMBED, Outcome.SKIPPED)
    evidence = state(UPLOADS, csp, skipped).evidence
    after = before_restart(evidence, settings(), moved)
    assert [one.outcome for one in after.observations] == [Outcome.OK, Outcome.SKIPPED, Outcome.SKIPPED]
    assert before_restart(evidence, settings(), settings()) == evidence
    assert before_restart(evidence, settings(S3_ENABLED="no"), settings()) != evidence
    never = state(row(ActionId.PUBLIC_CSP, Outcome.SKIPPED)).evidence
    assert before_restart(never, settings(), moved) == never


def test_what_failed_and_passes_is_asked_again() -> None:
    listing = row(ActionId.LIST, Outcome.REJECTED)
    before = state(REFUSED, listing, SEEN)
    assert to_repeat(before, Progress(True, (ActionId.LIST,), ())) == (ActionId.LIST,)
    assert to_repeat(before, Progress(True, (ActionId.PUT_WITHOUT_ACL,), ())) == (ActionId.PUT_WITH_ACL,)
    assert to_repeat(before, Progress(True, (), ())) == (ActionId.PUT_WITH_ACL, ActionId.LIST)
    assert to_repeat(state(REFUSED, S3_ENABLED="no"), Progress(True, (ActionId.PUT_WITH_ACL,), ())) == ()


def test_whether_it_fails_again_is_said_where_it_can_be_seen() -> None:
    name, nothing = ActionId.PUT_WITH_ACL, state().evidence
    before, names = state(REFUSED), (ActionId.PUT_WITH_ACL,)
    assert fails_again(before, state(REFUSED).evidence, names) is True
    assert fails_again(before, state(UPLOADS).evidence, names) is False
    assert fails_again(before, nothing, names) is None
    late = row(name, Outcome.UNREACHABLE, network=NetworkFault.DEADLINE, http_status=None)
    silent = row(name, Outcome.UNREACHABLE, network=NetworkFault.READ_TIMEOUT, http_status=None)
    assert fails_again(before, state(late).evidence, names) is None
    assert fails_again(before, state(silent).evidence, names) is None, "trouble on the way is another failure"
    assert fails_again(state(silent), state(silent).evidence, names) is True
    assert fails_again(state(silent), state(late).evidence, names) is None
    other = row(ActionId.PUT_WITHOUT_ACL, Outcome.REJECTED, error_code="AuthorizationHeaderMalformed")
    assert fails_again(before, state(other).evidence, names) is True, "the upload that is made stands for the first"
    stored = row(name, Outcome.WRONG)
    passes = state(row(ActionId.PUT_WITHOUT_ACL)).evidence
    assert fails_again(state(stored), passes, names) is None, "what passes is no second failure"
    for differs in (replace(other, error_code="Other"), replace(other, http_status=403), row(ActionId.PUT_WITHOUT_ACL)):
        assert fails_again(before, state(differs).evidence, names) is None


def test_an_address_that_nobody_can_ask_fails_again_without_a_request() -> None:
    names = (ActionId.PUBLIC_GET,)
    nowhere = state(S3_PROTOCOL="ftp")
    late = row(ActionId.PUBLIC_GET, Outcome.UNREACHABLE, network=NetworkFault.DEADLINE, http_status=None)
    for before, repeated in (
        (nowhere, nowhere.evidence),
        (replace(nowhere, evidence=state(UNSEEN).evidence), nowhere.evidence),
        (nowhere, state(late).evidence),
    ):
        assert fails_again(before, repeated, names) is True


def test_behind_a_refused_acl_one_looks_without_it() -> None:
    refused = found("acl-disabled", because=(ActionId.PUT_WITH_ACL,))
    plain = row(ActionId.PUT_WITHOUT_ACL)
    glance = glance_behind(state(REFUSED, plain, findings=(refused,)))
    assert glance is not None
    assert (glance.finding, glance.settings.acl, glance.settings.archive_acl) == (refused, None, None)
    assert not glance.shows(found("hidden", because=(ActionId.PUBLIC_GET,)))
    assert not glance.shows(found("hidden", explains=(ActionId.PUBLIC_GET,)))
    assert glance.shows(found("other", because=(ActionId.LIST,)))
    nothing = [
        state(UPLOADS, plain, findings=(refused,)),
        state(REFUSED, findings=(refused,)),
        state(REFUSED, row(ActionId.PUT_WITHOUT_ACL, Outcome.DENIED), findings=(refused,)),
        state(plain, findings=(refused,)),
        state(REFUSED, plain, findings=(replace(refused, severity=Severity.WARNING),)),
        state(REFUSED, plain, findings=(found("other", because=(ActionId.LIST,)),)),
        state(REFUSED, plain, row(ActionId.GET), findings=(refused,)),
    ]
    assert [glance_behind(one) for one in nothing] == [None] * len(nothing)
    skipped = row(ActionId.GET, Outcome.SKIPPED)
    assert glance_behind(state(REFUSED, plain, skipped, findings=(refused,))) is not None


def test_behind_what_got_further_one_looks_under_the_same_conditions() -> None:
    def behind(name: Experiment, *more: object) -> object:
        kept = row(name, facts={Fact.KEPT: "yes"})
        return glance_behind(state(REFUSED, kept, *more, findings=(found("cause", because=(name,)),)))  # type: ignore[arg-type]

    clock = row(ActionId.CLOCK, Outcome.WRONG, facts={Fact.SKEW: "-7200"})
    set_right = behind(Experiment.CLOCK, clock)
    assert getattr(set_right, "clock", None) == -7200.0
    assert behind(Experiment.CLOCK) is None
    assert behind(Experiment.CLOCK, replace(clock, facts={})) is None
    assert getattr(behind(Experiment.PUT_NO_CACHE_CONTROL), "said", "") == "No Cache-Control header was sent for it."
    assert getattr(behind(Experiment.PUT_LEGACY), "release", "") == "4.5.8"
    assert getattr(behind(Experiment.SESSION_TOKEN), "said", "") == "The session token was sent for it."
    assert behind(Experiment.ACL_PRIVATE) is None


def test_an_address_needs_a_scheme_and_a_host() -> None:
    assert not has_no_address(settings())
    assert has_no_address(settings(S3_PROTOCOL="ftp"))
    assert has_no_address(settings(S3_ALIAS_HOST=":443"))


def refused(code: str | None, status: int = 400, **more: Any) -> Observation:
    return row(ActionId.PUT_WITH_ACL, Outcome.REJECTED, http_status=status, error_code=code, **more)


SILENT = row(ActionId.PUT_WITH_ACL, Outcome.UNREACHABLE, http_status=None, network=NetworkFault.READ_TIMEOUT)
AT_ONE_HOST = "https://s3.example.net"


def at(seen: Observation, **changes: str | None) -> Situation:
    return state(seen, **{"S3_ENDPOINT": AT_ONE_HOST, **changes})  # type: ignore[arg-type]  # findings have no such name


@every(
    "before, now, further",
    [
        # both were stopped for what they ask
        (refused("InvalidArgument"), refused("EntityTooSmall"), True),
        (refused(None, 411), refused("EntityTooSmall"), False),
        (refused("EntityTooSmall"), refused(None, 411), False),
        # one gate further, the same, and one back
        (refused("SignatureDoesNotMatch", 403), refused("NoSuchBucket", 404), True),
        (refused("NoSuchBucket", 404), refused("InvalidBucketName", 400), False),
        (refused("EntityTooSmall"), refused("NoSuchBucket", 404), False),
        (refused("NoSuchBucket", 404), refused("EntityTooSmall"), True),
    ],
)
def test_at_the_same_server_a_later_gate_leads_on(before: Observation, now: Observation, further: bool) -> None:
    first, then = at(before), at(now, S3_STORAGE_CLASS="STANDARD")
    assert step(first, then, WRONG_REGION).further is further


@every(
    "before, now, changes, further",
    [
        # another server's refusal says nothing of the gate: any other answer leads on
        (
            refused("NoSuchBucket", 404),
            refused("SignatureDoesNotMatch", 403),
            {"S3_ENDPOINT": "https://b.example"},
            True,
        ),
        (refused("NoSuchBucket", 404), refused("NoSuchBucket", 404), {"S3_ENDPOINT": "https://b.example"}, False),
        (refused("NoSuchBucket", 404), SILENT, {"S3_ENDPOINT": "https://b.example"}, False),
        # nor does what another way of signing is refused for
        (refused("NoSuchBucket", 404), refused("SignatureDoesNotMatch", 403), {"S3_SIGNATURE_VERSION": "s3"}, True),
        (refused("NoSuchBucket", 404), refused("SignatureDoesNotMatch", 403), {"S3_STORAGE_CLASS": "STANDARD"}, False),
    ],
)
def test_elsewhere_another_refusal_leads_on(
    before: Observation, now: Observation, changes: dict[str, str], further: bool
) -> None:
    first, then = at(before), at(now, **changes)
    assert step(first, then, WRONG_REGION).further is further


def test_what_is_sent_at_last_leads_on_only_where_the_storage_judges_it() -> None:
    raising = state(S3_ENDPOINT="s3.example.net")
    page = refused(None, 404, facts={Fact.MARKUP: "yes"})
    for answer, further in ((page, False), (refused("AuthorizationHeaderMalformed"), True), (UPLOADS, False)):
        assert step(raising, at(answer), WRONG_REGION).further is further
    experiment = row(Experiment.ACL_PRIVATE, Outcome.REJECTED, error_code="NoSuchBucket")
    assert not step(raising, at(experiment), WRONG_REGION).further
    # with an address as well, what was never sent is still judged by what came of it
    nowhere = state(S3_ENDPOINT="s3.example.net", S3_ALIAS_HOST=":443")
    assert not step(nowhere, at(page), WRONG_REGION).further


def test_a_visitor_that_is_given_an_address_at_last_is_a_step() -> None:
    nowhere = state(UPLOADS, S3_PROTOCOL="ftp")
    assert step(nowhere, state(UPLOADS, S3_PROTOCOL="https"), WRONG_REGION).further
    assert not step(nowhere, state(UPLOADS, S3_PROTOCOL="ftp"), WRONG_REGION).further


def test_a_warning_that_is_no_suspicion_is_gone_only_where_nothing_says_it() -> None:
    warned = found("cors-missing", severity=Severity.WARNING)
    before = state(UPLOADS, findings=(warned,))
    for severity, gone in ((Severity.WARNING, False), (Severity.NOTICE, False), (None, True)):
        after = (replace(warned, severity=severity),) if severity is not None else ()
        assert step(before, state(UPLOADS, findings=after), warned).gone is gone
    failed = found("loud")
    noticed = replace(failed, severity=Severity.NOTICE)
    assert step(state(REFUSED, findings=(failed,)), state(UPLOADS, findings=(noticed,)), failed).gone


def test_what_is_sent_instead_passes_once_and_only_where_the_other_is_not_asked() -> None:
    plain = row(ActionId.PUT_WITHOUT_ACL)
    before = state(REFUSED, findings=(WRONG_REGION,))
    assert step(before, state(plain, S3_PERMISSION=""), WRONG_REGION).passed == (ActionId.PUT_WITHOUT_ACL,)
    assert step(before, state(REFUSED, plain), WRONG_REGION).passed == ()
    both = state(REFUSED, row(ActionId.PUT_WITHOUT_ACL, Outcome.DENIED), findings=(WRONG_REGION,))
    assert step(both, state(plain, S3_PERMISSION=""), WRONG_REGION).passed == (ActionId.PUT_WITHOUT_ACL,)


def test_what_nobody_stores_is_open_to_nobody() -> None:
    listed = row(ActionId.PUBLIC_LIST, Outcome.WRONG)
    assert objection(state(UPLOADS, SEEN, listed)) == (
        "with it alone files would be stored where strangers find or change them"
    )
    assert objection(state(REFUSED, SEEN, listed)) == ""


def test_what_a_finding_rests_on_has_to_pass_even_where_another_tells_of_it() -> None:
    mine = found("mine", because=(ActionId.LIST,), explains=(ActionId.GET,))
    other = found("other", because=(ActionId.LIST,), explains=(ActionId.GET,), severity=Severity.NOTICE)
    failing = row(ActionId.LIST, Outcome.DENIED), row(ActionId.GET)
    assert not was_decided(mine, state(*failing, findings=(other,)))
    assert was_decided(mine, state(row(ActionId.LIST), row(ActionId.GET, Outcome.DENIED), findings=(other,)))


def test_the_words_for_what_raises() -> None:
    assert why_it_raises(settings(S3_READ_TIMEOUT="-1")) == (
        "Mastodon raises ArgumentError: time interval must not be negative"
    )
