"""Faults below the rights for which an experiment got further: the one thing that it changed names the cause."""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import TRIMMED, EnvFix, Finding, Fix, Manual
from s3probe.diagnosis.rule import EVERY, Layer, Rule
from s3probe.diagnosis.rules.deletion import ONE_BY_ONE
from s3probe.diagnosis.rules.env_names import TEXT_FORMS
from s3probe.diagnosis.rules.unknown_headers import takes_headers
from s3probe.diagnosis.texts import finding
from s3probe.diagnosis.way import Way, way_of
from s3probe.diagnosis.words import in_turn, of_the_storage, words
from s3probe.evidence.gates import Gate
from s3probe.evidence.observations import Observation
from s3probe.evidence.vocabulary import ActionId, Experiment, ExperimentWith, Fact, ObservationId
from s3probe.records import replace
from s3probe.settings.addressing import is_aws
from s3probe.settings.model import NoteKind
from s3probe.settings.rubyuri import authority_of

_DAMAGE = {
    NoteKind.TRUNCATED_BY_HASH: ("env-hash-truncates-value", "#"),
    NoteKind.EXPANDED_DOLLAR: ("env-dollar-expands", "$"),
    NoteKind.DROPPED_BACKSLASH: ("env-backslash-eaten", "\\"),
}

_REDIRECTS = (301, 302, 303, 307, 308)


def way_tried(case: Case) -> Iterator[Finding]:
    """What the experiment changed that got further than all that was asked under the settings as they are."""
    yield from _followed(case)
    this = way_of(case)
    if this is None or this.kept is None or all(name in case.claimed for name in this.ids):
        return
    name = this.kept.id
    found = _region(case, this) if ExperimentWith.REGION.made(name) else _other(case, this, name)
    if found is not None:
        yield found


def _followed(case: Case) -> Iterator[Finding]:
    """AWS named another region, and the SDK went on there: each request of Mastodon's takes that way round."""
    seen = case.get(Experiment.REGION_AS_FILED)
    right = next((one for one in case.all() if ExperimentWith.REGION.made(one.id) and one.changes), None)
    if seen.ran and right is not None:
        region = ExperimentWith.REGION.value_in(right.id)
        yield finding(
            "region-wrong-aws-global-endpoint",
            case,
            how=in_turn(of_the_storage(seen), _tried(right)),
            because=(seen.id, right.id),
            fixes=_changed(case, right),
            right_region=region,
        )


def _lines(case: Case, this: Way) -> tuple[EnvFix, ...]:
    assert this.kept is not None
    return _changed(case, this.kept)


def _changed(case: Case, tried: Observation) -> tuple[EnvFix, ...]:
    """What the experiment changed as fixes that belong together, without a line that stands there already."""
    new = tried.changes.items()
    lines = [fixes.env(case, name, value) for name, value in new if value != case.settings.environment.get(name)]
    region = tried.changes.get("S3_REGION")
    if region and "S3_HOSTNAME" not in tried.changes:
        lines += fixes.host_too(case, region)
    return tuple(replace(line, together=place > 0) for place, line in enumerate(lines))


def _how(this: Way) -> str:
    assert this.kept is not None
    # a header is refused with uploads alone, while the listing went through
    upload = next((row for row in this.rows if row.failed and row.operation == this.kept.operation), this.furthest)
    how = f"{of_the_storage(upload)}. {_tried(this.kept)}"
    service = this.furthest.facts.get(Fact.SERVICE, "")
    return f"{how}. {service[:1].upper()}{service[1:]} answers there" if service else how


def _tried(kept: Observation) -> str:
    """What came of the experiment, by its title: a whole sentence."""
    change = kept.title[:1].lower() + kept.title[1:]
    if kept.network is not None:
        return f"Another try ({change}) failed: {words(kept)}"
    return f"Another try ({change}) was answered {words(kept)}"


def _region(case: Case, this: Way) -> Finding:
    assert this.kept is not None
    if not is_aws(this.furthest.url):
        finding_id = "region-wrong-custom-endpoint"
    elif this.furthest.http_status == 400:
        finding_id = "region-wrong-aws-global-endpoint"
    else:
        finding_id = "region-wrong-aws-regional-endpoint"
    return finding(
        finding_id,
        case,
        how=_how(this),
        because=(*this.ids, this.kept.id),
        fixes=_lines(case, this),
        right_region=ExperimentWith.REGION.value_in(this.kept.id),
    )


def _other(case: Case, this: Way, name: ObservationId) -> Finding | None:
    assert this.kept is not None
    found = _key_pair(case, this, name) or _endpoint(case, this, name) or _header(case, this, name)
    if found is None:
        return None
    finding_id, fix = found
    variable = TEXT_FORMS[name][0] if name in TEXT_FORMS else ""
    because = (*this.ids, this.kept.id)
    told_of = finding(finding_id, case, how=_how(this), because=because, fixes=fix, variable=variable)
    batches = case.get(Experiment.BATCH_WITH_MD5)
    if finding_id != "checksum-header-unsupported" or not batches.ok:
        return told_of
    refused = (Experiment.BATCH_OF_ONE, batches.id)
    remark = "Deleting many files at once is refused for the same header, and no line changes that."
    return replace(
        told_of,
        remark=f"{remark} {ONE_BY_ONE}",
        because=(*because, *refused),
        speaks_for=("delete-md5-required",),
    )


def _key_pair(case: Case, this: Way, name: ObservationId) -> tuple[str, tuple[Fix, ...]] | None:
    if name in TEXT_FORMS:
        return _damaged(case, *TEXT_FORMS[name])
    if name == Experiment.SIGNATURE_V4:
        return "signature-v2-rejected", (fixes.env(case, "S3_SIGNATURE_VERSION", None),)
    if name == Experiment.SESSION_TOKEN:
        pair = fixes.new_pair(case, "Create a long-lived key, whose id begins with AKIA, for a user of its own.")
        return "temporary-credentials-without-token", (*pair, fixes.no_pair(case))
    if name == Experiment.SWAPPED_KEYS:
        return "key-pair-exchanged", fixes.exchanged(case)
    if name == Experiment.CLOCK:
        return "clock-skew", (fixes.clock(case, this.furthest),)
    return None


def _damaged(case: Case, variable: str, as_written: str) -> tuple[str, tuple[Fix, ...]]:
    """Which mark dotenv acted on, or what is around the value that does not belong to it."""
    settings = case.settings
    entry = settings.environment.variables.get(variable)
    if as_written != TRIMMED and entry is not None:
        for note in settings.environment.notes:
            if note.name == variable and note.line == entry.line and note.kind in _DAMAGE:
                return _DAMAGE[note.kind][0], (fixes.requote(case, variable, as_written),)
        for mark_id, mark in _DAMAGE.values():
            if mark in (entry.raw or ""):
                return mark_id, (fixes.requote(case, variable, as_written),)
    value = entry.value if entry else ""
    if "\r" in value:
        finding_id = "env-crlf-line-endings"
    elif not value.isascii():
        finding_id = "env-smart-quotes-or-nbsp"
    else:
        finding_id = "env-quotes-kept-literally"
    return finding_id, (fixes.kept(case, variable, as_written),)


def _endpoint(case: Case, this: Way, name: ObservationId) -> tuple[str, tuple[Fix, ...]] | None:
    settings = case.settings
    changed = _lines(case, this)
    if ExperimentWith.ENDPOINT.made(name):
        return "endpoint-missing-non-aws", changed
    if name == Experiment.ENDPOINT_WITHOUT_BUCKET:
        style = "path" if settings.path_style else "vhost"
        return f"endpoint-contains-bucket-{style}-style", changed
    if name in (Experiment.PATH_STYLE, Experiment.VIRTUAL_HOST):
        return "path-style-switch-inverted", changed
    if ExperimentWith.PARTITION.made(name):
        return "region-china-govcloud-partition", changed
    if name == Experiment.SCHEME_HTTPS and this.stopped is Gate.RIGHTS:
        return "deny-source-ip-or-secure-transport", changed
    if name == Experiment.SCHEME_HTTPS:
        redirected = this.furthest.http_status in _REDIRECTS
        return "endpoint-http-redirects-to-https" if redirected else "endpoint-http-on-tls-port", changed
    if name == Experiment.ENDPOINT_WITHOUT_PATH:
        return "endpoint-has-path-or-trailing-slash", changed
    if ExperimentWith.PORT.made(name):
        finding_id = "nothing-listens-at-endpoint" if this.stopped is Gate.TCP else "console-port-instead-of-api"
        return finding_id, (*changed, *_public_port(case, name))
    if name == Experiment.BUCKET_TRIMMED:
        return "bucket-name-invalid", changed
    return None


def _public_port(case: Case, name: ObservationId) -> tuple[EnvFix, ...]:
    """The same port for the public host, where the file gives it the endpoint's own host and port."""
    settings = case.settings
    there = authority_of(settings.endpoint or "")
    if settings.alias_host is not None or settings.hostname != there or fixes.provider_of(case).web_port:
        return ()
    host = there.rpartition(":")[0] or there
    moved = fixes.env(case, "S3_HOSTNAME", f"{host}:{ExperimentWith.PORT.value_in(name)}")
    return (replace(moved, together=True),)


def _wants_a_checksum(this: Way) -> bool:
    """Whether the refusal asks for Content-MD5 instead of complaining of the CRC32."""
    plain = next((row for row in this.rows if row.id == ActionId.PUT_WITHOUT_ACL), this.furthest)
    text = f"{plain.error_code} {plain.message}".lower()
    return "md5" in text and not ("unsupported" in text or "not implemented" in text)


def _header(case: Case, this: Way, name: ObservationId) -> tuple[str, tuple[Fix, ...]] | None:
    changed = _lines(case, this)
    if name == Experiment.PUT_NO_CHECKSUM:
        ignoring = takes_headers(case)
        if ignoring:
            return "storage-refuses-unknown-headers", (ignoring, *changed)
        return "checksum-header-unsupported", (*changed, *_downloads_too(case))
    if name == Experiment.PUT_NO_STORAGE_CLASS:
        return "storage-class-invalid", changed
    if name == Experiment.PUT_WITH_CHECKSUM or (name == Experiment.PUT_LEGACY and _wants_a_checksum(this)):
        advice = Manual("Use a bucket without Object Lock and without a rule about headers.")
        return "default-key-has-object-lock-or-md5-rule", changed or (advice,)
    if name == Experiment.PUT_NO_CACHE_CONTROL:
        advice = Manual("Use another gateway: Mastodon sends Cache-Control with every upload, and nothing stops that.")
        return "forwarded-x-amz-meta-limits", (advice,)
    if name == Experiment.PUT_LEGACY:
        advice = Manual(
            "Ask the provider for CRC32 checksum support; Mastodon before 4.4.16 / 4.5.9 still works with it."
        )
        return "checksum-header-unsupported", (advice,)
    return None


def _downloads_too(case: Case) -> tuple[EnvFix, ...]:
    """The line for downloads, which ask for a checksum as well."""
    if not case.get(Experiment.GET_WITHOUT_MODE).ok:
        return ()
    line = fixes.env(case, "AWS_RESPONSE_CHECKSUM_VALIDATION", "when_required")
    return (replace(line, together=True),)


RULES = (
    Rule(
        way_tried,
        Layer.TRIED,
        yields=(
            "bucket-name-invalid",
            "checksum-header-unsupported",
            "clock-skew",
            "console-port-instead-of-api",
            "default-key-has-object-lock-or-md5-rule",
            "deny-source-ip-or-secure-transport",
            "endpoint-contains-bucket-path-style",
            "endpoint-contains-bucket-vhost-style",
            "endpoint-has-path-or-trailing-slash",
            "endpoint-http-on-tls-port",
            "endpoint-http-redirects-to-https",
            "endpoint-missing-non-aws",
            "env-backslash-eaten",
            "env-crlf-line-endings",
            "env-dollar-expands",
            "env-hash-truncates-value",
            "env-quotes-kept-literally",
            "env-smart-quotes-or-nbsp",
            "forwarded-x-amz-meta-limits",
            "key-pair-exchanged",
            "nothing-listens-at-endpoint",
            "path-style-switch-inverted",
            "region-china-govcloud-partition",
            "region-wrong-aws-global-endpoint",
            "region-wrong-aws-regional-endpoint",
            "region-wrong-custom-endpoint",
            "signature-v2-rejected",
            "storage-class-invalid",
            "storage-refuses-unknown-headers",
            "temporary-credentials-without-token",
        ),
        reads=(ActionId.CLOCK, ActionId.LIST, ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL, EVERY),
    ),
)
