"""The rules that judge what was seen on the wire. When each runs, its record says: the order here means nothing."""

from __future__ import annotations

from s3probe.diagnosis.rule import Rule
from s3probe.diagnosis.rules import (
    acl,
    addressing,
    archives,
    closed_to_all,
    deletion,
    denied_by_policy,
    endpoint,
    files,
    folders,
    hints,
    large_files,
    limits,
    momentary_failures,
    open_to_all,
    prefix,
    privacy,
    privilege,
    proxy,
    public,
    refusals,
    releases,
    rights,
    storage_availability,
    stores,
    turned_away,
    unexplained,
    unknown_headers,
    way_stopped,
    way_tried,
    web_client,
)

FOUNDATION_RULES: tuple[Rule, ...] = (*way_stopped.RULES, *way_tried.RULES)
"""Judge how far signed requests came. The others see what these leave."""

WIRE_RULES: tuple[Rule, ...] = (
    *acl.RULES,
    *addressing.RULES,
    *archives.RULES,
    *closed_to_all.RULES,
    *deletion.RULES,
    *denied_by_policy.RULES,
    *endpoint.RULES,
    *files.RULES,
    *folders.RULES,
    *hints.RULES,
    *large_files.RULES,
    *limits.RULES,
    *momentary_failures.RULES,
    *open_to_all.RULES,
    *prefix.RULES,
    *privacy.RULES,
    *privilege.RULES,
    *proxy.RULES,
    *public.RULES,
    *refusals.RULES,
    *releases.RULES,
    *rights.RULES,
    *storage_availability.RULES,
    *stores.RULES,
    *turned_away.RULES,
    *unexplained.RULES,
    *unknown_headers.RULES,
    *web_client.RULES,
)
"""Judge the rest."""
