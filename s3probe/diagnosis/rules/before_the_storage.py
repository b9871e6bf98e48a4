"""What stands before the storage at the published host, or before its API, and what is to be set there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Fix, Manual, ServerFix
from s3probe.diagnosis.words import sentences
from s3probe.evidence.addresses import proxy_stands_before
from s3probe.evidence.observations import Observation
from s3probe.evidence.vocabulary import ActionId, Actor, Header
from s3probe.knowledge import front
from s3probe.knowledge.front import Front, Stands
from s3probe.knowledge.providers import provider
from s3probe.knowledge.proxies import ANY, Middleman, Values, middlemen
from s3probe.knowledge.store import web_address
from s3probe.patterns import regex
from s3probe.records import replace
from s3probe.settings.mastodon import bucket_url, public_url
from s3probe.settings.model import Settings

_NGINX = "nginx"
NOTHING_MORE: Mapping[str, str] = MappingProxyType({})
_WHOLE = ("reach", "errors", "bytes", "type", "ranges", "circle", "folders", "query")
"""Topics for which the lines that ask the storage, in place of those that are there, do what is needed."""
_CONSOLE = {"cors": "cors", "root": "listing", "origin": "public_read", "reach": "public_read"}
"""Topics, and what the provider table calls them."""
_FOREIGN_COOKIES = regex(r"\s*(__cf|cf_|_cfuvid|AWSALB|__Host-cf|incap_|visid_|ak_|bm_)", re.I)


def front_of(case: Case) -> Front:
    """What answers at the published host."""
    return case.front or front.front_of(case.settings, fixes.provider_of(case), case.evidence)


def program(case: Case) -> str:
    """The id of the program of one's own that shows itself before the storage; ``""`` for none, and behind a CDN."""
    here = front_of(case)
    return here.name if here.stands is Stands.PROXY else ""


def storage_hosts(case: Case) -> set[str]:
    """The names under which Mastodon, and visitors without a proxy between, ask the storage itself."""
    asked = (ActionId.PUT_WITHOUT_ACL, ActionId.PUT_WITH_ACL, ActionId.LIST)
    urls = [*(case.get(name).url for name in asked), case.settings.api_base]
    if not proxy_stands_before(case.settings):
        urls.append(public_url(case.settings, ""))
    return {fixes.host_of(url) for url in urls if url}


def published_host(case: Case) -> str:
    """The host of media URLs as a browser sends it."""
    return urlsplit(public_url(case.settings, "")).netloc


def at_proxy(case: Case, topic: str, note: str = "", **more: str) -> tuple[Fix, ...]:
    """What is to be set at whatever stands before the storage, best first: a topic of ``proxies.toml``.

    Where it does not show what it is: in words, and as lines of the two that are likeliest. ``more``: further values
    for the lines.
    """
    here, values, outside = front_of(case), _values(case, more), _values(case, more, outside=True)
    if here.stands is Stands.PROVIDER:
        return (_at_provider(case, here, topic, outside),)
    if here.stands is Stands.CDN:
        first = _in_words(middlemen()[here.name], topic, outside)
        behind = middlemen()[here.behind or _NGINX]
        why = f"It stands behind {here.cdn}."
        if not here.behind:
            why = f"This is for a proxy of your own behind {here.cdn}, if there is one."
        return first, *_lines(behind, topic, values, why, note)
    known = middlemen().get(here.program)
    if known is not None:
        return _lines(known, topic, values, note) or (_in_words(known, topic, values),)
    said = middlemen()[ANY].says[topic]
    unknown = Manual(outside.fill(sentences(f"At what stands before <alias>: {said}.", note)))
    others = (middlemen()[name] for name in here.likeliest)
    return unknown, *(fix for one in others for fix in _lines(one, topic, values, note))


def before_api(case: Case, topic: str, note: str = "") -> tuple[Fix, ...]:
    """The same for what stands between Mastodon and the storage's API."""
    known, values = front.api_front_of(case.settings, case.evidence), _values(case)
    if known.id != ANY:
        return _lines(known, topic, values, note) or (_in_words(known, topic, values),)
    lines = _lines(middlemen()[_NGINX], topic, values, note)
    said = values.fill(middlemen()[ANY].says[topic])
    return *lines, Manual(f"Another proxy before the storage: {said}.")


def at_the_way_behind(case: Case) -> tuple[Fix, ...]:
    """Where to look when what shows itself before the API answers with errors of its own; nothing where none does."""
    return before_api(case, "api-reach") if shows_itself(case) else ()


def shows_itself(case: Case) -> bool:
    """Whether a program or CDN shows itself before the storage's own API."""
    return front.api_front_of(case.settings, case.evidence).id != ANY


def in_a_new_proxy(case: Case) -> tuple[Fix, ...]:
    """Lines that ask the storage, for a proxy that is not there yet."""
    nginx = middlemen()[_NGINX]
    return _lines(replace(nginx, place="a proxy of your own", places={}), "origin", _values(case), _ITS_NAME)


_ITS_NAME = "Set S3_ALIAS_HOST to its name."


def _lines(one: Middleman, topic: str, values: Values, *notes: str) -> tuple[Fix, ...]:
    """The program's own lines for the topic; none where it has no such setting."""
    whole = topic not in one.lines and topic in _WHOLE and topic not in (one.gone if not one.lines else ())
    template = one.lines.get(topic) or (one.lines.get("origin", "") if whole else "")
    gone = one.gone.get(topic, "")
    if not template and not gone:
        return ()
    place = one.places.get(topic) or (one.places.get("origin") if whole else "") or one.place
    said = (gone, one.notes.get(topic, ""), "" if one.tried else _ADVICE, *notes)
    note = sentences(*map(values.fill, said))
    separator = " " if one.id == "nginx" else "\n"
    value = separator.join(values.fill(template).split("\n")) if template else ""
    return (ServerFix(one.id, value, note, place=values.fill(place)),)


_ADVICE = "This is advice: nobody has tried these lines in Traefik."


def _in_words(one: Middleman, topic: str, values: Values) -> Manual:
    said = one.says.get(topic) or middlemen()[ANY].says[topic]
    return Manual(values.fill(f"At {one.name}: {said}."))


def _at_provider(case: Case, here: Front, topic: str, values: Values) -> Manual:
    """The provider's own switch; for its custom domain the rules of the CDN that it belongs to."""
    known = provider(here.name)
    switch = known.console.get(_CONSOLE.get(topic, ""), "").replace("{bucket}", case.settings.bucket_name)
    by_rule = middlemen()[here.rules].says.get(topic, "") if here.rules else ""
    said = switch or by_rule or known.keep_listing_off * (topic == "root")
    return Manual(values.fill(f"At {known.name}: {said or middlemen()[ANY].says[topic]}".rstrip(".") + "."))


def upstream(case: Case) -> tuple[str, str]:
    """Host and base URL of the bucket as the proxy should ask for it."""
    settings, store = case.settings, fixes.provider_of(case)
    if store.web_port:
        return published_host(case), web_address(settings, store)
    base = bucket_url(settings).rstrip("/")
    return urlsplit(base).netloc, base


def _values(case: Case, more: Mapping[str, str] = NOTHING_MORE, *, outside: bool = False) -> Values:
    """What the lines are filled in with; ``outside``: for a CDN, which asks from elsewhere.

    nginx looks names up while it works when there is a variable in ``proxy_pass`` (ngx_http_core_module, resolver),
    and knows nothing of /etc/hosts then. That is for clouds, whose addresses change; the name of a store of one's own
    is looked up once, as the machine does it, when ``proxy_pass`` holds no path.
    """
    settings, store = case.settings, fixes.provider_of(case)
    host, base = upstream(case)
    if store.web_port and not outside:
        base = _web_port(case)
    parts = urlsplit(base)
    name = parts.hostname or ""
    literal = name.replace(".", "").isdigit() or ":" in name
    kind = "webport" if store.web_port else "literal" if literal else "cloud" if store.hosts else "own"
    port = parts.port or (443 if parts.scheme == "https" else 80)
    texts = {
        "base": base,
        "scheme": parts.scheme,
        "host": host,
        "name": name,
        "port": str(port),
        "plain": "80" if parts.scheme == "https" else str(port),
        "path": parts.path,
        "alias": (settings.alias_host or "").split("/")[0] or published_host(case),
        "prefix": prefix_folder(settings),
        "api": urlsplit(settings.api_base).netloc,
        **more,
    }
    return Values(frozenset({kind, parts.scheme, *(("path",) if parts.path else ())}), texts)


def _web_port(case: Case) -> str:
    """The address of a store's own port for visitors: at the API's address, else at the machine of the proxy itself.

    The name of the API is mostly that of the proxy, which would ask itself.
    """
    api = fixes.host_of(case.settings.api_base)
    host = api if api.replace(".", "").isdigit() else "127.0.0.1"
    return web_address(case.settings, fixes.provider_of(case), host)


def prefix_folder(settings: Settings) -> str:
    """S3_KEY_PREFIX as a folder, ``""`` without one: what stands before every key."""
    prefix = settings.key_prefix.strip("/")
    return f"{prefix}/" if prefix else ""


def answered_before_the_storage(case: Case, seen: Observation) -> bool:
    """Whether a visitor was answered by the proxy or CDN at the published host, whose ways are its own."""
    published = fixes.host_of(case.get(ActionId.PUBLIC_GET).url)
    return seen.actor is Actor.VISITOR and proxy_stands_before(case.settings) and fixes.host_of(seen.url) == published


def own_cookies(seen: Observation) -> str:
    """``Set-Cookie`` of the media host, but for those a CDN sets to tell people from robots."""
    cookies = seen.headers.get(Header.SET_COOKIE, "")
    return "" if _FOREIGN_COOKIES.match(cookies) else cookies.partition("=")[0].strip()
