"""From what stands in a log to the findings that may be behind it: words are weighed, nothing is decided."""

from __future__ import annotations

import math
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from s3probe.evidence.vocabulary import ACTIONS
from s3probe.knowledge.findings import FindingText, entry, ids

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*|\d{3}(?!\d)")
_NOISE = re.compile(
    r"(?:/[\w.@+-]+){2,}(?::\d+)?(?::in [`'][^'`]*')?"  # paths of a backtrace, with the method
    r"|\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4,12}){1,4}\b|\b[0-9a-fA-F]{16,}\b"  # ids of requests and of jobs
    r"|\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*"  # times
    r"|\b(?:pid|tid|jid|class|elapsed|method|path|format|controller|action|duration|view|db|request_id)=\S+"
)
_CODE_PREFIX = re.compile(r"\b(?:Aws::S3::Errors|Aws::Errors|Aws::Sigv4::Errors)::")
_COMMON = frozenset(
    re.split(
        " ",
        "a an and are as at be but by can could did do does error errors failed fails failure for from has have if in "
        "info is it its my no not of on or our so that the their then there this to up was when where which while with "
        "warn fatal web sidekiq mastodon ruby rails app job worker started completed aws s3",
    )
)
"""Words that stand everywhere."""
_CODE, _SAID, _TOLD, _MEANT = 6.0, 3.0, 2.0, 1.0
"""What a word counts in a code, in what is said, in a title or consequence, and in the long text."""
_PRIOR = {"decided": 1.0, "linted": 0.95, "hinted": 0.8, "out-of-reach": 0.6}
_ENOUGH = 0.3
"""Of the best hit's weight: what is further off leads nowhere."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A finding that may be behind it."""

    finding: FindingText
    weight: float


def behind(text: str, most: int = 6) -> list[Hit]:
    """The findings that may be behind ``text``, likeliest first; none where no word leads anywhere."""
    asked = _asked(text)
    weights: dict[str, float] = defaultdict(float)
    for word in asked:
        for finding_id, weight in _index().get(word, {}).items():
            weights[finding_id] += weight
    if not weights:
        return []
    hits = [Hit(entry(name), weight * _PRIOR[entry(name).state]) for name, weight in weights.items()]
    hits.sort(key=lambda hit: (-hit.weight, hit.finding.severity != "failure", ids().index(hit.finding.id)))
    return [hit for hit in hits[:most] if hit.weight >= hits[0].weight * _ENOUGH]


def _asked(text: str) -> set[str]:
    """The words of a log line that mean something; an action's id stands for what it asks."""
    action = ACTIONS.get(text.strip())
    if action is not None:
        text = f"{action.row.title} {action.row.operation} {' '.join(action.row.needs)}"
    plain = _NOISE.sub(" ", text)
    return set(_words(plain))


def _words(text: str) -> Iterable[str]:
    for found in _WORD.finditer(_CODE_PREFIX.sub(" ", text)):
        word = found[0].lower()
        if word not in _COMMON and len(word) > 1:
            yield word.removesuffix("s") if len(word) > 4 and not word.endswith("ss") else word


@cache
def _index() -> Mapping[str, Mapping[str, float]]:
    """Word -> finding -> what the word says for it: rare words say more."""
    text = (resources.files("s3probe.knowledge") / "symptoms.toml").read_text(encoding="utf-8")
    symptoms = tomllib.loads(text)
    found: dict[str, dict[str, float]] = {}
    for name in ids():
        known, seen = entry(name), symptoms.get(name, {})
        for weight, parts in (
            (_MEANT, (known.meaning, *known.told_apart)),
            (_TOLD, (known.title, known.consequence, name.replace("-", " "), known.permission or "")),
            (_SAID, seen.get("says", ())),
            (_CODE, (*seen.get("codes", ()), known.setting or "")),
        ):
            for word in _words(" ".join(parts)):
                found.setdefault(word, {})[name] = weight
    every = len(ids())
    return {
        word: {name: weight * math.log(1 + every / len(names)) for name, weight in names.items()}
        for word, names in found.items()
    }
