"""Faults of the way to the server, and of time."""

from __future__ import annotations

from types import MappingProxyType

from s3probe.sandbox.faults.model import Change, Fault, both, env
from s3probe.sandbox.personality import ErrorText
from s3probe.sandbox.scenario import CUSTOM_HOST, custom
from s3probe.sandbox.world import ConnectionFault, Obstacle


def _obstacle(fault: ConnectionFault) -> Change:
    return lambda scenario: scenario.with_world(obstacles=(Obstacle(f"*{CUSTOM_HOST}", fault),))


FAULTS = (
    Fault("clock-skew", lambda s: s.with_world(clock_offset=20 * 60.0)),
    Fault("clock-skew", lambda s: s.with_world(clock_offset=-20 * 60.0), variant="this machine is ahead"),
    Fault(
        "clock-skew",
        lambda s: s.with_world(clock_offset=20 * 60.0).with_personality(
            wording=MappingProxyType({"RequestTimeTooSkewed": ErrorText(400, "InvalidRequest", "Bad Request")})
        ),
        custom,
        "in words that say nothing of it",
    ),
    Fault("dns-fails-in-container", _obstacle(ConnectionFault.NO_DNS), custom),
    Fault("nothing-listens-at-endpoint", _obstacle(ConnectionFault.REFUSED), custom),
    Fault(
        "egress-firewall",
        both(_obstacle(ConnectionFault.BLACK_HOLE), env("S3_OPEN_TIMEOUT", "1")),
        custom,
        look_alike=_obstacle(ConnectionFault.REFUSED),
    ),
    Fault("tls-certificate-bad", _obstacle(ConnectionFault.UNTRUSTED), custom),
    Fault("tls-certificate-bad", _obstacle(ConnectionFault.EXPIRED), custom, "expired"),
    Fault("tls-certificate-bad", _obstacle(ConnectionFault.WRONG_NAME), custom, "wrong name"),
    Fault("timeouts-zero-or-text", env("S3_READ_TIMEOUT", "0"), custom),
    Fault(
        "slow-provider-read-timeout",
        both(lambda s: s.with_world(slow_writes=2.0), env("S3_READ_TIMEOUT", "1")),
        custom,
    ),
)
