"""Uploads with one header less: they show which of Mastodon's headers this store refuses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from s3probe.evidence.vocabulary import Experiment
from s3probe.probe.conditions import ConditionsMaker
from s3probe.probe.request_form import WireForm
from s3probe.probe.session import Conditions
from s3probe.probe.trials import Trial


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
