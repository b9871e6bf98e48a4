"""A proxy before the API that drops what stands behind ``?`` (nginx: ``proxy_pass http://HOST$uri``), or refuses it.

The query is part of the signature and says what is asked: without it a listing is a wrong signature, and a POST is none
of the API's calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Finding, Manual
from s3probe.diagnosis.rule import EVERY, OPEN, Layer, Rule
from s3probe.diagnosis.rules.before_the_storage import before_api
from s3probe.diagnosis.texts import finding
from s3probe.diagnosis.words import answered, refused_by_a_page
from s3probe.evidence.gates import Gate, stopped_at
from s3probe.evidence.observations import Observation
from s3probe.evidence.vocabulary import ActionId, Actor

_ENOUGH = 2
"""Refused signatures: one may be that of a request which this storage signs in another way."""
_PLAIN = (ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL, ActionId.GET, ActionId.HEAD)


def lost(case: Case) -> tuple[Observation, ...]:
    """Requests whose query did not arrive: the same key passes without one, and never with one."""
    plain = any(case.get(name).ok for name in _PLAIN)
    rows = tuple(o for o in case.all() if o.actor is Actor.MASTODON and o.http_status is not None and _has_query(o))
    refused = [o for o in rows if _by_signature(o)] or [o for o in rows if refused_by_a_page(o)]
    return rows if plain and len(refused) >= _ENOUGH and not any(o.ok for o in rows) else ()


def _has_query(seen: Observation) -> bool:
    """Whether a header signs it and a query says what is asked; a link holds its signature in the query."""
    query = urlsplit(seen.url).query
    return bool(query) and "X-Amz-" not in query


def _by_signature(seen: Observation) -> bool:
    """Garage says so in words alone, and calls it a lack of rights."""
    return stopped_at(seen) is Gate.SIGNATURE or "invalid signature" in (seen.message or "").lower()


def lost_queries(case: Case) -> Iterator[Finding]:
    """Only requests without a query pass."""
    rows = lost(case)
    if not rows:
        return
    refused = [o for o in rows if _by_signature(o)]
    if not refused:
        yield _turned_away(case, rows)
        return
    first = next((o for o in refused if o.id == ActionId.LIST), refused[0])
    yield finding(
        "proxy-rewrites-host-before-s3",
        case,
        how=f"{answered(first)}; with the same key every request without a query passed, and none with one: the query "
        "does not arrive",
        because=[o.id for o in refused],
        explains=[*(o.id for o in rows), ActionId.BATCH_DELETE, ActionId.PRESIGNED_GET],
        fixes=before_api(case, "api-path", "What stands behind ? belongs to the request: $uri in proxy_pass drops it."),
    )


def _turned_away(case: Case, rows: tuple[Observation, ...]) -> Finding:
    """A rule on the query answers in the storage's place."""
    refused = [o for o in rows if refused_by_a_page(o)]
    return finding(
        "proxy-refuses-uploads",
        case,
        how=f"{answered(refused[0])}; these words are not the storage's, and came to every request with a query, while "
        "those without one passed",
        because=[o.id for o in refused],
        explains=[*(o.id for o in rows), ActionId.BATCH_DELETE, ActionId.PRESIGNED_GET],
        fixes=[
            Manual("Let requests with a query pass to the API: remove the proxy's rule on it ($args, $query_string).")
        ],
        variant="large-files",
        effect="case",
        breaks="Files above 15 MiB fail, links to archives do not open, and the daily clean-up deletes nothing",
    )


RULES = (
    Rule(
        lost_queries,
        Layer.WAY,
        yields=("proxy-refuses-uploads", "proxy-rewrites-host-before-s3"),
        reads=(OPEN, EVERY, ActionId.LIST, *_PLAIN),
    ),
)
