"""A cache between Mastodon and the storage's API: it answers for the storage, and turns HEAD into GET."""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Finding
from s3probe.diagnosis.rule import EVERY, OPEN, Layer, Rule
from s3probe.diagnosis.rules.before_the_storage import before_api
from s3probe.diagnosis.rules.lost_queries import lost
from s3probe.diagnosis.texts import finding
from s3probe.diagnosis.words import in_turn, words
from s3probe.evidence.observations import Outcome
from s3probe.evidence.vocabulary import ActionId, Actor, Experiment, Fact

_BY_HEAD = (ActionId.HEAD, ActionId.HEAD_PART, Experiment.ACL_READ_BACK)
_GONE = (ActionId.DELETE, ActionId.BATCH_DELETE)


def cached(case: Case) -> Iterator[Finding]:
    """A signed HEAD alone is refused, or a deleted file is found until nobody can have asked so before.

    HEAD and GET take the same right, and the signature holds the method: a cache that fetches a file when it is asked
    for its head changes it (nginx: proxy_cache_convert_head).
    """
    heads = [o for o in map(case.get, _BY_HEAD) if o.outcome is Outcome.DENIED and o.method == "HEAD"]
    unasked = {o.id for o in lost(case)}
    heads = [o for o in heads if o.id not in unasked] if case.get(ActionId.GET).ok else []
    kept = [o for o in case.open(*_GONE) if o.facts.get(Fact.GONE) == "no"]
    # a cache whose key leaves out the query knows every question: there it gives itself away by another HEAD
    bucket = case.get(Experiment.HEAD_BUCKET)
    changed = bucket.outcome is Outcome.DENIED and bucket.method == "HEAD" and case.get(ActionId.LIST).ok
    past = case.get(Experiment.HEAD_PAST_CACHES).ok
    kept = kept if past or changed else []
    if not heads and not kept:
        return
    how = found = ""
    if heads:
        how = f"HEAD was answered {words(heads[0])}, and GET of the same file 200, which takes the same right"
    if kept and past:
        found = "A deleted file was still found, and was gone for a question that no cache knows"
    elif kept:
        found = (
            f"A deleted file was still found. HEAD of the bucket was answered {words(bucket)}, and its listing 200, "
            "which takes the same right"
        )
    host = fixes.host_of(case.settings.api_base)
    # whoever asks the same host gets what was kept as well, also a stranger, and through a link that has expired
    others = (o for o in case.all_open() if fixes.host_of(o.url) == host)
    visits = [o.id for o in others if o.actor is Actor.VISITOR or o.id in (*_GONE, ActionId.PRESIGNED_EXPIRED)]
    yield finding(
        "proxy-caches-s3-api",
        case,
        how=in_turn(how, found),
        because=[o.id for o in (*heads, *kept)],
        explains=[*_BY_HEAD, ActionId.GET_RANGE, ActionId.RESTORED_PUBLIC_GET, *visits],
        fixes=before_api(case, "api-head"),
    )


RULES = (
    Rule(
        cached,
        Layer.WAY,
        yields=("proxy-caches-s3-api",),
        reads=(
            EVERY,
            OPEN,
            ActionId.BATCH_DELETE,
            ActionId.DELETE,
            ActionId.GET,
            ActionId.HEAD,
            ActionId.HEAD_PART,
            ActionId.LIST,
            Experiment.ACL_READ_BACK,
            Experiment.HEAD_BUCKET,
            Experiment.HEAD_PAST_CACHES,
        ),
    ),
)
