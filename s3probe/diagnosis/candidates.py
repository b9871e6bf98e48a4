"""Chooses the lines of the file to try next. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from s3probe.diagnosis.changes import Key, Lines, applied, changed, key_of, lines_in, lines_of, moved, not_felt, origin
from s3probe.diagnosis.model import KEY_PAIR, EnvFix, Finding, Severity
from s3probe.diagnosis.trial import SUSPECTED, Situation, counts, has_no_address, is_suspicion, raises
from s3probe.evidence.gates import Gate, stopped_at
from s3probe.evidence.vocabulary import ActionId, Actor
from s3probe.records import dataclass, replace
from s3probe.settings.model import Settings

_PUBLIC = ("alias_host", "csp_media_hosts", "hostname", "hostname_is_default", "protocol")
"""Settings that visitors' requests alone depend on."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """The lines to try, and the failure that they may end."""

    finding: Finding
    lines: Lines


def candidates(state: Situation, own: Collection[str] = ()) -> Iterator[Candidate]:
    """All that may be tried: what the file makes suspect, then the most important failure's lines, the best first.

    A failure that was met under these very settings comes before one that another hides: of that one no request can
    show the end. ``own`` are variables that were changed already: where one is not yet right, a warning counts as well.
    """
    fails = any(one.severity is Severity.FAILURE for one in state.diagnosis)
    for finding in sorted(state.diagnosis, key=lambda one: (not is_suspicion(one), not _met(one, state))):
        for lines in (*_choices(finding), *_named_elsewhere(finding, state)):
            after = applied(state.settings, lines)
            wanted = finding.severity is Severity.FAILURE or (
                finding.severity is Severity.WARNING and any(line.variable in own for line in lines)
            )
            wanted = wanted or (fails and is_suspicion(finding) and _concerns(state, after))
            if wanted and not not_felt(lines) and changed(state.settings, after):
                yield Candidate(finding, lines)


def _choices(finding: Finding) -> Iterator[Lines]:
    """The sets of lines that may end the finding. What is only suspected of two lines may be true of one."""
    for group in finding.alternatives:
        pair = tuple(fix for fix in group if isinstance(fix, EnvFix) and fix.as_written and fix.variable in KEY_PAIR)
        if len(pair) > 1:
            yield pair
        if is_suspicion(finding) or (len(group) > 1 and finding.id in SUSPECTED):
            yield from ((fix,) for fix in group if isinstance(fix, EnvFix) and fix.fillable)
        lines = lines_in(group)
        if lines and (len(lines) > 1 or not is_suspicion(finding)):
            yield lines


def _concerns(state: Situation, after: Settings) -> bool:
    """Whether a request that fails would be another one under the other settings."""
    before = state.settings
    if state.raises:
        return not raises(after)
    api = replace(after, environment=before.environment, **{name: getattr(before, name) for name in _PUBLIC}) != before
    if not api and has_no_address(before):
        return not has_no_address(after)
    failed = [row for row in state.evidence.observations if counts(row) and row.failed]
    failed = [row for row in failed if api or row.actor is Actor.VISITOR]
    unheard = all(row.network is not None and row.http_status is None for row in failed)
    return bool(failed) and (not unheard or moved(before, after))


def _named_elsewhere(finding: Finding, state: Situation) -> Iterator[Lines]:
    """Where the endpoint is not reached or is no S3: the same host with TLS, and the host of ``S3_HOSTNAME``."""
    settings = state.settings
    rows = [row for name in finding.because if (row := state.evidence.get(name)) is not None and row.failed]
    host = (settings.environment.get("S3_HOSTNAME") or "").removeprefix(f"{settings.bucket_name}.")
    if not settings.endpoint or not any(stopped_at(row) <= Gate.NOT_S3 for row in rows):
        return
    scheme, place = origin(settings.endpoint.lower())
    at_port_80 = scheme == "http" and re.fullmatch(r"[^:]+(:80)?", place)
    for named in dict.fromkeys((place.removesuffix(":80") if at_port_80 else "", host.lower())):
        if named and finding.severity is Severity.FAILURE and ("https", named) != (scheme, place):
            yield (EnvFix("S3_ENDPOINT", f"https://{named}", settings.environment.line_of("S3_ENDPOINT")),)


def _met(finding: Finding, state: Situation) -> bool:
    """Whether a request failed by it under these very settings. Mastodon's pages stay as they are until a restart."""
    names = {*finding.because, *finding.explains} - {ActionId.PUBLIC_CSP}
    rows = (state.evidence.get(name) for name in names)
    return state.raises or any(row is not None and row.failed for row in rows)


def candidate(state: Situation, tried: Collection[Key], own: Collection[str] = ()) -> Candidate | None:
    """What to try next; ``None`` when nothing is left that a line of the file may end."""
    return next((one for one in candidates(state, own) if key_of(one.lines) not in tried), None)


def enlarged(found: Candidate, after: Situation) -> Candidate | None:
    """The same lines with those that the failure asks for now that they are made: they must change together.

    Where one of them is asked to change again, the later value counts: the server names a region by the host that was
    asked, and only the next answer tells where the bucket is.
    """
    for finding in after.diagnosis:
        if finding.id == found.finding.id:
            for group in finding.alternatives:
                if more := lines_of(group):
                    by_name = {line.variable: line for line in (*found.lines, *more)}
                    joined = tuple(replace(line, together=number > 0) for number, line in enumerate(by_name.values()))
                    if key_of(joined) != key_of(found.lines):
                        return Candidate(found.finding, joined)
    return None
