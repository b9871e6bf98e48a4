"""The published host turns visitors away by itself, whatever the storage says: rules, passwords, redirects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Certainty, Finding, Severity
from s3probe.diagnosis.rule import OPEN, Layer, Rule
from s3probe.diagnosis.rules.before_the_storage import answered_before_the_storage, at_proxy, front_of
from s3probe.diagnosis.rules.invisible import invisible, working_addresses
from s3probe.diagnosis.rules.storage_availability import OFTEN
from s3probe.diagnosis.texts import finding
from s3probe.diagnosis.words import words
from s3probe.evidence.observations import Observation, Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment, Fact, Header

PROTECTED = "cdn-hotlink-or-bot-protection"
LIMITED = "media-host-limits-visitors"
_REFUSALS = (401, 403, 410, 418, 429, 451)
_MOVED = (301, 302, 303, 307, 308)


def turned_away(case: Case, seen: Observation, how: str) -> Finding | None:
    """The host refuses by a rule of its own: hotlink and bot protection, firewall, password, rate limit."""
    own_words = not seen.error_code and seen.facts.get(Fact.ROOT) != "Error"
    challenged = bool(seen.headers.get(Header.CF_MITIGATED) or seen.headers.get(Header.X_AMZN_WAF_ACTION))
    challenged = challenged or (seen.http_status == 503 and Header.CF_RAY in seen.headers)
    browser, page = case.get(Experiment.PUBLIC_AS_BROWSER).ok, case.get(Experiment.REFERER).ok and own_words
    at_storage = bool(working_addresses(case))
    # where the storage is closed to all but the host, only the server's own page says whose refusal it is
    stock = bool(seen.facts.get(Fact.STOCK_PAGE))
    by_itself = own_words and (seen.http_status in _REFUSALS or (seen.http_status == 400 and stock))
    by_itself = by_itself and (at_storage or stock or bool(front_of(case).cdn))
    if not (challenged or browser or page or by_itself):
        return None
    sure = Certainty.CERTAIN if at_storage or challenged or browser or page else Certainty.LIKELY
    if browser:
        how = f"{how}. A browser is shown the picture, another server is not"
        return invisible(case, PROTECTED, how, *at_proxy(case, "robots"), certainty=sure)
    if page:
        how = f"{how}. With a Referer of {case.settings.web_domain} it is shown"
        return invisible(case, PROTECTED, how, *at_proxy(case, "referer"), certainty=sure)
    if challenged:
        return invisible(case, "media-host-challenges-visitors", how, *at_proxy(case, "access"), certainty=sure)
    how = f"{how}. These words are not the storage's"
    if at_storage:
        how = f"{how}. The storage itself shows the picture"
    if seen.http_status == 401:
        finding_id, offered = "media-host-asks-for-password", at_proxy(case, "password")
    elif seen.http_status == 429:
        finding_id, offered = LIMITED, at_proxy(case, "limit")
    else:
        finding_id, offered = "media-host-refuses-visitors", at_proxy(case, "addresses")
    return invisible(case, finding_id, how, *offered, certainty=sure)


def redirect_loop(case: Case, seen: Observation, how: str) -> Finding | None:
    """Redirects without end: between http and https, or with and without a slash."""
    via = seen.facts.get(Fact.REDIRECTED, "").split()
    if seen.http_status not in _MOVED or not via:
        return None
    offered = at_proxy(case, "circle", "The redirect that is there has to go.")
    return invisible(
        case, "media-host-redirects-in-a-circle", f"{how}. This went on for {len(via)} redirects", *offered
    )


def redirected_away(case: Case, seen: Observation) -> Finding | None:
    """The published host redirects visitors to a host without pictures: a login page, a name that does not exist."""
    target = seen.led_to
    host, published = urlsplit(target).hostname or "", (case.settings.alias_host or "").split("/")[0].lower()
    storage = fixes.host_of(case.settings.api_base)
    s3 = seen.error_code or seen.facts.get(Fact.ROOT) == "Error"
    if not host or s3 or host in (published, storage) or host.endswith(f".{storage}"):
        return None  # it led to a storage: other rules explain its refusal
    how = f"the published URL leads on to {target}, which is no picture: {words(seen)}"
    offered = at_proxy(case, "circle", "The redirect that is there has to go.")
    return invisible(case, "media-host-leads-elsewhere", how, *offered, target=host)


def limits_visitors(case: Case) -> Iterator[Finding]:
    """The picture is shown, and after a few requests the host before the storage refuses (rate limit)."""
    shown = case.get(ActionId.PUBLIC_GET)
    if not shown.ok:
        return
    seen, at_first = _limited(case, case.all_open()), _limited(case, case.failed_at_first())
    if seen or len(at_first) >= OFTEN:
        seen = [*seen, *at_first]
        yield finding(
            LIMITED,
            case,
            how=f"GET {seen[0].url} was answered {words(seen[0])} soon after a picture was shown",
            because=[o.id for o in seen],
            fixes=at_proxy(case, "limit"),
            severity=Severity.WARNING,
            certainty=Certainty.LIKELY,
        )


def _limited(case: Case, failed: Iterable[Observation]) -> list[Observation]:
    # of ranges and CORS, which are judged for themselves, a limit leaves the status alone
    seen = [o for o in failed if answered_before_the_storage(case, o)]
    return [o for o in seen if o.outcome is Outcome.THROTTLED or o.http_status in (429, 503)]


RULES = (
    Rule(limits_visitors, Layer.VISITORS, yields=("media-host-limits-visitors",), reads=(OPEN, ActionId.PUBLIC_GET)),
)
