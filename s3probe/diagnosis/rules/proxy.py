"""What a proxy or CDN does wrong although the picture is there: caches, queries, methods, headers, redirects."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Certainty, EnvFix, Finding, Fix, Manual, Severity
from s3probe.diagnosis.rule import Layer, Rule
from s3probe.diagnosis.rules.before_the_storage import (
    GOOD_ANSWERS_ONLY,
    at_proxy,
    cdn,
    own_cookies,
    proxied,
    proxy_lines,
)
from s3probe.diagnosis.rules.large_files import NO_PARTS
from s3probe.diagnosis.texts import finding
from s3probe.diagnosis.words import words
from s3probe.evidence.caches import cache_hit
from s3probe.evidence.observations import Observation
from s3probe.evidence.vocabulary import FOLDER_VISITS, OTHER_FOLDERS, ActionId, Experiment, Fact, Header, ObservationId


def redirects(case: Case) -> Iterator[Finding]:
    """The published host sends visitors on to a host that Mastodon's pages do not allow."""
    seen = case.get(ActionId.PUBLIC_GET)
    target = seen.led_to
    if not target or not seen.ok:
        return
    page = case.open(ActionId.PUBLIC_CSP)
    refused = bool(page and page[0].facts.get(Fact.REDIRECT))
    host = urlsplit(target).netloc
    if not case.get(ActionId.PUBLIC_CSP).ran:
        refused = not any(host in allowed for allowed in case.settings.csp_media_hosts)
    plain = target.startswith("http://")
    by_store = seen.facts.get(Fact.REDIRECT_CODE, "") in ("TemporaryRedirect", "PermanentRedirect", "Redirect")
    if not (refused or plain or (by_store and case.settings.alias_host)):
        return
    how = f"the published URL leads on to {target}"
    how += ", which is not https" if plain else ", which the pages do not allow" if refused else ""
    because = [ActionId.PUBLIC_GET, *(o.id for o in page if refused and not o.facts.get(Fact.MISSING))]
    proxy = at_proxy(case, proxy_lines(case), "origin", "instead of a redirect")
    if by_store and case.settings.alias_host:
        severity = None if refused or plain else Severity.NOTICE
        yield finding("cdn-origin-region-mismatch", case, how=how, because=because, fixes=proxy, severity=severity)
        return
    allow: Fix = EnvFix("EXTRA_MEDIA_HOSTS", f"https://{host}", case.settings.environment.line_of("EXTRA_MEDIA_HOSTS"))
    certainty = Certainty.CERTAIN if case.get(ActionId.PUBLIC_CSP).ran else Certainty.LIKELY
    if plain:
        finding_id, offered = "media-redirects-to-plain-http", proxy
    elif case.settings.alias_host:
        finding_id, offered = "alias-redirects-to-other-host", (allow, *proxy)
    else:
        finding_id, offered = "csp-missing-media-host", (allow,)
    yield finding(finding_id, case, how=how, because=because, fixes=offered, certainty=certainty, target=host)


def errors_as_pictures(case: Case) -> Iterator[Finding]:
    """What is refused or missing at the storage is answered with 200 at the published host."""
    pairs: tuple[tuple[ObservationId, ObservationId], ...] = (
        (ActionId.ARCHIVE_PUBLIC_GET, ActionId.ARCHIVE_ORIGIN_GET),
        (ActionId.PUBLIC_MISSING, ActionId.PUBLIC_MISSING),
        *OTHER_FOLDERS.values(),
    )
    missing = case.get(ActionId.PUBLIC_MISSING)
    if missing.ran and missing.http_status != 200:
        pairs = pairs[1:]  # errors keep their status: a page for /backups/ is meant
    for name, origin in pairs:
        seen, at_storage = case.get(name), case.get(origin)
        refused = (at_storage.http_status or 0) >= 400 or name == origin
        if (
            seen.http_status != 200
            or seen.facts.get(Fact.OPEN)
            or seen.facts.get(Fact.SERVICE)
            or seen.led_to
            or not refused
            or not proxied(case, seen)
        ):
            continue
        what = seen.headers.get(Header.CONTENT_TYPE, "something else")
        yield finding(
            "proxy-serves-error-as-image",
            case,
            how=f"GET {seen.url} gave 200 ({what}), though there is nothing to see at the storage",
            because=[seen.id],
            explains=[o.id for o in case.open(*FOLDER_VISITS) if o.http_status == 200],
            fixes=at_proxy(case, "proxy_intercept_errors off;", "errors", "and remove error_page ... =200"),
            severity=Severity.WARNING,
        )
        return


def caches_errors(case: Case) -> Iterator[Finding]:
    """The published host still refuses a file that the storage shows."""
    # a folder that the proxy does not pass on is answered the same way: a file that nobody asked for decides
    for name, proof in (
        (ActionId.RESTORED_PUBLIC_GET, Experiment.RESTORED_ORIGIN),
        (ActionId.PUBLIC_GET_CACHE, Experiment.UNASKED),
    ):
        # an error of this very moment is none that a cache has kept
        kept = [o for o in case.open(name) if o.network is None and (not o.inconclusive or cache_hit(o))]
        # a conflict is Swift's own word for parts that are closed
        seen = [o for o in kept if case.get(proof).ok and o.http_status != NO_PARTS]
        if not seen:
            continue
        yield _kept_error(case, seen[0], f"GET {seen[0].url} is answered {words(seen[0])}")
        return


def _kept_error(case: Case, seen: Observation, how: str) -> Finding:
    names_cdn = cdn(seen)
    at_storage = case.get(Experiment.RESTORED_ORIGIN).ok or case.get(Experiment.CACHE_ORIGIN).ok
    proof = "the storage itself shows the file" if at_storage else "one that nobody had asked for is shown"
    shown = "from a cache, " if cache_hit(seen) else ""
    return finding(
        "proxy-caches-errors",
        case,
        how=f"{how}, {shown}while {proof}",
        because=[seen.id],
        fixes=at_proxy(case, GOOD_ANSWERS_ONLY, "error-cache", "empty the cache once"),
        certainty=Certainty.CERTAIN if cache_hit(seen) else Certainty.LIKELY,
        # a CDN forgets errors in seconds unless told otherwise
        severity=Severity.NOTICE if names_cdn else None,
    )


def keeps_deleted(case: Case) -> Iterator[Finding]:
    """A deleted picture is still shown, out of a cache. The guide's own proxy does so for two days."""
    seen = [o for o in case.open(ActionId.DELETED_PUBLIC_GET) if o.facts.get(Fact.OPEN)]
    if not seen:
        return
    yield finding(
        "cdn-keeps-deleted-media",
        case,
        how=f"a deleted picture could still be opened at {fixes.host_of(seen[0].url)}",
        because=[seen[0].id],
        fixes=[
            fixes.env(
                case,
                "CACHE_BUSTER_ENABLED",
                "true",
                "and let the proxy empty its cache for that request",
                conditional=True,
            )
        ],
        severity=Severity.NOTICE,
    )


def _adjustable(case: Case) -> bool:
    """A proxy whose lines the admin writes: a CDN's ways are its own, and healthy set-ups stay silent."""
    shown = case.get(ActionId.PUBLIC_GET)
    return proxied(case, shown) and not cdn(shown)


def query(case: Case) -> Iterator[Finding]:
    """``?acl`` reached the storage: it answered something else than the file."""
    seen = next(
        (o for o in (case.get(Experiment.PUBLIC_QUERY), case.get(ActionId.PUBLIC_QUERY)) if o.facts.get(Fact.QUERY)),
        None,
    )
    if seen is None or not case.get(ActionId.PUBLIC_GET_CACHE).ok or not _adjustable(case):
        return
    how = f"GET {seen.url} was answered {words(seen)} by the storage; without the query the file is shown"
    offered = at_proxy(case, proxy_lines(case), "origin", "$uri alone holds no query")
    yield finding(
        "proxy-passes-query-string", case, how=how, because=[seen.id], fixes=offered, severity=Severity.NOTICE
    )


def headers(case: Case) -> Iterator[Finding]:
    """An Authorization header reaches the storage, or cookies come back with pictures."""
    asked, shown = case.get(ActionId.PUBLIC_QUERY), case.get(ActionId.PUBLIC_GET)
    if not _adjustable(case):
        return
    cookie = own_cookies(shown)
    lines = "proxy_set_header Authorization ''; proxy_set_header Cookie ''; proxy_hide_header Set-Cookie;"
    if asked.facts.get(Fact.AUTHORIZATION) and case.get(ActionId.PUBLIC_GET_CACHE).ok:
        how = f"with an Authorization header the file was answered {words(asked)}; without one it is shown"
        passed = "the Authorization header"
    elif cookie:
        how = f"a picture came with the cookie {cookie}"
        passed = "cookies"
    else:
        return
    because = [asked.id if asked.facts.get(Fact.AUTHORIZATION) else shown.id]
    yield finding(
        "proxy-forwards-authorization-cookies",
        case,
        how=how,
        because=because,
        fixes=at_proxy(case, lines, "credentials"),
        passed=passed,
        severity=Severity.NOTICE,
    )


def methods(case: Case) -> Iterator[Finding]:
    """A DELETE was refused by the storage, not by the proxy."""
    seen = case.get(ActionId.PUBLIC_DELETE)
    if seen.facts.get(Fact.ROOT) == "Error" and _adjustable(case):
        yield finding(
            "proxy-method-not-limited",
            case,
            how=f"DELETE at {fixes.host_of(seen.url)} was answered {words(seen)} by the storage itself",
            because=[seen.id],
            fixes=at_proxy(case, "limit_except GET { deny all; }", "methods"),
            severity=Severity.NOTICE,
        )


def past_the_proxy(case: Case) -> Iterator[Finding]:
    """The storage shows files to everyone beside the proxy. Told only where it was seen: no request is spent on it."""
    tried = (Experiment.CORS_ORIGIN, Experiment.RESTORED_ORIGIN, *(origin for _look, origin in OTHER_FOLDERS.values()))
    seen = next((o for o in (case.get(name) for name in tried) if o.http_status == 200), None)
    if seen is not None and _adjustable(case):
        yield finding(
            "origin-bypasses-proxy",
            case,
            how=f"GET {seen.url} shows the file without {fixes.host_of(case.get(ActionId.PUBLIC_GET).url)}",
            because=[seen.id],
            fixes=[Manual("If costs or blocks matter, let the storage show files to the proxy's addresses alone.")],
            severity=Severity.NOTICE,
        )


RULES = (
    Rule(
        redirects,
        Layer.MEDIA_HOST,
        yields=(
            "alias-redirects-to-other-host",
            "cdn-origin-region-mismatch",
            "csp-missing-media-host",
            "media-redirects-to-plain-http",
        ),
        reads=(
            ActionId.PUBLIC_CSP,
            ActionId.PUBLIC_GET,
            ActionId.PUBLIC_LIST_ALIAS,
        ),
    ),
    Rule(
        errors_as_pictures,
        Layer.MEDIA_HOST,
        yields=("proxy-serves-error-as-image",),
        reads=(
            ActionId.ARCHIVE_ORIGIN_GET,
            ActionId.ARCHIVE_PUBLIC_GET,
            ActionId.PUBLIC_GET,
            ActionId.PUBLIC_GET_AVATAR,
            ActionId.PUBLIC_GET_CACHE,
            ActionId.PUBLIC_GET_EMOJI,
            ActionId.PUBLIC_LIST_ALIAS,
            ActionId.PUBLIC_MISSING,
            ActionId.REACH_ENDPOINT,
            Experiment.AVATAR_ORIGIN,
            Experiment.CACHE_ORIGIN,
            Experiment.EMOJI_ORIGIN,
        ),
    ),
    Rule(
        caches_errors,
        Layer.MEDIA_HOST,
        yields=("proxy-caches-errors",),
        reads=(
            ActionId.PUBLIC_GET,
            ActionId.PUBLIC_GET_CACHE,
            ActionId.PUBLIC_LIST_ALIAS,
            ActionId.RESTORED_PUBLIC_GET,
            Experiment.CACHE_ORIGIN,
            Experiment.RESTORED_ORIGIN,
            Experiment.UNASKED,
        ),
    ),
    Rule(keeps_deleted, Layer.MEDIA_HOST, yields=("cdn-keeps-deleted-media",), reads=(ActionId.DELETED_PUBLIC_GET,)),
    Rule(
        query,
        Layer.MANNERS,
        yields=("proxy-passes-query-string",),
        reads=(
            ActionId.PUBLIC_GET,
            ActionId.PUBLIC_GET_CACHE,
            ActionId.PUBLIC_LIST_ALIAS,
            ActionId.PUBLIC_QUERY,
            ActionId.REACH_ENDPOINT,
            Experiment.PUBLIC_QUERY,
        ),
    ),
    Rule(
        headers,
        Layer.MANNERS,
        yields=("proxy-forwards-authorization-cookies",),
        reads=(
            ActionId.PUBLIC_GET,
            ActionId.PUBLIC_GET_CACHE,
            ActionId.PUBLIC_LIST_ALIAS,
            ActionId.PUBLIC_QUERY,
            ActionId.REACH_ENDPOINT,
        ),
    ),
    Rule(
        methods,
        Layer.MANNERS,
        yields=("proxy-method-not-limited",),
        reads=(ActionId.PUBLIC_DELETE, ActionId.PUBLIC_GET, ActionId.PUBLIC_LIST_ALIAS, ActionId.REACH_ENDPOINT),
    ),
    Rule(
        past_the_proxy,
        Layer.MANNERS,
        yields=("origin-bypasses-proxy",),
        reads=(
            ActionId.PUBLIC_GET,
            ActionId.REACH_ENDPOINT,
            Experiment.AVATAR_ORIGIN,
            Experiment.CACHE_ORIGIN,
            Experiment.CORS_ORIGIN,
            Experiment.EMOJI_ORIGIN,
            Experiment.RESTORED_ORIGIN,
        ),
    ),
)
