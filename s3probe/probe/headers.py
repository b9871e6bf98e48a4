"""Uploads with one header less: which of Mastodon's headers does this store refuse?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from s3probe.evidence.vocabulary import Experiment
from s3probe.probe.conditions import WorldMaker
from s3probe.probe.request_form import WireForm
from s3probe.probe.session import World
from s3probe.probe.trials import Trial


def header_trials(maker: WorldMaker, world: World) -> Iterator[Trial]:
    """Checksum, storage class and Cache-Control, each alone. The first that passes names the header."""
    settings = world.settings
    if settings.request_checksums == "when_required" and world.wire.form is not WireForm.LEGACY:
        yield Trial(
            Experiment.PUT_WITH_CHECKSUM,
            "With the default checksum",
            maker.changed(world, AWS_REQUEST_CHECKSUM_CALCULATION=None),
        )
    if settings.request_checksums != "when_required" and world.wire.form is not WireForm.LEGACY:
        yield Trial(
            Experiment.PUT_NO_CHECKSUM,
            "Without the default checksum",
            maker.changed(world, AWS_REQUEST_CHECKSUM_CALCULATION="when_required"),
        )
    if settings.storage_class is not None:
        yield Trial(
            Experiment.PUT_NO_STORAGE_CLASS, "Without a storage class", maker.changed(world, S3_STORAGE_CLASS=None)
        )
    if settings.cache_control:
        assumed = (*world.assuming, "no Cache-Control header")
        bare = maker.of(replace(settings, cache_control=""), assumed, form=world.wire.form)
        yield Trial(Experiment.PUT_NO_CACHE_CONTROL, "Without Cache-Control", bare)
    if world.wire.form is not WireForm.LEGACY:
        assumed = (*world.assuming, "Mastodon before 4.4.16 / 4.5.9")
        older = maker.of(settings, assumed, form=WireForm.LEGACY)
        yield Trial(Experiment.PUT_LEGACY, "As Mastodon before 4.4.16 / 4.5.9 uploads", older)
