"""What failed and what no rule recognised, with the server's own words: never guessed, never dropped."""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Finding, Fix, Manual
from s3probe.diagnosis.rule import OPEN, Layer, Rule, Tier
from s3probe.diagnosis.texts import finding
from s3probe.diagnosis.words import words
from s3probe.evidence.observations import Observation
from s3probe.evidence.vocabulary import ActionId


def unexplained(case: Case) -> Iterator[Finding]:
    """What no rule recognised, with the server's own words: never guessed, never dropped."""
    seen = [o for o in case.all_open() if o.id not in (ActionId.CLOCK, ActionId.REACH_ENDPOINT)]
    if not seen:
        return
    listed = "; ".join(f"{o.id}: {words(o)}" if _says(o) else o.id for o in seen[:5])
    listed = f"{listed}; {len(seen) - 5} more failed" if len(seen) > 5 else listed
    advice: list[Fix] = [
        Manual("Show this to your provider, or open an issue for s3probe with the file that `s3probe report` writes.")
    ]
    yield finding("unexplained", case, how=listed, because=[o.id for o in seen], fixes=advice)


def _says(seen: Observation) -> bool:
    return seen.http_status is not None or seen.network is not None


RULES = (Rule(unexplained, Layer.UNEXPLAINED, yields=("unexplained",), tier=Tier.REST, reads=(OPEN,)),)
