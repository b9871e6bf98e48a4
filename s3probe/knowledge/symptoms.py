"""From what stands in a log to the findings that may be behind it: words are weighed, nothing is decided."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache

from s3probe.evidence.vocabulary import ACTIONS
from s3probe.knowledge.findings import FindingText, entry, ids
from s3probe.knowledge.tables import table
from s3probe.patterns import regex
from s3probe.records import dataclass

_WORD = regex(r"[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*|\d{3}(?!\d)")
_NOISE = regex(
    r"(?:/[\w.@+-]+){2,}(?::\d+)?(?::in [`'][^'`]*')?"  # paths of a backtrace, with the method
    r"|\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4,12}){1,4}\b|\b[0-9a-fA-F]{16,}\b"  # ids of requests and of jobs
    r"|\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*"  # times
    r"|\b(?:pid|tid|jid|class|elapsed|method|path|format|controller|action|duration|view|db|request_id)=\S+"
)
_MODULES = regex(r"\b(?:[A-Z]\w*::)+(?=[A-Z])")
"""Of an exception's name its last part says what happened."""
_BODILESS = {
    "NotFound": "404 NoSuchKey",
    "Forbidden": "403 AccessDenied",
    "BadRequest": "400 InvalidRequest",
    "MovedPermanently": "301 PermanentRedirect",
    "ServiceUnavailable": "503 SlowDown",
}
"""What aws-sdk-s3 raises for an answer without a body, by the status alone (HEAD), and what S3 says otherwise.

aws-sdk-core names a status that has no name ``Http503Error``.
"""
_BY_STATUS = regex(r"\bErrors::(?:Http(\d{3})Error|(" + "|".join(_BODILESS) + r")\b)")
_COMMON = frozenset(
    re.split(
        " ",
        "a an and are as at be but by can could did directory do does error errors failed fails failure file for from "
        "has have if in info is it its my net no not of on or our so such that the their then there this to up was "
        "when where which while with "
        "warn fatal web sidekiq mastodon ruby rails app job worker started completed aws s3",
    )
)
"""Words that stand everywhere."""
_USUAL, _CODE, _SAID, _TOLD, _MEANT = 8.0, 6.0, 3.0, 2.0, 1.0
"""What a word counts in the code of a usual cause, in a code, in what is said, in a title or consequence, and in the
long text.
"""
_PRIOR = {"decided": 1.0, "linted": 0.95, "hinted": 0.8, "out-of-reach": 0.6}
_WHOLE = 0.7
"""Of the words of something that a program says, as a share: with so many of them it was said."""
_KNOWN = 1 / 3
"""Of the words, as a share: with fewer that are known the text is about something else."""
_FEW = 2
"""Words of which one is enough."""
_ENOUGH = 0.3
"""Of the best hit's weight: what is further off leads nowhere."""
_OTHERS = regex(r"\b(?:Redis|PG|ActiveRecord|Elasticsearch|OpenSearch|smtp)\b|\bNet::SMTP")
"""What Mastodon asks beside its storage."""
_OURS = regex(r"(?i)\b(?:Aws|Seahorse|paperclip|S3)\b|\b(?:S3|AWS)_")
_OF_VISITORS = 0.5
"""What counts of a finding under which uploads work, where an exception of Mastodon's own was raised."""
_RAISED = regex(r"\b(?:Aws|Seahorse)::")
_EXCEPTION = regex(r"\b(?:[A-Z]\w*::)+[A-Z]\w*|\b[A-Z]\w+(?:Error|Exception)\b")
_NAMED = regex(r"\b(?:[A-Z]\w*::)+[A-Z]\w*(?:Error|Timeout|RedLight)\b|\bAws::S3::Errors::\w+")
"""Exceptions, by their full names."""
_WORKS = ("Uploads work", "Nothing breaks")
"""How the consequence of such a finding begins."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A finding that may be behind it."""

    finding: FindingText
    weight: float


def behind(text: str, most: int = 6) -> list[Hit]:
    """The findings that may be behind ``text``, likeliest first; none where no word leads anywhere."""
    if _OTHERS.search(text) and not _OURS.search(text):
        return []
    asked, told = _asked(text), _told(text)
    weights: dict[str, float] = defaultdict(float)
    for word in asked:
        for finding_id, weight in _index().get(word, {}).items():
            weights[finding_id] += weight
    phrased = _phrased(asked)
    if not told and (not weights or _is_about_something_else(text, asked, phrased)):
        return []
    for finding_id, weight in phrased.items():
        weights[finding_id] += weight
    raised = _RAISED.search(text) is not None
    hits = [Hit(entry(name), weight * _prior(entry(name), raised)) for name, weight in weights.items()]
    hits += [Hit(entry(name), 0.0) for name in told if name not in weights]
    hits.sort(key=lambda hit: (-hit.weight, hit.finding.severity != "failure", ids().index(hit.finding.id)))
    least = hits[0].weight * _ENOUGH
    first = sorted((hit for hit in hits if hit.finding.id in told), key=lambda hit: -told[hit.finding.id])
    return [*first, *(hit for hit in hits if hit not in first and hit.weight >= least)][:most]


@dataclass(frozen=True, slots=True)
class Symptoms:
    """What a person may have met where a finding is the cause."""

    codes: tuple[str, ...]
    """Error codes and exceptions, without ``Aws::S3::Errors::``; those that it is the usual cause of come first."""
    usual: tuple[str, ...]
    says: tuple[str, ...]
    """Words of logs, screens and messages."""


def symptoms_of(finding_id: str) -> Symptoms:
    """What is known of it, with the exceptions that its own words name. Raises KeyError for an unknown id."""
    seen, said = _symptoms().get(finding_id, {}), tuple(_symptoms().get(finding_id, {}).get("says", ()))
    usual = tuple(seen.get("usual", ()))
    named = (name for text in (*entry(finding_id).every_consequence, *said) for name in _NAMED.findall(text))
    codes = (*usual, *seen.get("codes", ()), *(name.removeprefix("Aws::S3::Errors::") for name in named))
    return Symptoms(tuple(dict.fromkeys(codes)), usual, said)


def code_like(word: str) -> str:
    """The code or exception that ``word`` was meant to be, as it is written; ``""`` for none."""
    known = {code.rpartition("::")[2] for seen in _symptoms().values() for code in seen.get("codes", ())}
    return next(iter(get_close_matches(word.rpartition("::")[2], sorted(known), n=1, cutoff=0.8)), "")


def _told(text: str) -> dict[str, int]:
    """The findings that ``text`` names outright, and where it does so: the reason stands at the end of a sentence."""
    line = " ".join(text.split())
    found = {name: [one.end() for mark in marks for one in mark.finditer(line)] for name, marks in _telling().items()}
    return {name: max(ends) for name, ends in found.items() if ends}


def _phrased(asked: set[str]) -> dict[str, float]:
    """What is said where a finding is the cause, by finding; rare words are the more telling together."""
    found = {}
    for finding_id, phrases in _phrases().items():
        said = [phrase for phrase in phrases if len(phrase & asked) >= len(phrase) * _WHOLE]
        if said:
            found[finding_id] = sum(max(_index()[word].values(), default=0.0) for one in said for word in one & asked)
    return found


def _prior(known: FindingText, raised: bool) -> float:
    """Without a look at anything. What Mastodon itself was refused is no finding about visitors alone."""
    of_visitors = raised and known.consequence.startswith(_WORKS)
    return _PRIOR[known.state] * (_OF_VISITORS if of_visitors else 1)


def _asked(text: str) -> set[str]:
    """The words of a log line that mean something; an action's id stands for what it asks."""
    action = ACTIONS.get(text.strip())
    if action is not None:
        text = f"{action.row.title} {action.row.operation} {' '.join(action.row.needs)}"
    named = _BY_STATUS.sub(lambda found: f" {_BODILESS.get(found[2] or '', '')} {found[1] or ''} ", text)
    return set(_words(_NOISE.sub(" ", named)))


def _is_about_something_else(text: str, asked: set[str], phrased: Mapping[str, float]) -> bool:
    """Whether no error code is among the words, and too few of them are known, or the exception is none of S3's."""
    known = {word for word in asked if word in _index()}
    if any(len(word) > 6 and word in _codes() for word in known):
        return False
    raised = [name for found in _EXCEPTION.finditer(_NOISE.sub(" ", text)) for name in _words(found[0])]
    strange = bool(raised) and not phrased and not any(name in _said() for name in raised)
    return strange or (len(asked) > _FEW and len(known) < len(asked) * _KNOWN)


def _words(text: str) -> Iterable[str]:
    for found in _WORD.finditer(_MODULES.sub(" ", text)):
        word = found[0].lower()
        if word not in _COMMON and len(word) > 1:
            yield word.removesuffix("s") if len(word) > 4 and not word.endswith("ss") else word


def _symptoms() -> Mapping[str, Mapping[str, list[str]]]:
    return table("symptoms")


@cache
def _codes() -> frozenset[str]:
    return frozenset(word for seen in _symptoms().values() for code in seen.get("codes", ()) for word in _words(code))


@cache
def _said() -> frozenset[str]:
    """The words of all that programs say, and of what breaks in Mastodon."""
    said = (
        *(one for seen in _symptoms().values() for one in seen.get("says", ())),
        *(one for n in ids() for one in entry(n).every_consequence),
    )
    return frozenset(word for one in said for word in _words(one))


@cache
def _telling() -> Mapping[str, tuple[re.Pattern[str], ...]]:
    marks = {name: seen.get("tells", ()) for name, seen in _symptoms().items()}
    return {name: tuple(re.compile(mark, re.IGNORECASE) for mark in of) for name, of in marks.items() if of}


@cache
def _phrases() -> Mapping[str, tuple[frozenset[str], ...]]:
    """What programs say where a finding is the cause, each as its words; one word alone is no phrase."""
    split = {name: map(_words, seen.get("says", ())) for name, seen in _symptoms().items()}
    return {
        name: tuple(one for words in all_of if len(one := frozenset(words)) > _FEW) for name, all_of in split.items()
    }


@cache
def _index() -> Mapping[str, Mapping[str, float]]:
    """Word -> finding -> what the word says for it: rare words say more."""
    symptoms = _symptoms()
    found: dict[str, dict[str, float]] = {}
    for name in ids():
        known, seen = entry(name), symptoms.get(name, {})
        for weight, parts in (
            (_MEANT, (known.meaning, *known.told_apart)),
            (_TOLD, (*known.every_title, *known.every_consequence, name.replace("-", " "), known.permission or "")),
            (_SAID, seen.get("says", ())),
            (_CODE, (*seen.get("codes", ()), known.setting or "")),
            (_USUAL, seen.get("usual", ())),
        ):
            for word in _words(" ".join(parts)):
                found.setdefault(word, {})[name] = weight
    every = len(ids())
    return {
        word: {name: weight * math.log(1 + every / len(names)) for name, weight in names.items()}
        for word, names in found.items()
    }
