"""What all findings about a picture that visitors cannot see share."""

from __future__ import annotations

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Certainty, Finding, Fix
from s3probe.diagnosis.texts import finding
from s3probe.evidence.observations import Observation
from s3probe.evidence.vocabulary import ActionId, Actor, Experiment, ObservationId

ADDRESSES = (
    Experiment.PUBLIC_PROVIDER,
    Experiment.PUBLIC_ALIAS_WITH_BUCKET,
    Experiment.PUBLIC_ALIAS_WITHOUT_BUCKET,
    Experiment.PUBLIC_HOSTNAME,
    Experiment.PUBLIC_HOSTNAME_WITHOUT_BUCKET,
    Experiment.PUBLIC_HOSTNAME_WITH_PORT,
    Experiment.PUBLIC_ORIGIN,
    Experiment.PUBLIC_PATH_STYLE,
    Experiment.PUBLIC_VIRTUAL_HOST,
    Experiment.PUBLIC_REGIONAL,
    Experiment.PUBLIC_PLAIN_HTTP,
)
"""What the visitor tried (``evidence.addresses.other_addresses``, and where the provider serves visitors)."""


def working_addresses(case: Case) -> dict[ObservationId, Observation]:
    """The other addresses at which the very same picture was there."""
    return {name: seen for name in ADDRESSES if (seen := case.get(name)).ok}


def invisible(
    case: Case,
    finding_id: str,
    how: str,
    *fix: Fix,
    certainty: Certainty = Certainty.CERTAIN,
    target: str = "",
    variant: str = "",
    store: str = "",
) -> Finding:
    """A finding that explains why the published URL shows nothing; ``target`` is the host that it leads to.

    ``store``: the provider.
    """
    return finding(
        finding_id,
        case,
        how=how,
        because=[first_visit(case).id],
        explains=[
            ActionId.PUBLIC_CORS,
            ActionId.PUBLIC_RANGE,
            ActionId.PUBLIC_GET_CACHE,
            ActionId.PUBLIC_GET_AVATAR,
            ActionId.PUBLIC_GET_EMOJI,
            *_same_failure(case),
        ],
        fixes=fix,
        certainty=certainty,
        target=target,
        variant=variant,
        store=store,
    )


def first_visit(case: Case) -> Observation:
    """The visitor's look at the picture; with nothing uploaded, a request that did not get to the same host."""
    seen, root = case.get(ActionId.PUBLIC_GET), case.get(ActionId.PUBLIC_LIST_ALIAS)
    return root if not seen.ran and root.network is not None else seen


def _same_failure(case: Case) -> list[ObservationId]:
    """Other requests of a visitor that the same host did not answer, or not for anyone."""
    seen = first_visit(case)
    host = fixes.host_of(seen.url)
    visits = [o for o in case.all_open() if o.actor is Actor.VISITOR and fixes.host_of(o.url) == host]
    if (seen.http_status or 0) >= 500:
        return [o.id for o in visits if (o.http_status or 0) >= 500]
    # a limit that stops the first picture stops the rest
    return [o.id for o in visits if (o.network and seen.network) or (seen.http_status == 429 == o.http_status)]
