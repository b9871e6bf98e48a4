"""Says what an examination under other lines has shown. Pure.

A trial is a whole examination under the settings of the file with some lines changed. It is better when the failure
is gone, a request that failed before passes now, and nothing that passed before fails.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from s3probe.diagnosis.changes import Lines, moved, origin
from s3probe.diagnosis.model import Diagnosis, Finding, Severity
from s3probe.evidence.gates import Gate, stopped_at
from s3probe.evidence.observations import Evidence, NetworkFault, Observation, Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment, ObservationId
from s3probe.records import dataclass, replace
from s3probe.settings.model import Settings
from s3probe.settings.urls import public_url, why_nothing_is_sent

_CLOSED = frozenset(
    {
        ActionId.PUBLIC_LIST,
        ActionId.PUBLIC_LIST_ALIAS,
        ActionId.PUBLIC_VERSIONS,
        ActionId.PUBLIC_UPLOADS,
        ActionId.PUBLIC_POLICY,
        ActionId.PUBLIC_ACL,
        ActionId.PUBLIC_QUERY,
        ActionId.PUBLIC_WRITE,
        ActionId.PUBLIC_DELETE,
        ActionId.PUBLIC_DELETE_ORIGIN,
        ActionId.ARCHIVE_PUBLIC_GET,
        ActionId.ARCHIVE_ORIGIN_GET,
        ActionId.PRESIGNED_EXPIRED,
    }
)
"""What strangers must be refused: when it fails, something private is open."""
_NEGATIVE = _CLOSED | {
    ActionId.SUSPENDED_PUBLIC_GET,
    ActionId.DELETED_PUBLIC_GET,
    ActionId.PUBLIC_MISSING,
    ActionId.REACH_ENDPOINT,
    ActionId.CLOCK,
}
"""Checks that also pass where nothing of the storage answers. They count where the place was shown to be reached."""
_SENT_INSTEAD: Mapping[ObservationId, ObservationId] = {
    ActionId.PUT_WITH_ACL: ActionId.PUT_WITHOUT_ACL,
    ActionId.PUT_WITHOUT_ACL: ActionId.PUT_WITH_ACL,
    ActionId.GET_RANGE: ActionId.GET,
    ActionId.HEAD_PART: ActionId.GET,
    # the SDK asks again in the region that AWS names, and needs not to where the file names it
    Experiment.REGION_AS_FILED: ActionId.LIST,
}
"""What Mastodon sends in the place of a request, under a line that ends that one."""
SUSPECTED = frozenset(
    {
        "env-backslash-eaten",
        "env-dollar-expands",
        "env-duplicate-last-wins",
        "env-hash-truncates-value",
        "env-misspelt-other-names",
        "env-misspelt-s3-permissions",
        "path-style-switch-ignored-without-endpoint",
        "sdk-env-variables-interfere",
        "several-backends-enabled",
    }
)
"""Warnings of what the file may not be meant to say. It may hurt nobody; when something fails, it may be why."""


@dataclass(frozen=True, slots=True)
class Situation:
    """One set of settings, what was seen under it, and what that means."""

    settings: Settings
    evidence: Evidence
    diagnosis: Diagnosis

    @property
    def raises(self) -> bool:
        """Whether Mastodon sends nothing under these settings: each of its requests fails."""
        return raises(self.settings)


def raises(settings: Settings) -> bool:
    """Whether Mastodon raises by these settings alone, or keeps its files elsewhere."""
    return bool(why_it_raises(settings))


def unasked(first: Evidence) -> Evidence:
    """What is seen under settings with which Mastodon sends nothing."""
    return Evidence(replace(first.run, seconds=0.0))


def why_it_raises(settings: Settings) -> str:
    """What Mastodon raises by these settings alone, or where it keeps its files; mostly the blank string."""
    first = next(iter(settings.troubles), None)
    trouble = ""
    if first is not None:
        trouble = f"Mastodon raises {first.exception}: {first.message}" if first.exception else first.message
    return why_nothing_is_sent(settings) or trouble


@dataclass(frozen=True, slots=True)
class Progress:
    """A trial's result against the settings that it was made from."""

    gone: bool
    """The failure is gone."""
    passed: tuple[ObservationId, ...]
    """What failed before and passes now."""
    lost: tuple[ObservationId, ...]
    """What passed before and fails now."""
    further: bool = False
    """A request that fails all the same is stopped later on its way: something else stops it there."""

    @property
    def better(self) -> bool:
        """A step forward. Whether one may stop there is another question: :func:`may_stop`."""
        return self.gone and not self.lost and (bool(self.passed) or self.further)


def is_suspicion(finding: Finding) -> bool:
    """Whether the finding only suspects that a line is not as it was meant."""
    return finding.severity is Severity.WARNING and finding.id in SUSPECTED


def step(before: Situation, after: Situation, finding: Finding) -> Progress:
    """What ``after`` shows against ``before``, from which it differs by the lines that should end ``finding``."""
    first, then = ({} if before.raises else decided(before)), ({} if after.raises else decided(after))
    suspected = is_suspicion(finding)
    bad = (Severity.FAILURE,) if suspected or finding.severity is Severity.FAILURE else tuple(Severity)
    ids = {one.id for one in after.diagnosis if one.severity in bad}
    gone = finding.id not in ids
    if suspected:  # it is no fault by itself: what has to go is a failure
        failures = {one.id for one in before.diagnosis if one.severity is Severity.FAILURE}
        gone = any(name not in ids for name in failures)
    now = {name for name, passes in then.items() if passes}
    before_failed = {name for name, passes in first.items() if not passes}
    passed = tuple(name for name in then if name in now and (before.raises or name in before_failed))
    instead = (other for name, other in _SENT_INSTEAD.items() if name in before_failed and name not in then)
    replaced = tuple(other for other in instead if other in now and other not in passed)
    return Progress(gone, (*passed, *replaced), lost_between(first, after), _further(before, after))


def lost_between(first: Mapping[ObservationId, bool], after: Situation) -> tuple[ObservationId, ...]:
    """What passed at first and fails afterwards.

    Where visitors saw no picture, that they found nothing private either was no promise: a store whose media are open
    with all the rest, or not at all, loses none by the line that shows them.
    """
    lost = tuple(name for name, passes in decided(after).items() if not passes and first.get(name))
    as_a_whole = frozenset[ObservationId]() if first.get(ActionId.PUBLIC_GET) else _CLOSED & noticed(after)
    return tuple(name for name in lost if name not in as_a_whole)


def noticed(state: Situation) -> set[ObservationId]:
    """The rows that are but a notice here."""
    notices = (one for one in state.diagnosis if one.severity is Severity.NOTICE)
    return {name for one in notices for name in (*one.because, *one.explains)}


def to_repeat(before: Situation, progress: Progress) -> tuple[ObservationId, ...]:
    """What failed before, and must fail again under the same settings for the progress to be that of the lines.

    Where Mastodon sends nothing by its settings, nothing needs to be asked.
    """
    if before.raises:
        return ()
    failed = [name for name, passes in decided(before).items() if not passes]
    ended = {name for name in failed if name in progress.passed or _SENT_INSTEAD.get(name) in progress.passed}
    return tuple(name for name in failed if name in ended) or tuple(failed)


def fails_again(before: Situation, repeated: Evidence, names: Collection[ObservationId]) -> bool | None:
    """Whether any of these actions failed once more under the same settings; ``None`` when that was not to be seen.

    The upload that Mastodon makes stands for the one that came first, where it fails by the very same trouble.
    """
    rows = decided(replace(before, evidence=repeated))
    seen = [name for name in names if name in rows]
    if not seen:
        now = [(name, _SENT_INSTEAD[name]) for name in names if _SENT_INSTEAD.get(name) in rows]
        return any(_alike(before.evidence.get(name), repeated.get(other)) for name, other in now) or None
    failed = [name for name in seen if not rows[name]]
    if any(_as_before(before.evidence.get(name), repeated.get(name)) for name in failed):
        return True
    return None if failed else False


def _alike(first: Observation | None, now: Observation | None) -> bool:
    if first is None or now is None or not (first.failed and now.failed):
        return False
    return (first.network, first.http_status, first.error_code) == (now.network, now.http_status, now.error_code)


def _as_before(first: Observation | None, now: Observation | None) -> bool:
    """Whether the second failure is more than trouble on the way, where the first was more than that."""
    if first is None or now is None:
        return True  # no request was needed to know it
    return now.network is not NetworkFault.DEADLINE and (first.inconclusive or not now.inconclusive)


def _further(before: Situation, after: Situation) -> bool:
    """Whether a request is stopped later, or refused for another reason: two headers may be wrong at once."""
    if after.raises:
        return before.raises  # by another line
    if not before.raises and has_no_address(before.settings):
        # a visitor is given another address, or one at last
        return public_url(before.settings, "") != public_url(after.settings, "")
    first = {row.id: row for row in before.evidence.observations if counts(row) and not row.ok}
    now = {row.id: row for row in after.evidence.observations if counts(row) and not row.ok}
    if before.raises:
        return any(stopped_at(row) > Gate.NOT_S3 for row in now.values())  # the storage judges what was never sent
    # one server's refusal says nothing of another's, nor the refusal of a whole way of signing of what follows it
    another = moved(before.settings, after.settings) or (
        before.settings.signature_version != after.settings.signature_version
    )
    pairs = [(first[name], row) for name, row in now.items() if name in first]
    return any(_differs(*pair) if another else _later(*pair) for pair in pairs)


def _differs(before: Observation, now: Observation) -> bool:
    return now.network is None and (now.http_status, now.error_code) != (before.http_status, before.error_code)


def _later(before: Observation, now: Observation) -> bool:
    if stopped_at(now) is Gate.REQUEST and stopped_at(before) is Gate.REQUEST:
        return bool(before.error_code and now.error_code) and before.error_code != now.error_code
    return stopped_at(now) > stopped_at(before)


def decided(state: Situation) -> dict[ObservationId, bool]:
    """Which actions passed or failed under these very settings.

    What an experiment asked under others says nothing of them, nor does a refusal by something that is not the storage.
    """
    rows = [row for row in state.evidence.observations if counts(row)]
    shown = {_host(row) for row in rows if _shows(row)}
    found: dict[ObservationId, bool] = {}
    for row in rows:
        if row.failed or row.id not in _NEGATIVE or _host(row) in shown:
            found[row.id] = row.ok
    if has_no_address(state.settings):
        found[ActionId.PUBLIC_GET] = False
    # that any answer came is no proof of a line
    return {name: passes for name, passes in found.items() if name not in (ActionId.REACH_ENDPOINT, ActionId.CLOCK)}


def has_no_address(settings: Settings) -> bool:
    """Whether there is no address that a visitor could ask."""
    scheme, place = origin(public_url(settings, ""))
    return scheme not in ("http", "https") or place.startswith(":") or not place


def counts(row: Observation) -> bool:
    tried = row.id.is_experiment and row.id != Experiment.REGION_AS_FILED
    mark = tried or row.id.is_at_first or row.id.is_of_canary
    return row.ran and not mark and row.outcome is not Outcome.THROTTLED


def _shows(row: Observation) -> bool:
    """Whether the row shows that its host is the storage, or leads to it."""
    return row.ok and row.id not in _NEGATIVE and 200 <= (row.http_status or 0) < 300


def _host(row: Observation) -> str:
    return origin(row.url)[1]


def uploads_pass(state: Situation) -> bool:
    """Whether a file is stored, in the way in which Mastodon uploads it."""
    upload = ActionId.PUT_WITHOUT_ACL if state.settings.acl is None else ActionId.PUT_WITH_ACL
    return decided(state).get(upload, False)


def objection(state: Situation) -> str:
    """Why one must not stop at these settings; ``""`` when one may.

    Whatever it was before: a storage that fails loudly gets help, and one that hides or shows the wrong files does not.
    """
    stored = uploads_pass(state)
    if stored and not decided(state).get(ActionId.PUBLIC_GET):
        return "with it alone uploads would pass, and visitors would see no picture"
    if stored and any(one.id == "csp-omits-default-hostname" for one in state.diagnosis):
        return "with it alone uploads would pass, and Mastodon's pages would block every picture"
    closed = _CLOSED - noticed(state)
    open_to_all = [row for row in state.evidence.observations if row.id in closed and row.outcome is Outcome.WRONG]
    if open_to_all and stored:
        return "with it alone files would be stored where strangers find or change them"
    return ""


def own_doing(finding: Finding, state: Situation, lines: Lines) -> bool:
    """Whether it may be the doing of these very lines: without an ACL pictures may be invisible."""
    names = (*finding.because, *finding.explains)
    acl = any(line.variable == "S3_PERMISSION" for line in lines)
    theirs = ActionId.PUBLIC_GET in names or finding.setting == "S3_PERMISSION"
    return acl and theirs and bool(objection(state))


def may_stop(file: Situation, state: Situation) -> bool:
    """Whether the file may be left with these settings: they help, and nothing is lost, hidden or opened by them."""
    if state.raises:
        return False
    first, now = {} if file.raises else decided(file), decided(state)
    helps = any(passes and (file.raises or not first.get(name, True)) for name, passes in now.items())
    replaced = any(not first.get(name, True) and now.get(other) for name, other in _SENT_INSTEAD.items())
    return (helps or replaced) and not lost_between(first, state) and not objection(state)


def before_restart(evidence: Evidence, file: Settings, settings: Settings) -> Evidence:
    """The evidence without what Mastodon, which runs with the lines of the file, can show only after a restart.

    Its pages allow the media hosts of the file (Content-Security-Policy), and not yet those of ``settings``; of a file
    with which it keeps its media on disk, none.
    """
    if file.csp_media_hosts == settings.csp_media_hosts and not raises(file):
        return evidence
    why = "Mastodon's pages allow the new address only after a restart"
    rows = tuple(
        replace(row, outcome=Outcome.SKIPPED, reason=why) if row.id == ActionId.PUBLIC_CSP and row.ran else row
        for row in evidence.observations
    )
    return replace(evidence, observations=rows)


def was_decided(finding: Finding, state: Situation) -> bool:
    """Whether what the finding was told by was looked at again, and none of it fails.

    What only followed from it may fail for a reason of its own, which another finding tells.
    """
    rows = decided(state)
    asked = {row for row in (*finding.because, *finding.explains) if not row.is_experiment}
    if ActionId.PUBLIC_CSP not in rows:
        asked.discard(ActionId.PUBLIC_CSP)  # Mastodon's pages show a new address only after a restart
    told = {row for one in state.diagnosis for row in (*one.because, *one.explains)} - {*finding.because}
    seen = [rows[name] or name in told for name in asked if name in rows]
    return not asked or (bool(seen) and all(seen))
