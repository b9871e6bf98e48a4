"""The rules, from the ground up: file, network, TLS, clock, credentials, region, bucket, rights, ACL, public, privacy."""

from __future__ import annotations

from s3probe.diagnosis.engine import Rule

FILE_RULES: tuple[Rule, ...] = ()
"""Rules that judge the settings alone; they also run offline (``s3probe lint``)."""

ALL_RULES: tuple[Rule, ...] = (*FILE_RULES,)
