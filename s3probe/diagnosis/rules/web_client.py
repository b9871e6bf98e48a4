"""What Mastodon's web client needs beside the picture: CORS, a page that allows the host, ranges, safe headers."""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.diagnosis import bucket_fixes, fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Certainty, EnvFix, Finding, Fix, Manual, Severity
from s3probe.diagnosis.page_hosts import FORBIDDEN, SCRIPTS, allow, allowed_hosts, for_scripts_alone, version_of
from s3probe.diagnosis.rule import Layer, Rule, Tier
from s3probe.diagnosis.rules.before_the_storage import at_proxy, before_api, front_of, program, shows_itself
from s3probe.diagnosis.texts import finding
from s3probe.diagnosis.words import listed
from s3probe.evidence.caches import cache_hit, keeps_nothing
from s3probe.evidence.observations import Observation
from s3probe.evidence.page_policy import shuts_in
from s3probe.evidence.release import release_of
from s3probe.evidence.vocabulary import FOLDER_VISITS, ActionId, Experiment, ExperimentWith, Fact, Header
from s3probe.knowledge.front import Stands

_TOO_SHORT = 600
"""Seconds: what a browser keeps for less it fetches again on the next page."""


def csp(case: Case) -> Iterator[Finding]:
    """Mastodon's pages forbid the browser to show what the media host serves."""
    seen = [o for o in case.open(ActionId.PUBLIC_CSP) if o.facts.get(Fact.MISSING)]
    if not seen:
        if case.evidence is not None and _path_is_no_folder(case) and not case.get(ActionId.PUBLIC_CSP).ran:
            alone = SCRIPTS if for_scripts_alone(case) else ""
            yield finding(
                "csp-one-directive-lacks-media-host" if alone else "csp-missing-media-host",
                case,
                how=_no_folder(case),
                certainty=Certainty.LIKELY,
                fixes=[_NO_PATH],
                severity=Severity.WARNING if alone else None,
                directive=alone,
                effect="case" if alone else "",
                breaks=FORBIDDEN.get(alone, ""),
            )
        return
    host = fixes.host_of(seen[0].facts[Fact.MEDIA])
    missing = seen[0].facts[Fact.MISSING].split()
    named = any(host in allowed for allowed in allowed_hosts(case))
    # the file allows the host already: the running Mastodon has another one, or a proxy sends a policy of its own
    advice = Manual("Restart Mastodon's web service; if that does not help, the proxy before it sends its own policy.")
    extra = allow(case, host)
    how = f"the Content-Security-Policy of {seen[0].url} does not allow {host} in {listed(missing)}"
    if _path_is_no_folder(case):
        how = f"{how}. {_no_folder(case)}"
        offered: list[Fix] = [_NO_PATH]
    elif named:
        how, offered = f"{how}. The settings do allow it", [advice]
    else:
        offered = [extra, advice]
    # Mastodon names a host in all three or in none, before 4.3 for scripts only: another one alone is not its doing
    alone = missing[0] if len(missing) == 1 else ""
    if alone and not (alone == SCRIPTS and for_scripts_alone(case)):
        offered = [advice]
    yield finding(
        "csp-one-directive-lacks-media-host" if alone else "csp-missing-media-host",
        case,
        how=how,
        because=[seen[0].id],
        fixes=offered,
        severity=Severity.WARNING if alone == SCRIPTS else None,
        directive=alone,
        effect="case" if alone else "",
        breaks=FORBIDDEN.get(alone, ""),
    )


_NO_PATH = Manual(
    "Upgrade Mastodon (4.1.3, 4.2 and later can), or give the media host a name of its own, without a path behind it."
)


def _path_is_no_folder(case: Case) -> bool:
    """Whether S3_ALIAS_HOST has a path, and this release names it in its policy without the slash at its end."""
    release = release_of(version_of(case))
    alias = case.settings.alias_host or ""
    return release is not None and not release.path_in_policy and "/" in alias and not alias.endswith("/")


def _no_folder(case: Case) -> str:
    return (
        f"Mastodon {version_of(case)} names https://{case.settings.alias_host} there without a slash at its end, which "
        "allows that one address and nothing below it"
    )


def embedding(case: Case) -> Iterator[Finding]:
    """The media host forbids pages of another origin or site to show what it serves."""
    for seen in case.open(ActionId.PUBLIC_EMBED):
        header = "Cross-Origin-Resource-Policy"
        policy, host = seen.headers.get(Header.CROSS_ORIGIN_RESOURCE_POLICY, ""), fixes.host_of(seen.url)
        yield finding(
            "resource-policy-forbids-embedding",
            case,
            how=f"GET {seen.url} came with {header}: {policy}, and Mastodon's pages are at {case.settings.web_domain}",
            because=[seen.id],
            fixes=at_proxy(case, "embedding", "It takes the place of the line that sets it now."),
            media_host=host,
            policy=policy,
        )


def cors(case: Case) -> Iterator[Finding]:
    """Scripts of the web interface may not read media."""
    seen = case.open(ActionId.PUBLIC_CORS)
    shown = case.get(ActionId.PUBLIC_GET)
    # a page in place of the picture has headers of its own
    page = shown.failed and (shown.facts.get(Fact.MARKUP) or shown.facts.get(Fact.ROOT))
    if not seen or not seen[0].facts.get(Fact.ALLOWED) or page:
        return
    row = seen[0]
    origin, allowed = row.facts.get(Fact.ORIGIN, ""), row.facts[Fact.ALLOWED]
    if "," in allowed:
        how = f"Access-Control-Allow-Origin came {allowed.count(',') + 1} times: {allowed}"
        offered = at_proxy(case, "cors", _IN_PLACE)
        yield finding("cors-duplicated-header", case, how=how, because=[row.id], fixes=offered)
        return
    how = f"a request with Origin {origin} got Access-Control-Allow-Origin: {allowed}"
    if allowed == "none":
        how = f"a request with Origin {origin} got no Access-Control-Allow-Origin"
    if case.get(Experiment.CORS_ORIGIN).ok:
        yield _lost_on_the_way(case, row, how, allowed)
        return
    other = next((o for o in case.every(ExperimentWith.CORS) if o.ok), None)
    named = other.facts.get(Fact.ORIGIN, "") if other else "" if allowed == "none" else allowed
    # a rule that lets nobody read may leave out the origin or the method
    variant = "other" if named else "none" if _rule_exists(case) else ""
    known = case.settings.web_domain is not None
    at_store = bucket_fixes.cors(case)
    # where a proxy of one's own answers, it can add the header itself, whatever the bucket says
    here: list[Fix] = [*at_proxy(case, "cors", _IN_PLACE)] if program(case) else _before_api(case, origin)
    yield finding(
        "cors-origin-mismatch" if variant else "cors-missing",
        case,
        how=f"{how}. A request with Origin {named} got its own" if other else how,
        because=[row.id],
        fixes=[*here, at_store],
        variant=variant,
        allowed=named,
        origin=origin,
        certainty=Certainty.CERTAIN if known else Certainty.LIKELY,
    )


def _before_api(case: Case, origin: str) -> list[Fix]:
    """Where a program before the API is the public host too: the storage's rule allows the origin in a preflight.

    A preflight is none of what a cache keeps; the picture without the header is.
    """
    asked_first = case.get(Experiment.CORS_PREFLIGHT).headers.get(Header.ACCESS_CONTROL_ALLOW_ORIGIN, "")
    return [*before_api(case, "cors", _IN_PLACE)] if asked_first in ("*", origin) and shows_itself(case) else []


_IN_PLACE = "It takes the place of the lines that send it now."


def _lost_on_the_way(case: Case, row: Observation, how: str, allowed: str) -> Finding:
    """The storage allows the origin, the published host does not: changed there, or an older answer out of a cache."""
    offered = at_proxy(case, "cors", "" if allowed == "none" else _IN_PLACE)
    fresh = case.get(Experiment.CORS_FRESH)
    if cache_hit(row) and fresh.ok:
        cached = f"{how}. This came from a cache: a request that no cache knew got one"
        return finding("cors-cached-without-vary", case, how=cached, because=[row.id], fixes=offered)
    if allowed != "none":
        how, origin = f"{how}. The storage itself allows it", row.facts.get(Fact.ORIGIN, "")
        return finding(
            "cors-origin-mismatch",
            case,
            how=how,
            because=[row.id],
            fixes=offered,
            variant="other",
            allowed=allowed,
            origin=origin,
        )
    return finding("cors-missing", case, how=f"{how}. The storage itself sends one", because=[row.id], fixes=offered)


def _rule_exists(case: Case) -> bool:
    """Whether there are CORS rules, and none for this origin: as the bucket or AWS ("Troubleshooting CORS") says.

    Garage has AWS's sentence without its first word, and says it where there are no rules as well.
    """
    message = (case.get(Experiment.CORS_PREFLIGHT).message or "").lower()
    return case.get(Experiment.READ_CORS).ok or "corsresponse: this cors request is not allowed" in message


def ranges(case: Case) -> Iterator[Finding]:
    """A player asked for two bytes and got the whole file, or nothing."""
    seen = [o for o in case.open(ActionId.PUBLIC_RANGE) if o.facts.get(Fact.RANGE)]
    # a limit or an error says nothing of ranges
    if not seen or seen[0].http_status == 429 or (seen[0].http_status or 0) >= 500:
        return
    row = seen[0]
    how = f"a player's request for two bytes was answered {row.http_status} instead of 206"
    # the storage's own answer decides whose fault it is; a store without ranges cannot be fixed from here
    at_store = case.get(ActionId.GET_RANGE)
    by_proxy = front_of(case).stands is not Stands.DIRECT and (at_store.ok or not at_store.ran)
    offered: tuple[Fix, ...] = (
        at_proxy(case, "ranges")
        if by_proxy
        else (Manual("Put a proxy that knows ranges before the storage (nginx: proxy_cache, proxy_force_ranges on)."),)
    )
    yield finding(
        "range-requests-broken-for-viewers",
        case,
        how=f"{how}. The storage itself answers 206" if at_store.ok else how,
        because=[row.id],
        fixes=offered,
        severity=None if by_proxy else Severity.NOTICE,
        certainty=Certainty.CERTAIN if at_store.ok else Certainty.LIKELY,
    )


def cache_control(case: Case) -> Iterator[Finding]:
    """Mastodon's Cache-Control was stored and does not come out: browsers fetch every picture again."""
    seen = case.get(ActionId.PUBLIC_GET)
    own = case.get(ActionId.GET).headers.get(Header.CACHE_CONTROL, "")
    value = seen.facts.get(Fact.CACHE_CONTROL, "").lower()
    if not seen.ok or not keeps_nothing(value) or not own:
        return
    by_proxy = front_of(case).stands is not Stands.DIRECT
    yield finding(
        "cache-control-missing",
        case,
        how=f"the storage keeps Cache-Control: {own}. Visitors get {value}",
        because=[seen.id],
        fixes=at_proxy(case, "cache-control"),
        severity=None if by_proxy else Severity.NOTICE,
    )


def safe_headers(case: Case) -> Iterator[Finding]:
    """Uploaded files on a host that shares the instance's cookies, without the headers that make them harmless."""
    seen = case.get(ActionId.PUBLIC_GET)
    web = (case.settings.web_domain or "").lower().split(":")[0]
    host = fixes.host_of(seen.url)
    if not seen.ok or not web or not host:
        return
    safe = "nosniff" in seen.headers.get(Header.X_CONTENT_TYPE_OPTIONS, "").lower()
    safe = safe and shuts_in(seen.headers.get(Header.CONTENT_SECURITY_POLICY, ""))
    if host in (web, (case.settings.environment.get("LOCAL_DOMAIN") or "").lower()):
        note = "Give that name a proxy of its own first."
        fix: Fix = EnvFix("S3_ALIAS_HOST", f"files.{host}", note=note, conditional=True)
        how = f"media are published under {host}, where Mastodon itself is"
        yield finding(
            "files-host-shares-domain-cookies",
            case,
            how=how,
            because=[seen.id],
            fixes=[fix],
            severity=Severity.NOTICE if safe else None,
        )
    elif not safe and front_of(case).between and (host.endswith(f".{web}") or program(case)):
        how = f"pictures of {host} come without X-Content-Type-Options: nosniff, or without a strict CSP"
        yield finding(
            "nosniff-and-sandbox-missing",
            case,
            how=how,
            because=[seen.id],
            fixes=at_proxy(case, "headers"),
            severity=Severity.NOTICE,
        )


_INNERMOST = "It must stand in the innermost location."


def lost_in_a_folder(case: Case) -> Iterator[Finding]:
    """Scripts may read one folder and not another: nginx forgets add_header in a location that has its own."""
    shown = [o for o in map(case.get, FOLDER_VISITS) if o.ok]
    lost = [o for o in shown if not o.headers.get(Header.ACCESS_CONTROL_ALLOW_ORIGIN)]
    if lost and case.get(ActionId.PUBLIC_CORS).ok and front_of(case).between:
        yield finding(
            "proxy-cors-lost-on-errors-or-nested-location",
            case,
            how=f"GET {lost[0].url} came without Access-Control-Allow-Origin, a file in media_attachments/ with it",
            because=[o.id for o in lost],
            fixes=at_proxy(case, "cors", _INNERMOST if program(case) == "nginx" else ""),
        )


def ipv4_and_ipv6(case: Case) -> Iterator[Finding]:
    """The admin's own media host is known to IPv4 alone, or to IPv6 alone."""
    reachability = case.get(Experiment.VIEWER_FAMILIES).facts
    kinds = reachability.get(Fact.ADDRESSES, "")
    shown = case.get(ActionId.PUBLIC_GET)
    if not kinds or not shown.ok or front_of(case).stands is not Stands.PROXY:
        return
    host = fixes.host_of(shown.url)
    if kinds == "ipv4 ipv6":
        yield from _silent_family(case, host)
        return
    record, family = ("AAAA", "IPv4") if kinds == "ipv4" else ("A", "IPv6")
    yield finding(
        "viewers-ipv4-only-alias",
        case,
        how=f"DNS gives {host} {family} addresses alone",
        because=[Experiment.VIEWER_FAMILIES],
        severity=Severity.WARNING if kinds == "ipv6" else None,
        family=family,
        fixes=[Manual(f"Publish an {record} record for {host} as well, and let its web server listen there.")],
    )


def _silent_family(case: Case, host: str) -> Iterator[Finding]:
    """Both addresses are published, this machine has a way to both, and one does not answer."""
    reachability = case.get(Experiment.VIEWER_FAMILIES).facts
    answers, routes = reachability.get(Fact.CONNECTS, ""), reachability.get(Fact.ROUTES, "")
    if answers not in ("ipv4", "ipv6") or routes != "ipv4 ipv6":
        return
    silent = "IPv6" if answers == "ipv4" else "IPv4"
    yield finding(
        "media-host-address-silent",
        case,
        how=f"DNS gives {host} addresses of both kinds, and its {silent} address does not answer from here",
        because=[Experiment.VIEWER_FAMILIES],
        fixes=[Manual(f"Let the web server of {host} listen there, or remove that address from DNS.")],
        certainty=Certainty.LIKELY,
        family=silent,
    )


def development_host(case: Case) -> Iterator[Finding]:
    """Cloudflare's r2.dev names are for trying things out: they are throttled and never cached."""
    host = fixes.host_of(case.get(ActionId.PUBLIC_GET).url)
    if host.endswith(".r2.dev"):
        advice = Manual("Connect a domain of your own to the bucket in Cloudflare, and put it into S3_ALIAS_HOST.")
        yield finding(
            "r2-dev-url-throttled",
            case,
            how=f"media are published under {host}",
            because=[ActionId.PUBLIC_GET],
            fixes=[advice],
        )


RULES = (
    Rule(
        embedding,
        Layer.BROWSERS,
        yields=("resource-policy-forbids-embedding",),
        reads=(ActionId.PUBLIC_EMBED, ActionId.PUBLIC_GET),
    ),
    Rule(
        cors,
        Layer.BROWSERS,
        yields=("cors-cached-without-vary", "cors-duplicated-header", "cors-missing", "cors-origin-mismatch"),
        reads=(
            ActionId.PUBLIC_CORS,
            ActionId.PUBLIC_GET,
            Experiment.CORS_FRESH,
            Experiment.CORS_ORIGIN,
            Experiment.CORS_PREFLIGHT,
            ExperimentWith.CORS,
            Experiment.READ_CORS,
        ),
    ),
    Rule(
        csp,
        Layer.BROWSERS,
        yields=("csp-missing-media-host", "csp-one-directive-lacks-media-host"),
        reads=(ActionId.PUBLIC_CSP,),
    ),
    Rule(
        ranges,
        Layer.BROWSERS,
        yields=("range-requests-broken-for-viewers",),
        tier=Tier.REQUESTS,
        reads=(
            ActionId.GET_RANGE,
            ActionId.PUBLIC_GET,
            ActionId.PUBLIC_RANGE,
        ),
    ),
    Rule(
        cache_control,
        Layer.BROWSERS,
        yields=("cache-control-missing",),
        reads=(ActionId.GET, ActionId.PUBLIC_GET),
    ),
    Rule(
        safe_headers,
        Layer.BROWSERS,
        yields=("files-host-shares-domain-cookies", "nosniff-and-sandbox-missing"),
        reads=(ActionId.PUBLIC_GET,),
    ),
    Rule(
        lost_in_a_folder,
        Layer.BROWSERS,
        yields=("proxy-cors-lost-on-errors-or-nested-location",),
        reads=(
            ActionId.PUBLIC_CORS,
            ActionId.PUBLIC_GET,
            ActionId.PUBLIC_GET_AVATAR,
            ActionId.PUBLIC_GET_CACHE,
            ActionId.PUBLIC_GET_EMOJI,
        ),
    ),
    Rule(
        ipv4_and_ipv6,
        Layer.BROWSERS,
        yields=("media-host-address-silent", "viewers-ipv4-only-alias"),
        reads=(ActionId.PUBLIC_GET, Experiment.VIEWER_FAMILIES),
    ),
    Rule(development_host, Layer.BROWSERS, yields=("r2-dev-url-throttled",), reads=(ActionId.PUBLIC_GET,)),
)
