"""The rules: what each looks at and may say stands in its record (``diagnosis.rule``), at the end of its module."""

from __future__ import annotations

from s3probe.diagnosis.rule import Rule
from s3probe.diagnosis.rules import (
    env_api,
    env_bucket,
    env_file,
    env_hosts,
    env_loaders,
    env_misspelt,
    env_process,
    env_public,
    env_suspects,
    env_switches,
    env_values,
)

FILE_RULES: tuple[Rule, ...] = (
    *env_switches.RULES,
    *env_misspelt.RULES,
    *env_file.RULES,
    *env_loaders.RULES,
    *env_process.RULES,
    *env_api.RULES,
    *env_bucket.RULES,
    *env_values.RULES,
    *env_public.RULES,
    *env_hosts.RULES,
    *env_suspects.RULES,
)
"""Rules that judge the settings alone; they also run offline (``s3probe lint``)."""
