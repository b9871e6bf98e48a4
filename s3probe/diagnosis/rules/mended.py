"""Faults below the rights that a trial mended: the one thing that was changed names the cause."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import EnvFix, Finding, Fix, Manual
from s3probe.diagnosis.rounds import Round, assigned, rounds, told, trial_name, words
from s3probe.diagnosis.texts import finding
from s3probe.evidence.gates import Depth
from s3probe.evidence.ids import ActionId
from s3probe.settings.addressing import is_aws
from s3probe.settings.model import NoteKind

_DAMAGE = {
    NoteKind.TRUNCATED_BY_HASH: ("env-hash-truncates-value", "#"),
    NoteKind.EXPANDED_DOLLAR: ("env-dollar-expands", "$"),
    NoteKind.DROPPED_BACKSLASH: ("env-backslash-eaten", "\\"),
}


def mended(case: Case) -> Iterator[Finding]:
    """One finding per round that a trial mended; consecutive region trials are one fault."""
    all_rounds = list(rounds(case))
    for index, this in enumerate(all_rounds):
        if this.kept is None:
            continue
        name = trial_name(this.kept)
        if name.startswith("region:"):
            following = all_rounds[index + 1].kept if index + 1 < len(all_rounds) else None
            if following is not None and trial_name(following).startswith("region:"):
                continue
            earlier = all_rounds[index - 1] if index else None
            begun = earlier if earlier and earlier.kept and trial_name(earlier.kept).startswith("region:") else this
            yield _region(case, begun, this, name.removeprefix("region:"))
        else:
            found = _other(case, this, name)
            if found is not None:
                yield found


def _changed(this: Round) -> dict[str, str]:
    """The env lines the kept trial changed: ``S3_REGION=x; S3_ENDPOINT=y``."""
    assert this.kept is not None
    return assigned(this.kept.assuming[-1])


def _lines(case: Case, this: Round) -> tuple[EnvFix, ...]:
    """The same as fixes, without a line that stands there already."""
    new = ((name, value or None) for name, value in _changed(this).items())
    return tuple(fixes.env(case, n, value) for n, value in new if value != case.settings.environment.get(n))


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


def _other(case: Case, this: Round, name: str) -> Finding | None:
    assert this.kept is not None
    found = _key_pair(case, this, name) or _endpoint(case, this, name) or _header(case, this, name)
    if found is None:
        return None
    finding_id, fix = found
    return finding(finding_id, case, how=_how(this), because=(*this.ids, this.kept.id), fixes=fix)


def _key_pair(case: Case, this: Round, name: str) -> tuple[str, tuple[Fix, ...]] | None:
    if name.startswith(("secret-", "key-id-")):
        variable = "AWS_SECRET_ACCESS_KEY" if name.startswith("secret-") else "AWS_ACCESS_KEY_ID"
        return _damaged(case, variable, name.rpartition("-")[2])
    if name == "signature-v4":
        return "signature-v2-rejected", (fixes.env(case, "S3_SIGNATURE_VERSION", None),)
    if name == "session-token":
        remove = fixes.env(
            case, "AWS_ACCESS_KEY_ID", None, "and AWS_SECRET_ACCESS_KEY, where an instance role may sign"
        )
        pair = fixes.new_pair(case, "create a long-lived key, whose id begins with AKIA, for a user of its own")
        return "temporary-credentials-without-token", (*pair, remove)
    if name == "swapped-keys":
        return "wrong-secret-key", (
            Manual("Exchange the two values: AWS_ACCESS_KEY_ID is the shorter one, AWS_SECRET_ACCESS_KEY the longer."),
        )
    if name == "clock":
        return "clock-skew", (fixes.clock(case, this.furthest),)
    return None


def _damaged(case: Case, variable: str, form: str) -> tuple[str, tuple[Fix, ...]]:
    """Which mark dotenv acted on, or what is around the value that does not belong to it."""
    settings = case.settings
    entry = settings.environment.variables.get(variable)
    if form in ("raw", "unquoted") and entry is not None:
        for note in settings.environment.notes:
            if note.name == variable and note.line == entry.line and note.kind in _DAMAGE:
                return _DAMAGE[note.kind][0], (fixes.requote(case, variable),)
        for mark_id, mark in _DAMAGE.values():
            if mark in (entry.raw or ""):
                return mark_id, (fixes.requote(case, variable),)
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


def _endpoint(case: Case, this: Round, name: str) -> tuple[str, tuple[Fix, ...]] | None:
    settings = case.settings
    changed = _lines(case, this)
    if name.startswith("endpoint:"):
        return "endpoint-missing-non-aws", changed
    if name == "endpoint-without-bucket":
        style = "path" if settings.path_style else "vhost"
        return f"endpoint-contains-bucket-{style}-style", changed
    if name in ("path-style", "virtual-host"):
        return "path-style-switch-inverted", changed
    if name.startswith("partition:"):
        return "region-china-govcloud-partition", tuple(
            replace(fix, together=place > 0) for place, fix in enumerate(changed)
        )
    if name == "scheme-https" and this.stopped is Depth.RIGHTS:
        return "deny-source-ip-or-secure-transport", changed
    if name == "scheme-https":
        return "endpoint-http-redirects-to-https", changed
    if name == "scheme-http":
        return "protocol-https-but-endpoint-plain", changed
    if name == "endpoint-without-path":
        return "endpoint-has-path-or-trailing-slash", changed
    if name == "endpoint-port":
        return "console-port-instead-of-api", changed
    if name == "bucket-trimmed":
        return "bucket-name-invalid", changed
    return None


def _wants_a_checksum(this: Round) -> bool:
    """Whether the refusal asks for Content-MD5 instead of complaining of the CRC32."""
    plain = next((row for row in this.rows if row.id.startswith(ActionId.PUT_WITHOUT_ACL)), this.furthest)
    text = f"{plain.error_code} {plain.message}".lower()
    return "md5" in text and not ("unsupported" in text or "not implemented" in text)


def _header(case: Case, this: Round, name: str) -> tuple[str, tuple[Fix, ...]] | None:
    changed = _lines(case, this)
    if name == "put-no-checksum":
        return "checksum-header-unsupported", changed
    if name == "put-no-storage-class":
        return "storage-class-invalid", changed
    if name == "put-with-checksum" or (name == "put-legacy" and _wants_a_checksum(this)):
        advice = Manual("Use a bucket without Object Lock and without a rule about headers.")
        return "default-key-has-object-lock-or-md5-rule", changed or (advice,)
    if name == "put-no-cache-control":
        advice = Manual("Use another gateway: Mastodon sends Cache-Control with every upload, and nothing stops that.")
        return "forwarded-x-amz-meta-limits", (advice,)
    if name == "put-legacy":
        advice = Manual(
            "Ask the provider for CRC32 checksum support; Mastodon before 4.4.16 / 4.5.9 still works with it."
        )
        return "checksum-header-unsupported", (advice,)
    return None
