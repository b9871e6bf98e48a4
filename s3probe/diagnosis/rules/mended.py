"""Faults below the rights that a trial fixed: the one thing that was changed names the cause."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import EnvFix, Finding, Fix, Manual
from s3probe.diagnosis.rounds import Round, assigned, rounds, told, words
from s3probe.diagnosis.rule import EVERY, Layer, Rule
from s3probe.diagnosis.texts import finding
from s3probe.evidence.gates import Gate
from s3probe.evidence.vocabulary import ActionId, Experiment, ExperimentWith, ObservationId
from s3probe.settings.addressing import is_aws
from s3probe.settings.model import NoteKind

_DAMAGE = {
    NoteKind.TRUNCATED_BY_HASH: ("env-hash-truncates-value", "#"),
    NoteKind.EXPANDED_DOLLAR: ("env-dollar-expands", "$"),
    NoteKind.DROPPED_BACKSLASH: ("env-backslash-eaten", "\\"),
}

_TEXT: dict[ObservationId, tuple[str, str]] = {
    Experiment.SECRET_RAW: ("AWS_SECRET_ACCESS_KEY", "raw"),
    Experiment.SECRET_UNQUOTED: ("AWS_SECRET_ACCESS_KEY", "unquoted"),
    Experiment.SECRET_TRIMMED: ("AWS_SECRET_ACCESS_KEY", ""),
    Experiment.KEY_ID_RAW: ("AWS_ACCESS_KEY_ID", "raw"),
    Experiment.KEY_ID_UNQUOTED: ("AWS_ACCESS_KEY_ID", "unquoted"),
    Experiment.KEY_ID_TRIMMED: ("AWS_ACCESS_KEY_ID", ""),
}
"""Whose text was tried, and in which form when it was the text before dotenv changed it."""


def mended(case: Case) -> Iterator[Finding]:
    """One finding per round that a trial fixed; consecutive region trials are one fault."""
    all_rounds = list(rounds(case))
    for index, this in enumerate(all_rounds):
        if this.kept is None:
            continue
        name = this.kept.id
        if ExperimentWith.REGION.made(name):
            following = all_rounds[index + 1].kept if index + 1 < len(all_rounds) else None
            if following is not None and ExperimentWith.REGION.made(following.id):
                continue
            earlier = all_rounds[index - 1] if index else None
            begun = earlier if earlier and earlier.kept and ExperimentWith.REGION.made(earlier.kept.id) else this
            yield _region(case, begun, this, ExperimentWith.REGION.value_in(name))
        else:
            found = _other(case, this, name.base)
            if found is not None:
                yield found


def _changed(this: Round) -> dict[str, str]:
    """The env lines the kept trial changed: ``S3_REGION=x; S3_ENDPOINT=y``."""
    assert this.kept is not None
    return assigned(this.kept.assuming[-1])


def _lines(case: Case, this: Round) -> tuple[EnvFix, ...]:
    """The same as fixes that belong together, without a line that stands there already."""
    new = ((name, value or None) for name, value in _changed(this).items())
    lines = [fixes.env(case, n, value) for n, value in new if value != case.settings.environment.get(n)]
    return tuple(replace(line, together=place > 0) for place, line in enumerate(lines))


def _how(this: Round) -> str:
    assert this.kept is not None
    # a sentence, so that the reader sees the experiment: what was refused, what was changed, what came then
    change = this.kept.title[:1].lower() + this.kept.title[1:]
    # a header is refused with uploads alone, while the listing of the same round went through
    upload = next((row for row in this.rows if row.failed and row.operation == this.kept.operation), this.furthest)
    before = words(upload) if upload.network is not None else f"the storage answered {words(upload)}"
    after = told(this.kept) if this.kept.network is not None else f"it {told(this.kept)}"
    return f"{before}; {change} {after}"


def _region(case: Case, begun: Round, this: Round, region: str) -> Finding:
    aws = is_aws(begun.furthest.url)
    status = begun.furthest.http_status
    if not aws:
        finding_id = "region-wrong-custom-endpoint"
    elif status == 400:
        finding_id = "region-wrong-aws-global-endpoint"
    else:
        finding_id = "region-wrong-aws-regional-endpoint"
    found = _lines(case, this)
    return finding(
        finding_id,
        case,
        how=_how(begun),
        because=(*begun.ids, *this.ids, *([this.kept.id] if this.kept else [])),
        fixes=found,
        right_region=region,
    )


def _other(case: Case, this: Round, name: ObservationId) -> Finding | None:
    assert this.kept is not None
    found = _key_pair(case, this, name) or _endpoint(case, this, name) or _header(case, this, name)
    if found is None:
        return None
    finding_id, fix = found
    return finding(finding_id, case, how=_how(this), because=(*this.ids, this.kept.id), fixes=fix)


def _key_pair(case: Case, this: Round, name: ObservationId) -> tuple[str, tuple[Fix, ...]] | None:
    if name in _TEXT:
        return _damaged(case, *_TEXT[name])
    if name == Experiment.SIGNATURE_V4:
        return "signature-v2-rejected", (fixes.env(case, "S3_SIGNATURE_VERSION", None),)
    if name == Experiment.SESSION_TOKEN:
        pair = fixes.new_pair(case, "create a long-lived key, whose id begins with AKIA, for a user of its own")
        return "temporary-credentials-without-token", (*pair, fixes.no_pair(case))
    if name == Experiment.SWAPPED_KEYS:
        return "key-pair-exchanged", (
            Manual("Exchange the two values: AWS_ACCESS_KEY_ID is the shorter one, AWS_SECRET_ACCESS_KEY the longer."),
        )
    if name == Experiment.CLOCK:
        return "clock-skew", (fixes.clock(case, this.furthest),)
    return None


def _damaged(case: Case, variable: str, as_written: str) -> tuple[str, tuple[Fix, ...]]:
    """Which mark dotenv acted on, or what is around the value that does not belong to it."""
    settings = case.settings
    entry = settings.environment.variables.get(variable)
    if as_written and entry is not None:
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
    advice = (
        f"Remove the quotes, blanks and other marks around the value of {variable}; only the key itself belongs there."
    )
    return finding_id, (Manual(advice),)


def _endpoint(case: Case, this: Round, name: ObservationId) -> tuple[str, tuple[Fix, ...]] | None:
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
        return "endpoint-http-redirects-to-https", changed
    if name == Experiment.ENDPOINT_WITHOUT_PATH:
        return "endpoint-has-path-or-trailing-slash", changed
    if name == Experiment.ENDPOINT_PORT:
        return "console-port-instead-of-api", changed
    if name == Experiment.BUCKET_TRIMMED:
        return "bucket-name-invalid", changed
    return None


def _wants_a_checksum(this: Round) -> bool:
    """Whether the refusal asks for Content-MD5 instead of complaining of the CRC32."""
    plain = next((row for row in this.rows if row.id.base == ActionId.PUT_WITHOUT_ACL), this.furthest)
    text = f"{plain.error_code} {plain.message}".lower()
    return "md5" in text and not ("unsupported" in text or "not implemented" in text)


def _header(case: Case, this: Round, name: ObservationId) -> tuple[str, tuple[Fix, ...]] | None:
    changed = _lines(case, this)
    if name == Experiment.PUT_NO_CHECKSUM:
        return "checksum-header-unsupported", changed
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


RULES = (
    Rule(
        mended,
        Layer.ROUNDS,
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
            "path-style-switch-inverted",
            "region-china-govcloud-partition",
            "region-wrong-aws-global-endpoint",
            "region-wrong-aws-regional-endpoint",
            "region-wrong-custom-endpoint",
            "signature-v2-rejected",
            "storage-class-invalid",
            "temporary-credentials-without-token",
        ),
        reads=(ActionId.CLOCK, ActionId.LIST, ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL, EVERY),
    ),
)
