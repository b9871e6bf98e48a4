"""Pictures that visitors cannot see: the one reason why."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from s3probe.diagnosis import bucket_fixes, bucket_switches, fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Certainty, EnvFix, Finding, Fix, Manual, ServerFix
from s3probe.diagnosis.rule import OF_A_POLICY, OPEN, Layer, Rule, Tier
from s3probe.diagnosis.rules.alias_chain import broken_link
from s3probe.diagnosis.rules.before_the_storage import at_proxy, front_of
from s3probe.diagnosis.rules.invisible import ADDRESSES, first_visit, invisible, working_addresses
from s3probe.diagnosis.rules.momentary_failures import NO_SECOND_TRY
from s3probe.diagnosis.rules.not_public import not_public
from s3probe.diagnosis.rules.own_site import at_the_instance, not_found_there
from s3probe.diagnosis.rules.turned_away import redirected_away, turned_away
from s3probe.diagnosis.rules.visitors import public_host_of
from s3probe.diagnosis.rules.web_port import at_web_port
from s3probe.diagnosis.words import words
from s3probe.evidence.certificates import names_shown
from s3probe.evidence.observations import NEVER_SENT, NetworkFault, Observation, Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment, ExperimentWith, Fact, Header
from s3probe.knowledge.front import Stands
from s3probe.knowledge.public_hosts import is_whole, public_value
from s3probe.knowledge.recognition import has_own_hosts
from s3probe.records import replace
from s3probe.settings.addressing import is_aws, regional_host

_BEFORE_THE_STORAGE = (
    "proxy-drops-bucket-name",
    "proxy-resolver-fails",
    "proxy-answers-with-own-error",
    "proxy-serves-error-as-image",
    "cdn-origin-region-mismatch",
    "alias-host-no-tls-or-wrong-cert",
    "alias-dns-missing-or-cname-bucket-mismatch",
    "alias-redirects-to-other-host",
    "media-host-redirects-in-a-circle",
    "media-host-leads-elsewhere",
    "media-host-is-the-instance",
)
_AT_THE_STORAGE = (Experiment.PUBLIC_PATH_STYLE, Experiment.PUBLIC_ORIGIN, Experiment.PUBLIC_REGIONAL)
_TLS = {f for f in NetworkFault if f.value.startswith("tls")}


def public(case: Case) -> Iterator[Finding]:
    """The one reason why the published URL does not show the picture."""
    open_now = case.open(ActionId.PUBLIC_GET) or case.open(first_visit(case).id)
    if not open_now:
        return
    seen = open_now[0]
    for judge in (
        at_the_instance,
        redirected_away,
        _unreachable,
        _encrypted,
        _archived,
        _wrong_address,
        at_web_port,
        _error_as_picture,
        not_public,
        _server_error,
        not_found_there,
    ):
        found = judge(case, seen)
        if found is not None:
            yield found
            yield from _closed_as_well(case, seen, found.id)
            return


def _closed_as_well(case: Case, seen: Observation, finding_id: str) -> Iterator[Finding]:
    """Behind a proxy with a fault of its own the storage refuses every visitor, in words of its own."""
    origin = case.get(Experiment.PUBLIC_ORIGIN)
    refused = origin.outcome is Outcome.DENIED and origin.error_code == "AccessDenied"
    # a bucket that is open to a CDN alone is a common design, one that is open to a proxy of one's own is not
    if finding_id not in _BEFORE_THE_STORAGE or not refused or front_of(case).cdn:
        return
    if fixes.provider_of(case).signed_only:
        return
    found = not_public(case, origin)
    if found is not None:
        host = fixes.host_of(seen.url)
        how = (
            f"{found.how_known}; the storage itself says so: if it is open to {host} alone on purpose, this is no fault"
        )
        yield replace(found, how_known=how, because=(origin.id,), explains=(), certainty=Certainty.LIKELY)


def _unreachable(case: Case, seen: Observation) -> Finding | None:
    if seen.network is None:
        return None
    settings = case.settings
    host = fixes.host_of(seen.url)
    how = f"GET {seen.url} failed: {words(seen)}"
    if case.get(Experiment.PUBLIC_AS_BROWSER).ok:
        if seen.network in NEVER_SENT:  # no rule can have read what was not sent: the way failed for a moment
            how = f"{how}. A moment later the picture was shown"
            return invisible(case, "storage-failed-for-a-moment", how, NO_SECOND_TRY, certainty=Certainty.LIKELY)
        # it closes the connection of those it refuses (nginx: return 444)
        return turned_away(case, seen, how)
    if settings.hostname_is_default and not settings.alias_host and host == settings.hostname:
        if settings.endpoint and not is_aws(settings.endpoint):
            store = fixes.provider_of(case)
            special = public_host_of(case, store)
            if special is not None:
                return invisible(case, special[0], how, *special[1], store=store.name)
            host_line = fixes.env(case, "S3_HOSTNAME", urlsplit(settings.api_base).netloc)
            return invisible(case, "missing-public-host", how, host_line)
        regional = regional_host(fixes.right_region(case) or settings.region)
        return invisible(case, "hostname-default-dash-form-dead", how, *fixes.public_host(case, regional))
    repeated = _without_bucket(case, how)
    if repeated is not None:
        return repeated
    if seen.network is NetworkFault.DNS:
        variable = "S3_ALIAS_HOST" if settings.alias_host else "S3_HOSTNAME"
        record = ServerFix("dns", host, f"Create the DNS record for {host}, or fix {variable}.")
        name = "alias-dns-missing-or-cname-bucket-mismatch"
        return invisible(case, name, how, *_where_it_is(case), record, variant="no-record")
    if seen.network in _TLS:
        return _bad_tls(case, seen, host, how)
    at_port = working_addresses(case).get(Experiment.PUBLIC_HOSTNAME_WITH_PORT)
    if at_port is not None:
        return invisible(
            case, "hostname-port-missing", how, fixes.env(case, "S3_HOSTNAME", urlsplit(at_port.url).netloc)
        )
    place = _place(seen.url)
    if _speaks_http_alone(case, seen):
        note = f"Put a proxy with a certificate in front of {host}, at port 443. S3_PROTOCOL stays https."
        told = f"{how}. http:// is answered there"
        return invisible(case, "protocol-https-but-endpoint-plain", told, ServerFix("certificate", host, note))
    fix = ServerFix("proxy", host, f"See whether a web server listens at {place} and is reachable from outside.")
    offered: tuple[Fix, ...] = (*_where_it_is(case), fix)
    return invisible(case, "media-host-unreachable", how, *offered, certainty=Certainty.LIKELY, target=place)


def _place(url: str) -> str:
    """Host and port, the usual port too."""
    parts = urlsplit(url)
    return f"{fixes.host_of(url)}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def _speaks_http_alone(case: Case, seen: Observation) -> bool:
    """Whether the storage's API answers at that very host without TLS, where nothing answers with it."""
    api = urlsplit(case.settings.api_base)
    same = api.scheme == "http" and fixes.host_of(seen.url) == fixes.host_of(case.settings.api_base)
    return same and seen.url.startswith("https://") and case.get(ActionId.REACH_ENDPOINT).http_status is not None


def _where_it_is(case: Case) -> tuple[EnvFix, ...]:
    """The lines with which media are shown by the storage itself, where the very same picture was seen there."""
    settings, elsewhere = case.settings, working_addresses(case)
    place = next((elsewhere[name] for name in _AT_THE_STORAGE if name in elsewhere), None)
    parts = urlsplit(place.url) if place else None
    if parts is None or settings.alias_host or parts.scheme != settings.protocol:
        return ()
    if not parts.path.startswith(f"/{settings.bucket_name}/"):
        return ()
    return fixes.public_host(case, parts.netloc)


def _bad_tls(case: Case, seen: Observation, host: str, how: str) -> Finding:
    settings = case.settings
    dotted = settings.bucket_name if "." in settings.bucket_name else ""
    if seen.network is NetworkFault.TLS_NAME and dotted and host.startswith(f"{dotted}."):
        value = host.removeprefix(f"{dotted}.")
        if settings.alias_host:
            fix: Fix = fixes.env(case, "S3_ALIAS_HOST", f"{value}/{dotted}")
        else:
            fix = fixes.env(case, "S3_HOSTNAME", value)
        return invisible(case, "dotted-bucket-tls-mismatch", how, fix)
    # whatever S3 says there, it speaks without TLS
    tried = [o for o in case.every(*ADDRESSES) if o.url.startswith("http://") and fixes.host_of(o.url) == host]
    plain = any(o.ok or o.facts.get(Fact.S3) for o in tried)
    if plain and not settings.alias_host and seen.network in (NetworkFault.TLS_NOT_TLS, NetworkFault.TLS_OTHER):
        fix = ServerFix(
            "certificate", host, f"Put a proxy with a certificate in front of {host}. S3_PROTOCOL stays https."
        )
        return invisible(case, "protocol-https-but-endpoint-plain", how, fix)
    by_name = seen.network is NetworkFault.TLS_NAME and front_of(case).stands is Stands.DIRECT
    if settings.alias_host and by_name and has_own_hosts(settings.api_base):
        return _led_straight_to_the_storage(case, host, how)
    fix = ServerFix("certificate", host, _certificate_note(seen, host))
    if settings.alias_host:
        variant = _WRONG_WITH_IT.get(seen.network or NetworkFault.TLS_OTHER, "unusable")
        return invisible(case, "alias-host-no-tls-or-wrong-cert", how, fix, variant=variant)
    return invisible(case, "tls-certificate-bad", how, fix)


def _led_straight_to_the_storage(case: Case, host: str, how: str) -> Finding:
    """A bare CNAME: the certificate that is shown is the storage's own, and nobody else can install one there."""
    told = f"{how}. {front_of(case).evidence[0]}"
    fix = Manual(
        f"{host} leads straight to {fixes.provider_of(case).name}, where no certificate for it can be installed: let "
        f"{host} lead to a proxy or a CDN of yours that asks the storage, or take S3_ALIAS_HOST out."
    )
    name = "alias-dns-missing-or-cname-bucket-mismatch"
    return invisible(case, name, told, fix, variant="no-certificate")


def _certificate_note(seen: Observation, host: str) -> str:
    """What is to be done, by what is wrong with the certificate."""
    shown = ", ".join(names_shown(seen)) or "others"
    notes = {
        NetworkFault.TLS_NAME: f"install a certificate that names {host}; the one that is shown is for {shown}",
        NetworkFault.TLS_EXPIRED: f"renew the certificate of {host}, and see why that did not happen by itself "
        "(certbot renew, then reload the web server)",
        NetworkFault.TLS_UNTRUSTED: f"install a certificate for {host} of an authority that browsers know (Let's "
        "Encrypt), with its whole chain: the one that is shown is signed by itself, or by one that nobody knows",
        NetworkFault.TLS_NOT_TLS: f"install a certificate for {host}, and let port 443 speak TLS "
        "(nginx: listen 443 ssl)",
    }
    return notes.get(seen.network or NetworkFault.TLS_OTHER, f"install a valid certificate for {host}")


_WRONG_WITH_IT = {
    NetworkFault.TLS_NAME: "another-name",
    NetworkFault.TLS_EXPIRED: "expired",
    NetworkFault.TLS_UNTRUSTED: "untrusted",
    NetworkFault.TLS_NOT_TLS: "no-tls",
}


_TOLD_BY = (ActionId.HEAD, ActionId.GET, ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL)


def _encrypted(case: Case, seen: Observation) -> Finding | None:
    kinds = [case.get(n).headers.get(Header.X_AMZ_SERVER_SIDE_ENCRYPTION, "") for n in _TOLD_BY]
    kms = any(kind.startswith("aws:kms") for kind in kinds)
    if not kms or seen.http_status not in (400, 403):
        return None
    rules = '{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}]}'
    how = f"a visitor was answered {words(seen)}, and the file carries x-amz-server-side-encryption: aws:kms"
    return invisible(case, "kms-objects-not-anonymously-readable", how, bucket_fixes.encryption(case, rules))


def _archived(case: Case, seen: Observation) -> Finding | None:
    cold = case.get(ActionId.GET).error_code == "InvalidObjectState" or seen.error_code == "InvalidObjectState"
    if not cold:
        return None
    how = f"a visitor was answered {words(seen)}"
    return invisible(case, "storage-class-glacier", how, fixes.env(case, "S3_STORAGE_CLASS", None))


def _without_bucket(case: Case, how: str) -> Finding | None:
    """Mastodon puts the bucket behind S3_HOSTNAME, and never behind S3_ALIAS_HOST."""
    settings = case.settings
    elsewhere = working_addresses(case).get(Experiment.PUBLIC_HOSTNAME_WITHOUT_BUCKET)
    if settings.alias_host or elsewhere is None:
        return None
    bare = settings.hostname.removeprefix(f"{settings.bucket_name}.")
    # the host without the bucket works only where the store takes path style, which the trial shows
    path_style = any(
        name in working_addresses(case) for name in (Experiment.PUBLIC_PATH_STYLE, Experiment.PUBLIC_ORIGIN)
    ) and _same_host(case, bare)
    as_alias = fixes.env(case, "S3_ALIAS_HOST", settings.hostname)
    if bare == settings.hostname:
        how = f"{how}. Without the bucket's name in the URL the picture is there"
        return invisible(case, "object-not-found-public-key-mismatch", how, as_alias)
    as_host = fixes.env(case, "S3_HOSTNAME", bare)
    order = (as_host, as_alias) if path_style else (as_alias, as_host)
    return invisible(
        case, "hostname-contains-bucket", f"{how}. Without the repeated bucket the picture is there", *order
    )


def _same_host(case: Case, host: str) -> bool:
    return any(fixes.host_of(o.url) == host.split(":")[0] for o in working_addresses(case).values())


def _wrong_address(case: Case, seen: Observation) -> Finding | None:
    """The picture is there, only not where Mastodon says. That the storage itself fails says nothing of where it is."""
    settings, elsewhere = case.settings, working_addresses(case)
    if seen.inconclusive and urlsplit(seen.url).netloc == urlsplit(settings.api_base).netloc:
        return None
    how = f"GET {seen.url} was answered {words(seen)}"
    repeated = _without_bucket(case, how)
    if repeated is not None:
        return repeated
    if own := _where_the_provider_serves(case, how):
        return own
    if settings.alias_host:
        return broken_link(case, seen, how)
    doubled = _doubled_path(case, how)
    if doubled is not None:
        return doubled
    if Experiment.PUBLIC_HOSTNAME_WITH_PORT in elsewhere:
        value = urlsplit(elsewhere[Experiment.PUBLIC_HOSTNAME_WITH_PORT].url).netloc
        return invisible(case, "hostname-port-missing", how, fixes.env(case, "S3_HOSTNAME", value))
    place = next((elsewhere[name] for name in _AT_THE_STORAGE if name in elsewhere), None)
    if place is None and Experiment.PUBLIC_VIRTUAL_HOST not in elsewhere:
        return None
    if place is not None and urlsplit(place.url).path.startswith(f"/{settings.bucket_name}/"):
        lines = fixes.public_host(case, urlsplit(place.url).netloc)
    else:
        shown = elsewhere.get(Experiment.PUBLIC_VIRTUAL_HOST) or place or seen
        lines = (fixes.env(case, "S3_ALIAS_HOST", urlsplit(shown.url).netloc),)
    at = (place or elsewhere[Experiment.PUBLIC_VIRTUAL_HOST]).url
    # an address that shows something may be the right one, and what came may have come to harm
    sure = Certainty.LIKELY if (seen.http_status or 0) < 300 else Certainty.CERTAIN
    told = f"{how}. The picture is at {at}"
    return invisible(case, "object-not-found-public-key-mismatch", told, *lines, certainty=sure)


def _where_the_provider_serves(case: Case, how: str) -> Finding | None:
    """The picture is where this provider has a host for visitors."""
    settings, store = case.settings, fixes.provider_of(case)
    value = public_value(settings, store)
    shown = (one for one in working_addresses(case).values() if one.url.startswith(f"https://{value}/"))
    place = next(shown, None) if is_whole(value) else None
    if place is None:
        return None
    line = fixes.env(case, "S3_ALIAS_HOST", value)
    return invisible(
        case, "provider-needs-public-host", f"{how}. The picture is at {place.url}", line, store=store.name
    )


def _doubled_path(case: Case, how: str) -> Finding | None:
    """The endpoint holds the bucket already, so files lie under a folder named like it."""
    settings = case.settings
    host = fixes.host_of(settings.api_base)
    if not settings.endpoint or not host.startswith(f"{settings.bucket_name}."):
        return None
    bare = settings.endpoint.replace(f"{settings.bucket_name}.", "", 1)
    return invisible(case, "endpoint-contains-bucket-path-style", how, fixes.env(case, "S3_ENDPOINT", bare))


def _error_as_picture(case: Case, seen: Observation) -> Finding | None:
    if not 200 <= (seen.http_status or 0) < 300:
        return None
    between = front_of(case).stands is not Stands.DIRECT
    if (service := seen.facts.get(Fact.SERVICE)) and between:
        how = f"GET {seen.url} gave {seen.http_status} with a page of {service}"
        offered: tuple[Fix, ...] = at_proxy(case, "origin", "It takes the place of what answers there now.")
        return invisible(case, "object-not-found-public-key-mismatch", how, *offered)
    if seen.facts.get(Fact.ROOT) == "Error" or seen.facts.get(Fact.MARKUP) == "yes":
        return invisible(
            case,
            "proxy-serves-error-as-image",
            f"GET {seen.url} gave {seen.http_status} with an error page inside",
            *at_proxy(case, "errors"),
        )
    if seen.facts.get(Fact.BODY) == "aws-chunked":
        return None
    kind = seen.facts.get(Fact.CONTENT_TYPE)
    if kind:
        own = case.get(ActionId.GET).headers.get(Header.CONTENT_TYPE, "").split(";")[0]
        finding_id = "provider-drops-content-type" if own != "image/png" else "proxy-changes-content-type"
        offered = (Manual("See that whatever serves the file passes on the Content-Type that was stored with it."),)
        if own == "image/png" and between:
            offered = at_proxy(case, "type")
        return invisible(case, finding_id, f"a PNG that was just uploaded was served as {kind}", *offered)
    advice: tuple[Fix, ...] = (
        Manual(f"See what answers at {fixes.host_of(seen.url)}: it served something else than the file."),
    )
    if working_addresses(case) and between:
        advice = at_proxy(case, "bytes", "It takes the place of what answers there now.")
    return invisible(case, "proxy-serves-error-as-image", _instead(seen), *advice)


def _instead(seen: Observation) -> str:
    """What came for a PNG, as far as its headers tell."""
    kind, coded = seen.headers.get(Header.CONTENT_TYPE, "").split(";")[0], seen.headers.get(Header.CONTENT_ENCODING, "")
    if seen.facts.get(Fact.BODY) == "empty" or seen.http_status == 204:
        return f"GET {seen.url} gave {seen.http_status} with nothing inside"
    served = ", ".join(filter(None, (kind, coded and f"Content-Encoding: {coded}")))
    if served:
        return f"GET {seen.url} gave {seen.http_status} with other bytes ({served})"
    return f"GET {seen.url} gave {seen.http_status} with other bytes"


def _server_error(case: Case, seen: Observation) -> Finding | None:
    if (seen.http_status or 0) < 500:
        return None
    how = f"GET {seen.url} was answered {words(seen)}"
    # the storage itself answers, if only with a refusal: the error is the proxy's own
    answers = any(o.http_status and o.http_status < 500 for o in case.every(Experiment.PUBLIC_ORIGIN))
    own = bool(working_addresses(case)) or (case.settings.alias_host is not None and answers)
    if own and seen.http_status in (500, 503) and not _means_unreachable(case, seen):
        offered = at_proxy(case, "own-error")
        if front_of(case).program in _FAIL_ON_THE_WAY:
            offered = (*at_proxy(case, "reach"), *offered)
        return invisible(case, "proxy-answers-with-own-error", how, *offered, certainty=Certainty.LIKELY)
    if own:
        offered = at_proxy(case, "reach", "See its error log.")
        return invisible(case, "proxy-resolver-fails", how, *offered, certainty=Certainty.LIKELY)
    advice = Manual("See the provider's status page; nothing in the settings explains it.")
    return invisible(case, "provider-outage", how, advice, certainty=Certainty.LIKELY)


_SAY_503 = ("haproxy", "apache", "varnish")
"""Programs whose 503 means that the storage was not reached. nginx's is a limit, or a page of the admin's."""


_FAIL_ON_THE_WAY = ("apache", "caddy")
"""Programs whose 500 or 503 may be a way to the storage that is set up wrongly, beside a page of the admin's.

Apache says 500 where it may not speak TLS there (SSLProxyEngine), Caddy 503 where a health check has failed.
"""


def _means_unreachable(case: Case, seen: Observation) -> bool:
    """Whether a 500 or 503 of what stands before the storage says that it did not reach that."""
    front = front_of(case)
    if front.cdn or seen.http_status != 503:
        return bool(front.cdn)
    return front.program in _SAY_503 or (not front.program and front.likeliest[0] in _SAY_503)


RULES = (
    Rule(
        public,
        Layer.VISITORS,
        yields=(
            "acl-header-silently-ignored",
            "alias-dns-missing-or-cname-bucket-mismatch",
            "alias-host-no-tls-or-wrong-cert",
            "alias-redirects-to-other-host",
            "authenticated-read-acl",
            "bpa-blocks-public-policy",
            "bpa-ignores-public-acls",
            "cdn-hotlink-or-bot-protection",
            "ceph-tenant-prefix",
            "cdn-origin-region-mismatch",
            "cloudfront-oac-policy-missing",
            "contabo-tenant-prefix",
            "deny-anonymous-statement",
            "dotted-bucket-tls-mismatch",
            "endpoint-contains-bucket-path-style",
            "explicit-deny-policy",
            "hostname-contains-bucket",
            "hostname-default-dash-form-dead",
            "hostname-port-missing",
            "kms-objects-not-anonymously-readable",
            "media-host-asks-for-password",
            "media-host-challenges-visitors",
            "media-host-is-the-instance",
            "media-host-leads-elsewhere",
            "media-host-leads-past-web-port",
            "media-host-limits-visitors",
            "media-host-redirects-in-a-circle",
            "media-host-refuses-visitors",
            "media-host-unreachable",
            "missing-public-host",
            "object-not-found-public-key-mismatch",
            "permission-private-no-public-policy",
            "protocol-https-but-endpoint-plain",
            "provider-needs-public-host",
            "provider-drops-content-type",
            "provider-outage",
            "proxy-answers-with-own-error",
            "proxy-caches-errors",
            "proxy-changes-content-type",
            "proxy-drops-bucket-name",
            "proxy-resolver-fails",
            "proxy-serves-error-as-image",
            "proxy-signs-with-refused-key",
            "public-policy-missing",
            "r2-no-public-host",
            "requester-pays",
            "wasabi-public-access-off",
            "storage-class-glacier",
            "storage-failed-for-a-moment",
            "storj-alias-required",
            "tls-certificate-bad",
            "web-port-bucket-not-allowed",
            "web-port-host-is-no-alias",
            "web-port-host-not-passed-on",
            "web-port-path-changed",
            "website-endpoint-needed-garage",
        ),
        tier=Tier.REQUESTS,
        reads=(
            *ADDRESSES,
            *OF_A_POLICY,
            *bucket_switches.OF_A_SWITCH,
            ActionId.GET,
            ActionId.HEAD,
            ActionId.PUBLIC_GET,
            ActionId.PUBLIC_LIST_ALIAS,
            ActionId.PUT_WITHOUT_ACL,
            ActionId.PUT_WITH_ACL,
            ActionId.SUSPENDED_PUBLIC_GET,
            Experiment.POLICY_STATUS,
            Experiment.PUBLIC_AS_BROWSER,
            Experiment.PUBLIC_FRESH,
            Experiment.PUBLIC_TENANT,
            Experiment.PUBLIC_WEB_PORT,
            Experiment.PUBLIC_WITH_ACL,
            Experiment.READ_ACL,
            Experiment.REFERER,
            Experiment.REFERER_ORIGIN,
            Experiment.REQUEST_PAYMENT,
            ExperimentWith.REGION,
            OPEN,
        ),
    ),
)
