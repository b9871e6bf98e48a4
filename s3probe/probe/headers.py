"""Uploads with one header less: which of Mastodon's headers does this store refuse?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from s3probe.probe.form import WireForm
from s3probe.probe.session import World
from s3probe.probe.trials import Trial
from s3probe.probe.worlds import WorldMaker


def header_trials(maker: WorldMaker, world: World) -> Iterator[Trial]:
    """Checksum, storage class and Cache-Control, each alone. The first that passes names the header."""
    settings = world.settings
    if settings.request_checksums == "when_required" and world.wire.form is not WireForm.LEGACY:
        yield Trial(
            "try-put-with-checksum",
            "With the default checksum",
            maker.changed(world, AWS_REQUEST_CHECKSUM_CALCULATION=None),
        )
    if settings.request_checksums != "when_required" and world.wire.form is not WireForm.LEGACY:
        yield Trial(
            "try-put-no-checksum",
            "Without the default checksum",
            maker.changed(world, AWS_REQUEST_CHECKSUM_CALCULATION="when_required"),
        )
    if settings.storage_class is not None:
        yield Trial("try-put-no-storage-class", "Without a storage class", maker.changed(world, S3_STORAGE_CLASS=None))
    if settings.cache_control:
        assumed = (*world.assuming, "no Cache-Control header")
        bare = maker.of(replace(settings, cache_control=""), assumed, form=world.wire.form)
        yield Trial("try-put-no-cache-control", "Without Cache-Control", bare)
    if world.wire.form is not WireForm.LEGACY:
        assumed = (*world.assuming, "Mastodon before 4.4.16 / 4.5.9")
        older = maker.of(settings, assumed, form=WireForm.LEGACY)
        yield Trial("try-put-legacy", "As Mastodon before 4.4.16 / 4.5.9 uploads", older)
