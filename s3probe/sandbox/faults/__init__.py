"""Every fault that can be put into a healthy scenario, by the id of the finding that must name it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from s3probe.sandbox.faults import (
    acls,
    addressing,
    clouds,
    credentials,
    network,
    permissions,
    privacy,
    proxies,
    stores,
    transfer,
)
from s3probe.sandbox.faults.model import Fault

ALL: tuple[Fault, ...] = (
    *acls.FAULTS,
    *permissions.FAULTS,
    *credentials.FAULTS,
    *addressing.FAULTS,
    *privacy.FAULTS,
    *proxies.FAULTS,
    *transfer.FAULTS,
    *stores.FAULTS,
    *clouds.FAULTS,
    *network.FAULTS,
)
"""All of them, variants included."""

FAULTS: Mapping[str, Fault] = MappingProxyType({fault.id: fault for fault in ALL if not fault.variant})
"""One per finding id."""
