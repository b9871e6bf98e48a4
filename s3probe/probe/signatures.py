"""A refused signature: is the secret wrong, or did something on the way change what was signed? Each question decides.

A server computes the signature over the host and the path that reach it. Some say what they saw (CanonicalRequest);
of the others it is asked with signatures that hold no host, or another one.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from s3probe.evidence.alike import alike
from s3probe.evidence.gates import Gate, stopped_at
from s3probe.evidence.observations import Observation
from s3probe.evidence.vocabulary import Experiment, Fact, ObservationId
from s3probe.knowledge.recognition import has_own_hosts
from s3probe.probe.conditions import ConditionsMaker
from s3probe.probe.exchange import Call
from s3probe.probe.fetching import judge_listing
from s3probe.probe.old_keys import listed_from
from s3probe.probe.own_files import FORMS
from s3probe.probe.schedule import Step
from s3probe.probe.session import Session
from s3probe.probe.wire import Wire
from s3probe.records import replace
from s3probe.secret import Secret
from s3probe.settings.addressing import is_aws

WRONG = Secret("s3probe-wrong-secret")


def is_open(session: Session, refused: Observation) -> bool:
    """Whether a refusal leaves it open who is at fault: no answer tells what was signed, and a proxy may be there."""
    settings = session.conditions.settings
    if is_aws(settings.api_base) or has_own_hosts(settings.api_base) or refused.facts.get(Fact.SIGNED_HOST):
        return False
    if settings.signature_version == "s3":
        return False
    wrong = session.book.get(Experiment.WRONG_SECRET)
    as_a_right = stopped_at(refused) is Gate.RIGHTS and wrong is not None and wrong.ran and alike(wrong, refused)
    return stopped_at(refused) is Gate.SIGNATURE or as_a_right


def questions(session: Session, conditions_maker: ConditionsMaker, *, forms: bool) -> Iterator[Step]:
    """The experiments. ``forms``: whether this run may send what could write, if a store took it."""
    conditions = session.conditions
    settings, wire = conditions.settings, conditions.wire
    sent = urlsplit(wire.signed_for("", "").url)
    if forms:
        other = conditions_maker.of(settings, credentials=replace(wire.credentials, secret_access_key=WRONG)).wire
        yield _posted(session, Experiment.FORM, "With the signature of a browser's form", wire)
        yield _posted(session, Experiment.FORM_WRONG_SECRET, "The form, with a secret that is certainly wrong", other)
    if settings.path_style:
        old = conditions_maker.changed(conditions, S3_SIGNATURE_VERSION="s3")
        call = old.wire.list_objects(start_after=listed_from(settings))
        yield _asked(session, Experiment.SIGNATURE_V2, "With Signature Version 2, which holds no host", call)
    if sent.port:
        call = wire.signed_for(sent.hostname or "", sent.path)
        yield _asked(session, Experiment.SIGNED_WITHOUT_PORT, f"Signed for {sent.hostname} without the port", call)
    above = urlsplit(settings.endpoint or "").path.rstrip("/")
    if above:
        call = wire.signed_for(sent.netloc, sent.path.removeprefix(above))
        yield _asked(session, Experiment.SIGNED_WITHOUT_PATH, f"Signed without the path {above}", call)


def _asked(session: Session, experiment: ObservationId, title: str, call: Call) -> Step:
    return Step(experiment, lambda: session.ask(experiment, call, judge_listing, title=title))


def _posted(session: Session, experiment: ObservationId, title: str, wire: Wire) -> Step:
    """In the ledger like any upload, should a store take what the form's policy forbids."""

    def post() -> None:
        entry = session.mint(FORMS[experiment])
        session.ask(experiment, wire.refused_form(entry.key), title=title, told=session.noting(entry))

    return Step(experiment, post)
