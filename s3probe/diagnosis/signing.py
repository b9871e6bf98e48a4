"""A refused signature: whose fault it is, by the experiments of ``probe.signatures``."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Fix, Manual, ServerFix
from s3probe.diagnosis.rules.before_the_storage import before_api
from s3probe.diagnosis.words import words
from s3probe.evidence.alike import alike
from s3probe.evidence.gates import Gate, stopped_at
from s3probe.evidence.observations import Observation
from s3probe.evidence.vocabulary import Experiment, Fact, ObservationId
from s3probe.knowledge.recognition import has_own_hosts
from s3probe.records import dataclass
from s3probe.settings.addressing import is_aws

SIGNING = (
    Experiment.FORM,
    Experiment.FORM_WRONG_SECRET,
    Experiment.SIGNATURE_V2,
    Experiment.SIGNED_WITHOUT_PATH,
    Experiment.SIGNED_WITHOUT_PORT,
)
OR_A_PROXY = "It would answer the same if a proxy before it changed the Host header or the path"
_FORMS: tuple[ObservationId, ...] = (Experiment.FORM, Experiment.FORM_WRONG_SECRET)
_REFUSED = range(400, 500)


@dataclass(frozen=True, slots=True)
class Judgement:
    """``secret_is_right`` is ``None`` where nothing decides. ``how`` is told after the refusal, without a last stop."""

    secret_is_right: bool | None
    how: str = ""
    because: tuple[ObservationId, ...] = ()
    path: bool = False
    """Whether the path was changed, and not (only) the host."""


def verdict_on(case: Case, refused: Observation) -> Judgement:
    """Who is at fault for the refused signature."""
    host, path, sent = refused.facts.get(Fact.SIGNED_HOST), refused.facts.get(Fact.SIGNED_PATH), urlsplit(refused.url)
    if host and host != sent.netloc:
        return Judgement(True, f"It was asked at {sent.netloc}, and computed the signature for {host}")
    if path and unquote(path) != unquote(sent.path or "/"):
        return Judgement(True, f"It was asked for {sent.path}, and computed the signature for {path}", path=True)
    base = case.settings.api_base
    if host or is_aws(base) or has_own_hosts(base):
        return Judgement(False)
    return _by_experiment(case, refused)


def _by_experiment(case: Case, refused: Observation) -> Judgement:
    for name in (Experiment.SIGNED_WITHOUT_PORT, Experiment.SIGNED_WITHOUT_PATH, Experiment.SIGNATURE_V2):
        seen = case.get(name)
        # a store that does not know Signature V2 may call that a lack of rights
        if seen.ran and stopped_at(seen) in (Gate.BUCKET, Gate.THROUGH):
            how = f"{seen.title}, the same request was answered {words(seen)}"
            return Judgement(True, how, (seen.id,), path=name == Experiment.SIGNED_WITHOUT_PATH)
    right, wrong = case.get(Experiment.FORM), case.get(Experiment.FORM_WRONG_SECRET)
    forms = _FORMS
    elsewhere = right.facts.get(Fact.OTHER_BUCKET, "")
    if elsewhere and elsewhere == wrong.facts.get(Fact.OTHER_BUCKET):
        # it looks for a bucket before it looks at a signature: V2, which holds the bucket, decides nothing then
        if f"{urlsplit(right.url).netloc}.".startswith((f"{elsewhere}.", f"{elsewhere}:")):
            return Judgement(None)
        return Judgement(True, f"A form was answered {words(right)} for {elsewhere}, which nobody asked for", forms)
    if all(seen.http_status in _REFUSED and seen.facts.get(Fact.S3) for seen in (right, wrong)):
        if not alike(right, wrong):
            how = (
                f"A form, whose signature holds neither host nor path, was answered {words(right)}, and with a "
                f"secret that is certainly wrong {words(wrong)}"
            )
            return Judgement(True, how, forms, path=bool(_path(case)))
        if stopped_at(right) is Gate.SIGNATURE or alike(right, refused):
            how = "A form, whose signature holds neither host nor path, is answered the same"
            return Judgement(False, how, forms)
    old = case.get(Experiment.SIGNATURE_V2)
    if old.ran and stopped_at(old) is Gate.SIGNATURE:
        return Judgement(False, "A request with Signature V2, which holds no host, is answered the same", (old.id,))
    return Judgement(None)


def _path(case: Case) -> str:
    return urlsplit(case.settings.endpoint or "").path.rstrip("/")


def at_the_proxy(case: Case, verdict: Judgement) -> tuple[Fix, ...]:
    """The line that lets what is signed arrive as it was sent."""
    if not verdict.path:
        added = verdict.because == _FORMS and bool(case.get(Experiment.FORM).facts.get(Fact.OTHER_BUCKET))
        return before_api(case, "api-host", "Write no path behind the host that is asked." if added else "")
    base = urlsplit(case.settings.api_base)
    what = f"The proxy takes {_path(case)} away." if _path(case) else "The proxy changes the path."
    advice = Manual(
        f"{what} Give the storage a host of its own, pass everything on as it came, and let S3_ENDPOINT be "
        f"{base.scheme}://HOST."
    )
    # which line that is shows only where the program does
    return advice, *(fix for fix in before_api(case, "api-path") if isinstance(fix, ServerFix))
