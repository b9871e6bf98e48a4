"""Requests with one header less: they show which of Mastodon's headers this store refuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from s3probe.evidence.observations import Outcome
from s3probe.evidence.vocabulary import Experiment
from s3probe.probe.conditions import ConditionsMaker
from s3probe.probe.request_form import WireForm
from s3probe.probe.session import Conditions, Session, Stored
from s3probe.probe.trials import Trial
from s3probe.records import replace

WITHOUT_MODE: Mapping[str, str | None] = MappingProxyType(
    {"AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required", "S3_ENABLE_CHECKSUM_MODE": None}
)
"""With these a download asks for no checksum."""


def header_trials(conditions_maker: ConditionsMaker, conditions: Conditions) -> Iterator[Trial]:
    """Checksum, storage class and Cache-Control, each alone. The first that passes names the header."""
    settings = conditions.settings
    if settings.request_checksums == "when_required" and conditions.wire.form is not WireForm.LEGACY:
        yield Trial(
            Experiment.PUT_WITH_CHECKSUM,
            "With the default checksum",
            conditions_maker.changed(conditions, AWS_REQUEST_CHECKSUM_CALCULATION=None),
        )
    if settings.request_checksums != "when_required" and conditions.wire.form is not WireForm.LEGACY:
        yield Trial(
            Experiment.PUT_NO_CHECKSUM,
            "Without the default checksum",
            conditions_maker.changed(conditions, AWS_REQUEST_CHECKSUM_CALCULATION="when_required"),
        )
    if settings.storage_class is not None:
        yield Trial(
            Experiment.PUT_NO_STORAGE_CLASS,
            "Without a storage class",
            conditions_maker.changed(conditions, S3_STORAGE_CLASS=None),
        )
    if settings.cache_control:
        bare = conditions_maker.of(replace(settings, cache_control=""), form=conditions.wire.form)
        yield Trial(Experiment.PUT_NO_CACHE_CONTROL, "Without Cache-Control", bare)
    if conditions.wire.form is not WireForm.LEGACY:
        older = conditions_maker.of(settings, form=WireForm.LEGACY)
        yield Trial(Experiment.PUT_LEGACY, "As Mastodon before 4.4.16 / 4.5.9 uploads", older)


CHECKSUM_TRIALS = (Experiment.PUT_NO_CHECKSUM, Experiment.PUT_LEGACY)
"""Uploads without the SDK's CRC32."""


def same_header_elsewhere(session: Session, maker: ConditionsMaker, stored: Stored) -> None:
    """Whether a store that does not know the SDK's checksums refuses downloads and batch deletions for them as well.

    Asked with the one file that could be uploaded without; the clean-up makes sure that it is gone.
    """
    now = session.conditions
    title = "A file can be read with a request for its checksum"
    read, _ = session.ask(Experiment.GET_WITH_MODE, now.wire.get(stored.key), title=title)
    if read.outcome is Outcome.REJECTED:
        silent = maker.changed(now, **WITHOUT_MODE)
        title = "A file can be read without asking for its checksum"
        session.ask(Experiment.GET_WITHOUT_MODE, silent.wire.get(stored.key), conditions=silent, title=title)
    title = "Files can be deleted with DeleteObjects"
    gone, _ = session.ask(Experiment.BATCH_OF_ONE, now.wire.batch_delete([stored.key]), title=title)
    if gone.outcome is Outcome.REJECTED:
        batch_with_md5(session, maker, [stored.key])


def batch_with_md5(session: Session, maker: ConditionsMaker, keys: Sequence[str]) -> None:
    """DeleteObjects as older releases of Mastodon sent it: with Content-MD5, and without a CRC32."""
    now = session.conditions
    if now.wire.form is WireForm.LEGACY:
        return
    older = maker.of(now.settings, credentials=now.credentials, form=WireForm.LEGACY)
    title = "Many files can be deleted at once with Content-MD5 instead of the CRC32"
    session.ask(Experiment.BATCH_WITH_MD5, older.wire.batch_delete(keys), title=title, conditions=older)
