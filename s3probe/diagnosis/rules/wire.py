"""The rules that judge what was seen on the wire. When each runs, its record says: the order here means nothing."""

from __future__ import annotations

from s3probe.diagnosis.rule import Rule
from s3probe.diagnosis.rules import (
    acl,
    addressing,
    archives,
    deletion,
    denies,
    endpoint,
    files,
    folders,
    gate,
    hints,
    limits,
    mended,
    moments,
    needs,
    prefix,
    privacy,
    privilege,
    proxy,
    public,
    refusals,
    releases,
    rest,
    rights,
    stores,
    unmended,
)

FOUNDATION_RULES: tuple[Rule, ...] = mended.RULES
"""Judge the rounds one by one, against the settings the run started from."""

WIRE_RULES: tuple[Rule, ...] = (
    *acl.RULES,
    *addressing.RULES,
    *archives.RULES,
    *deletion.RULES,
    *denies.RULES,
    *endpoint.RULES,
    *files.RULES,
    *folders.RULES,
    *gate.RULES,
    *hints.RULES,
    *limits.RULES,
    *moments.RULES,
    *needs.RULES,
    *prefix.RULES,
    *privacy.RULES,
    *privilege.RULES,
    *proxy.RULES,
    *public.RULES,
    *refusals.RULES,
    *releases.RULES,
    *rest.RULES,
    *rights.RULES,
    *stores.RULES,
    *unmended.RULES,
)
"""Judge the rest, under the settings it was asked with."""
