"""The addresses behind each place that a question is put to: by the functions that make them in a run. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress

from s3probe.evidence.addresses import other_addresses, proxy_stands_before
from s3probe.evidence.observations import NetworkFault, Observation, Outcome
from s3probe.evidence.vocabulary import ActionId, Actor, Fact
from s3probe.knowledge.providers import Provider, detect, provider
from s3probe.knowledge.public_hosts import is_whole, public_value
from s3probe.knowledge.recognition import has_own_hosts, recognitions
from s3probe.knowledge.store import web_address
from s3probe.planning.circumstances import Circumstances
from s3probe.planning.occasions import Addressee
from s3probe.probe.instance import instance_call
from s3probe.probe.trials import SKEW_LIMIT, Trial, at_other_ports, trials
from s3probe.settings.mastodon import bucket_url, public_url
from s3probe.settings.model import Settings
from s3probe.settings.ruby import RubyError
from s3probe.settings.urls import split

_AT_THE_STORAGE = frozenset(
    {
        *(ActionId.REACH_ENDPOINT, ActionId.CLOCK, ActionId.PUBLIC_LIST, ActionId.PUBLIC_VERSIONS),
        *(ActionId.PUBLIC_UPLOADS, ActionId.PUBLIC_POLICY, ActionId.PUBLIC_ACL, ActionId.PUBLIC_WRITE),
        *(ActionId.PUBLIC_DELETE_ORIGIN, ActionId.ARCHIVE_ORIGIN_GET, ActionId.PRESIGNED_GET),
        ActionId.PRESIGNED_EXPIRED,
    }
)
"""What a visitor asks of the storage itself; all else he asks where Mastodon publishes files."""
_CODES = (
    "AuthorizationHeaderMalformed",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "NoSuchBucket",
    "InternalError",
)
"""One refusal for each gate at which a storage stops a signed request (``evidence.gates``), and MinIO's at a port."""


def place_of(action: ActionId, settings: Settings) -> Addressee:
    """Whom a row of the report is asked of."""
    if action is ActionId.PUBLIC_CSP:
        return Addressee.INSTANCE
    if action is ActionId.PUBLIC_DELETE:
        return Addressee.PUBLISHED if proxy_stands_before(settings) else Addressee.STORAGE
    if action.row.by is Actor.MASTODON or action in _AT_THE_STORAGE:
        return Addressee.STORAGE
    return Addressee.PUBLISHED


def origins(place: Addressee, around: Circumstances) -> tuple[str, ...]:
    """Scheme, host and port of all addresses of a place; none where these settings lead nowhere."""
    if place not in around.found:
        urls: list[str] = []
        with suppress(RubyError, ValueError):  # the second: an address that is none
            urls += filter(None, map(origin_of, _urls(place, around)))
        around.found[place] = tuple(dict.fromkeys(urls))
    return around.found[place]


def _urls(place: Addressee, around: Circumstances) -> Iterator[str]:
    settings = around.settings
    if place is Addressee.STORAGE:
        yield bucket_url(settings)
    elif place is Addressee.SERVICE:
        yield settings.api_base
    elif place is Addressee.PUBLISHED:
        yield public_url(settings, "")
    elif place is Addressee.ELSEWHERE:
        yield from (url for _name, url in other_addresses(settings, ""))
    elif place is Addressee.INSTANCE:
        if (call := instance_call(settings.web_domain or "")) is not None:
            yield call.url
    elif place is Addressee.PROVIDER:
        for url in _for_visitors(settings):
            yield url
            if not around.no_trials:  # published there, it is also asked for without TLS
                yield url.replace("https:", "http:", 1)
    else:
        yield from (bucket_url(trial.conditions.settings) for trial in trials_of_the_key(around))
        for usual in dict.fromkeys(store.api_port for store in stores(settings)):
            yield from (endpoint for _port, endpoint in at_other_ports(settings, usual))


def origin_of(url: str) -> str:
    """``https://host`` or ``https://host:9000`` of a URL; ``""`` of what is none that is asked."""
    parts = split(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    own = parts.port in (None, 443 if parts.scheme == "https" else 80)
    return f"{parts.scheme}://{host}{'' if own else f':{parts.port}'}"


def stores(settings: Settings) -> tuple[Provider, ...]:
    """What the storage may turn out to be: a provider is known by its host, and anything else by what it answers."""
    known = detect(settings.api_base)
    if has_own_hosts(settings.api_base):
        return (known,)
    return (known, *(provider(name) for name in recognitions() if name != known.id))


def _for_visitors(settings: Settings) -> Iterator[str]:
    """Where a provider serves visitors, and the port at which a store does."""
    for store in stores(settings):
        value = public_value(settings, store)
        if is_whole(value):
            yield f"https://{value}"
        if store.web_port and settings.alias_host:
            yield web_address(settings, store)


def trials_of_the_key(around: Circumstances) -> Iterator[Trial]:
    """All that may be tried where no signed request gets as far as the bucket: what :func:`trials` gives for every way
    in which one can be stopped.
    """
    maker, rule = around.maker, around.rule
    conditions, seen = maker.of(around.settings), set[str]()
    with suppress(RubyError, ValueError):
        for stopped in _stops(bucket_url(around.settings)):
            for trial in trials(maker, conditions, stopped, 2 * SKEW_LIMIT):
                call = trial.conditions.wire.list_objects()
                if (mark := f"{trial.id} {call.url}") not in seen and not rule.objection(call):
                    seen.add(mark)
                    yield trial


def _stops(url: str) -> Iterable[Observation]:
    def stopped(outcome: Outcome, **how: object) -> Observation:
        row = ActionId.LIST.row
        return Observation(ActionId.LIST, row.title, row.operation, row.by, outcome, url=url, **how)  # type: ignore[arg-type]  # fields by name

    yield from (stopped(Outcome.UNREACHABLE, network=fault) for fault in NetworkFault)
    yield from (stopped(Outcome.REJECTED, http_status=400, error_code=code) for code in _CODES)
    yield stopped(Outcome.DENIED, http_status=403, facts={Fact.S3: "yes"})
    yield stopped(Outcome.WRONG, http_status=404)
