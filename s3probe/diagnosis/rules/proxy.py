"""What a proxy or CDN does wrong although the picture is there: caches, queries, methods, headers, redirects."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Certainty, Finding, Fix, Manual, ServerFix, Severity
from s3probe.diagnosis.page_hosts import allow, allowed_hosts
from s3probe.diagnosis.rule import Layer, Rule
from s3probe.diagnosis.rules.before_the_storage import at_proxy, front_of, own_cookies, program
from s3probe.diagnosis.rules.large_files import NO_PARTS
from s3probe.diagnosis.texts import finding
from s3probe.diagnosis.words import words
from s3probe.evidence.caches import cache_hit
from s3probe.evidence.observations import Observation
from s3probe.evidence.vocabulary import FOLDER_VISITS, OTHER_FOLDERS, ActionId, Experiment, Fact, Header, ObservationId
from s3probe.knowledge.front import Stands
from s3probe.records import replace
from s3probe.settings.cache_buster import READS, cache_buster


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
        refused = not any(host in allowed for allowed in allowed_hosts(case))
    plain = target.startswith("http://")
    by_store = seen.facts.get(Fact.REDIRECT_CODE, "") in ("TemporaryRedirect", "PermanentRedirect", "Redirect")
    if not (refused or plain or (by_store and case.settings.alias_host)):
        return
    how = f"the published URL leads on to {target}"
    if plain:
        how = f"the published URL leads on to {target}, which is not https"
    elif refused:
        how = f"the published URL leads on to {target}, which the pages do not allow"
    because = [ActionId.PUBLIC_GET, *(o.id for o in page if refused and not o.facts.get(Fact.MISSING))]
    proxy = at_proxy(case, "circle", "The redirect that is there has to go.")
    if by_store and case.settings.alias_host:
        severity = None if refused or plain else Severity.NOTICE
        yield finding("cdn-origin-region-mismatch", case, how=how, because=because, fixes=proxy, severity=severity)
        return
    certainty = Certainty.CERTAIN if case.get(ActionId.PUBLIC_CSP).ran else Certainty.LIKELY
    if plain:
        finding_id, offered = "media-redirects-to-plain-http", proxy
    elif case.settings.alias_host:
        finding_id, offered = "alias-redirects-to-other-host", (allow(case, host), *proxy)
    else:
        finding_id, offered = "csp-missing-media-host", (allow(case, host),)
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
            or front_of(case).stands is Stands.DIRECT
        ):
            continue
        what = seen.headers.get(Header.CONTENT_TYPE, "something else")
        yield finding(
            "proxy-serves-error-as-image",
            case,
            how=f"GET {seen.url} gave 200 ({what}), though there is nothing to see at the storage",
            because=[seen.id],
            explains=[o.id for o in case.open(*FOLDER_VISITS) if o.http_status == 200],
            fixes=at_proxy(case, "errors"),
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
        yield _kept_error(case, seen[0])
        return


def _kept_error(case: Case, seen: Observation) -> Finding:
    how = f"GET {seen.url} is answered {words(seen)}"
    if cache_hit(seen):
        how = f"{how}. This comes from a cache"
    if case.get(Experiment.RESTORED_ORIGIN).ok or case.get(Experiment.CACHE_ORIGIN).ok:
        how = f"{how}. The storage itself shows the file"
    else:
        how = f"{how}. A file that nobody had asked for is shown"
    return finding(
        "proxy-caches-errors",
        case,
        how=how,
        because=[seen.id],
        fixes=at_proxy(case, "error-cache"),
        certainty=Certainty.CERTAIN if cache_hit(seen) else Certainty.LIKELY,
        # a CDN forgets errors in seconds unless told otherwise
        # nor is a file asked for before Mastodon has stored it
        severity=Severity.NOTICE if front_of(case).cdn or seen.http_status in (404, 410) else None,
    )


def keeps_deleted(case: Case) -> Iterator[Finding]:
    """A deleted picture is still shown, out of a cache. The guide's own proxy does so for two days."""
    seen = [o for o in case.open(ActionId.DELETED_PUBLIC_GET) if o.facts.get(Fact.OPEN)]
    purge = case.get(Experiment.PURGE)
    if purge.ran:
        yield from _purged(case, purge, seen)
        return
    if not seen:
        return
    host = fixes.host_of(seen[0].url)
    note = f"Let the proxy empty its cache for that request as well. {_NEVER_PURGED}"
    offered: Fix = fixes.env(case, "CACHE_BUSTER_ENABLED", "true", note, conditional=True)
    if case.settings.environment.get("CACHE_BUSTER_ENABLED") == "true":
        offered = Manual(f"Let {host} empty its cache for Mastodon's request. {_NEVER_PURGED}")
    yield finding(
        "cdn-keeps-deleted-media",
        case,
        how=f"a deleted picture could still be opened at {host}",
        because=[seen[0].id],
        fixes=[offered],
        severity=Severity.NOTICE,
    )


_NEVER_PURGED = (
    "Mastodon asks for media of posts alone, never for avatars, header pictures, custom emoji, link previews, or what "
    "it deletes in batches."
)


def _purged(case: Case, purge: Observation, seen: list[Observation]) -> Iterator[Finding]:
    """Mastodon's own request was made: the file is still shown all the same, or is gone, and others would not be."""
    host = fixes.host_of(purge.url)
    if seen:
        yield finding(
            "cache-buster-without-effect",
            case,
            how=f"{purge.method} of the deleted file, as Mastodon sends it, was answered {words(purge)}; then the "
            f"picture could still be opened at {host}",
            because=[seen[0].id],
            fixes=_forgetting(case),
        )
    elif case.get(Experiment.BEFORE_PURGE).facts.get(Fact.OPEN):
        yield finding(
            "cache-buster-leaves-files",
            case,
            how=f"a deleted picture could still be opened at {host} until Mastodon's request ({purge.method}) was made",
            because=[Experiment.BEFORE_PURGE],
            fixes=[Manual(f"Let {host} keep files for days, not for years. {_NEVER_PURGED}")],
        )


def _forgetting(case: Case) -> tuple[Fix, ...]:
    """Lets the cache know Mastodon's request; one that looks like a visitor's is made to look like none first."""
    buster = cache_buster(case.settings)
    if buster is None or buster.method in READS:
        note = "Let the cache forget a file for it as well. A plain GET is what visitors send too."
        line = fixes.env(case, "CACHE_BUSTER_HTTP_METHOD", "PURGE", note, conditional=True)
        return line, *at_proxy(case, "purge")
    header = buster.header if buster.headers else ""
    return tuple(_asked_by(fix, buster.method, header) for fix in at_proxy(case, "purge"))


def _asked_by(fix: Fix, method: str, header: str) -> Fix:
    """The fix for this method, and only for those who know the secret in this header, where the file names one."""
    guard = f'if (req.http.{header} != "<CACHE_BUSTER_SECRET>") {{ return (synth(403)); }}\n        '
    if isinstance(fix, ServerFix):
        value = fix.value.replace("return (purge);", f"{guard * bool(header)}return (purge);")
        return replace(fix, value=value.replace("PURGE", method))
    if isinstance(fix, Manual):
        guarded = f" Ask for the header {header}: <CACHE_BUSTER_SECRET> as well." if header else ""
        return Manual(fix.text.replace("PURGE", method) + guarded)
    return fix


def _adjustable(case: Case) -> bool:
    """A program whose lines the admin writes: a CDN's ways are its own, and healthy set-ups stay silent."""
    return bool(program(case))


def query(case: Case) -> Iterator[Finding]:
    """``?acl`` reached the storage: it answered something else than the file."""
    seen = next(
        (o for o in (case.get(Experiment.PUBLIC_QUERY), case.get(ActionId.PUBLIC_QUERY)) if o.facts.get(Fact.QUERY)),
        None,
    )
    if seen is None or not case.get(ActionId.PUBLIC_GET_CACHE).ok or not _adjustable(case):
        return
    how = f"GET {seen.url} was answered {words(seen)} by the storage; without the query the file is shown"
    offered = at_proxy(case, "query")
    yield finding(
        "proxy-passes-query-string", case, how=how, because=[seen.id], fixes=offered, severity=Severity.NOTICE
    )


def headers(case: Case) -> Iterator[Finding]:
    """An Authorization header reaches the storage, or cookies come back with pictures."""
    asked, shown = case.get(ActionId.PUBLIC_QUERY), case.get(ActionId.PUBLIC_GET)
    if not _adjustable(case):
        return
    cookie = own_cookies(shown)
    if asked.facts.get(Fact.AUTHORIZATION) and case.get(ActionId.PUBLIC_GET_CACHE).ok:
        how = f"with an Authorization header the file was answered {words(asked)}; without one it is shown"
        variant = "authorization"
    elif cookie:
        how = f"a picture came with the cookie {cookie}"
        variant = "cookies"
    else:
        return
    because = [asked.id if asked.facts.get(Fact.AUTHORIZATION) else shown.id]
    yield finding(
        "proxy-forwards-authorization-cookies",
        case,
        how=how,
        because=because,
        fixes=at_proxy(case, "credentials"),
        variant=variant,
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
            fixes=at_proxy(case, "methods"),
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
            ActionId.PUBLIC_MISSING,
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
            ActionId.RESTORED_PUBLIC_GET,
            Experiment.CACHE_ORIGIN,
            Experiment.RESTORED_ORIGIN,
            Experiment.UNASKED,
        ),
    ),
    Rule(
        keeps_deleted,
        Layer.MEDIA_HOST,
        yields=("cache-buster-leaves-files", "cache-buster-without-effect", "cdn-keeps-deleted-media"),
        reads=(ActionId.DELETED_PUBLIC_GET, Experiment.BEFORE_PURGE, Experiment.PURGE),
    ),
    Rule(
        query,
        Layer.MANNERS,
        yields=("proxy-passes-query-string",),
        reads=(
            ActionId.PUBLIC_GET,
            ActionId.PUBLIC_GET_CACHE,
            ActionId.PUBLIC_QUERY,
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
            ActionId.PUBLIC_QUERY,
        ),
    ),
    Rule(
        methods,
        Layer.MANNERS,
        yields=("proxy-method-not-limited",),
        reads=(ActionId.PUBLIC_DELETE, ActionId.PUBLIC_GET),
    ),
    Rule(
        past_the_proxy,
        Layer.MANNERS,
        yields=("origin-bypasses-proxy",),
        reads=(
            ActionId.PUBLIC_GET,
            Experiment.AVATAR_ORIGIN,
            Experiment.CACHE_ORIGIN,
            Experiment.CORS_ORIGIN,
            Experiment.EMOJI_ORIGIN,
            Experiment.RESTORED_ORIGIN,
        ),
    ),
)
