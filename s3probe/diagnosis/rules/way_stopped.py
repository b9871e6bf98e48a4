"""Faults below the rights for which no experiment got further: told by where the request was stopped."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Certainty, EnvFix, Finding, Fix, Manual, ServerFix
from s3probe.diagnosis.own_ways import note_of
from s3probe.diagnosis.rule import EVERY, OPEN, Layer, Rule
from s3probe.diagnosis.rules.addressing import lacks_ipv4
from s3probe.diagnosis.rules.api_hosts import api_instead, is_public_host
from s3probe.diagnosis.rules.before_the_storage import at_the_way_behind, before_api, shows_itself, storage_hosts
from s3probe.diagnosis.signing import OR_A_PROXY, Judgement, at_the_proxy, verdict_on
from s3probe.diagnosis.texts import finding
from s3probe.diagnosis.way import Way, way_of
from s3probe.diagnosis.words import (
    failed_by_itself,
    in_turn,
    is_late,
    listed,
    of_the_storage,
    refused_by_a_page,
    sentences,
    waited,
    words,
)
from s3probe.evidence.gates import Gate
from s3probe.evidence.observations import NetworkFault, Observation
from s3probe.evidence.refusing import speaks_of_account
from s3probe.evidence.vocabulary import ActionId, Experiment, ExperimentWith, Fact, Header
from s3probe.knowledge.front import cdn_of, is_of_a_cdn
from s3probe.knowledge.providers import detect, serving
from s3probe.knowledge.recognition import GENERIC
from s3probe.knowledge.regions import names_region, region_in
from s3probe.patterns import regex
from s3probe.records import replace
from s3probe.settings.addressing import is_aws, regional_host


def way_stopped(case: Case) -> Iterator[Finding]:
    """Where the requests were stopped, when that was before the rights."""
    this = way_of(case)
    if this is None or this.kept is not None or this.stopped >= Gate.RIGHTS:
        return
    if all(name in case.claimed for name in this.ids):
        return
    if this.stopped is Gate.TCP and lacks_ipv4(case):
        return  # the rule about addresses has said it
    if this.stopped <= Gate.TLS or this.furthest.network is not None:
        yield _network(case, this)
    elif this.stopped is Gate.NOT_S3 or _asks_for_a_password(this):
        yield _not_s3(case, this)
    elif this.stopped is Gate.REGION:
        yield _region(case, this)
    elif this.stopped is Gate.CLOCK:
        yield _finding(case, this, "clock-skew", fixes.clock(case, this.furthest))
    elif this.stopped is Gate.KEY_ID:
        yield _key_id(case, this)
    elif this.stopped is Gate.SIGNATURE:
        yield _signature(case, this)
    else:
        yield _bucket(case, this)


def _asks_for_a_password(this: Way) -> bool:
    """Whether something before the storage does: S3 has signatures, and no passwords."""
    return this.furthest.headers.get(Header.WWW_AUTHENTICATE, "").lower().startswith(("basic", "digest"))


def _finding(
    case: Case,
    this: Way,
    finding_id: str,
    *fix: Fix,
    certainty: Certainty = Certainty.CERTAIN,
    also: str = "",
    right_region: str = "",
    variant: str = "",
    breaks: str = "",
) -> Finding:
    reach = case.get(ActionId.REACH_ENDPOINT)
    there = storage_hosts(case)
    visits = [
        o
        for o in case.all_open()
        if (o.network is not None and fixes.host_of(o.url) == _host(this))
        or (failed_by_itself(this.furthest) and failed_by_itself(o) and _of_the_same(o, this.furthest, there))
    ]
    explained = (*((reach.id,) if reach.failed else ()), *(o.id for o in visits))
    return finding(
        finding_id,
        case,
        how=in_turn(of_the_storage(this.furthest), also),
        because=this.ids,
        explains=explained,
        fixes=fix,
        certainty=certainty,
        right_region=right_region,
        variant=variant,
        effect="case" if breaks else "",
        breaks=breaks,
    )


def _of_the_same(seen: Observation, furthest: Observation, hosts: set[str]) -> bool:
    """Whether it fails there as well, or at a proxy that got the same from behind it."""
    return fixes.host_of(seen.url) in hosts or (
        seen.http_status is not None and seen.http_status == furthest.http_status
    )


def _host(this: Way) -> str:
    return fixes.host_of(this.furthest.url)


def _network(case: Case, this: Way) -> Finding:
    fault, settings = this.furthest.network, case.settings
    host = fixes.host_of(this.furthest.url)
    if fault is NetworkFault.PROXY:
        fix: Fix = ServerFix("proxy", f"no_proxy={host}", "It belongs in the environment of Mastodon's services.")
        return _finding(case, this, "http-proxy-env", fix)
    if fault is NetworkFault.DNS:
        if not settings.endpoint and not settings.hostname_is_default and not is_aws(settings.hostname):
            fix = fixes.env(case, "S3_ENDPOINT", f"https://{settings.hostname}")
            return _finding(case, this, "endpoint-missing-non-aws", fix, certainty=Certainty.LIKELY)
        line = settings.environment.line_of("S3_ENDPOINT")
        look = f"See whether `getent hosts {host}` answers on this machine and in the container."
        if settings.endpoint and line:
            look = f"{look} Or fix S3_ENDPOINT, line {line}."
        elif settings.endpoint:
            look = f"{look} Or fix S3_ENDPOINT."
        fix = ServerFix("dns", host, look)
        return _finding(case, this, "dns-fails-in-container", fix, certainty=Certainty.LIKELY)
    if fault is NetworkFault.REFUSED:
        place = urlsplit(this.furthest.url)
        port = place.port or (443 if place.scheme == "https" else 80)
        fix = Manual(
            f"See whether the storage runs and listens at {host}, port {port} (ss -ltn on its machine; from a "
            "container, 127.0.0.1 is the container itself), or fix host and port in S3_ENDPOINT."
        )
        return _finding(case, this, "nothing-listens-at-endpoint", fix, certainty=Certainty.LIKELY)
    if fault in (NetworkFault.CONNECT_TIMEOUT, NetworkFault.NO_ROUTE):
        fix = ServerFix("firewall", host, f"Let this machine and its containers connect to {host}, or fix S3_ENDPOINT.")
        return _finding(case, this, "egress-firewall", fix, certainty=Certainty.LIKELY)
    # a host is waited for once: what was asked of it then may be another request
    late = next((row for row in case.all() if is_late(row) and fixes.host_of(row.url) == host), None)
    if late is not None:
        fix = fixes.env(case, "S3_READ_TIMEOUT", "60")
        return _finding(case, this, "slow-provider-read-timeout", fix, also=waited(late))
    if fault in (NetworkFault.READ_TIMEOUT, NetworkFault.DEADLINE):
        fix = Manual(f"{host} takes connections and does not answer: see the provider's status page, or its own log.")
        return _finding(case, this, "provider-outage", fix, certainty=Certainty.LIKELY)
    if fault is NetworkFault.CLOSED:
        fix = Manual(
            f"{host} takes connections and hangs up: see the provider's status page, or the log of what stands before "
            "it; and check the port and the scheme of S3_ENDPOINT."
        )
        return _finding(case, this, "provider-outage", fix, certainty=Certainty.LIKELY)
    if fault in (NetworkFault.PROTOCOL, NetworkFault.TOO_LARGE):
        fix = Manual(f"Something other than S3 answers at {host}: check host and port of S3_ENDPOINT.")
        return _finding(case, this, "console-port-instead-of-api", fix, certainty=Certainty.LIKELY)
    return _tls(case, this, host)


def _tls(case: Case, this: Way, host: str) -> Finding:
    fault = this.furthest.network
    if fault is NetworkFault.TLS_UNTRUSTED:
        fix: Fix = ServerFix(
            "ca", "SSL_CERT_FILE=/path/to/ca.pem", "Trust the CA that signed it, or use a public certificate."
        )
    elif fault is NetworkFault.TLS_EXPIRED:
        fix = ServerFix("certificate", host, f"Renew the certificate of {host}.")
    elif fault is NetworkFault.TLS_NAME:
        fix = ServerFix(
            "certificate", host, f"Install a certificate that names {host}, or use the name it has in S3_ENDPOINT."
        )
    else:
        plain = case.get(Experiment.SCHEME_HTTP)
        if plain.http_status is not None:
            return _speaks_plain_http(case, this, plain)
        fix = ServerFix("tls", host, f"See what listens there: openssl s_client -connect {host}")
    return _finding(case, this, "tls-certificate-bad", fix)


def _speaks_plain_http(case: Case, this: Way, plain: Observation) -> Finding:
    """Asked without a signature, so that the line itself was not tried."""
    url = "http:" + (case.settings.endpoint or case.settings.api_base).partition(":")[2]
    found = _finding(
        case,
        this,
        "endpoint-https-on-plain-port",
        fixes.env(case, "S3_ENDPOINT", url),
        certainty=Certainty.CERTAIN if plain.facts.get(Fact.S3) else Certainty.LIKELY,
    )
    how = f"{found.how_known}. Asked in plain http, without a signature, it answered {words(plain)}"
    return replace(found, how_known=how, because=(*found.because, plain.id))


def _not_s3(case: Case, this: Way) -> Finding:
    seen = this.furthest
    host = fixes.host_of(seen.url)
    if cdn_of(seen) or is_of_a_cdn(host):
        return _public_host(case, this, "A CDN answers there")
    if is_public_host(host):
        return _public_host(case, this, "The provider serves visitors there, and takes no uploads")
    if seen.http_status in _REDIRECTS:
        return _redirected(case, this)
    if seen.http_status == 407:
        return _finding(case, this, "http-proxy-env", ServerFix("proxy", f"no_proxy={host}"))
    if seen.http_status == 413:
        return _finding(case, this, "proxy-body-limit-413", *before_api(case, "api-body"))
    if (seen.http_status or 0) >= 500:
        fix: Fix = Manual(
            f"{host} answers with an error page: see the provider's status page, or the log of the proxy before it."
        )
        offered = at_the_way_behind(case) or (fix,)
        return _finding(case, this, "provider-outage", *offered, certainty=Certainty.LIKELY)
    alike = all(row.http_status == seen.http_status for row in this.rows)
    own = bool(seen.facts.get(Fact.STOCK_PAGE)) or (refused_by_a_page(seen) and shows_itself(case))
    stock = own and seen.http_status in (401, 403) and alike
    if stock or _asks_for_a_password(this):
        return _kept_out(case, this)
    service = seen.facts.get(Fact.SERVICE, "")
    # it says whose it is, and not which of the server's ports
    store = serving(service) or detect("", seen.headers.items())
    if not service and store.api_port:
        service = f"another port of {store.name}"
    media = case.settings.alias_host
    if media and fixes.host_of(f"//{media}") == host:
        fix = fixes.api_in_hostname(case, host) or fixes.api_by_hand(case, host)
        return _finding(case, this, "endpoint-is-cdn-or-public-host", fix, also="It is the host of S3_ALIAS_HOST")
    if service:
        # without a port it is mostly a proxy's name
        who = "S3_ENDPOINT" if urlsplit(seen.url).port else f"S3_ENDPOINT, or the proxy at {host},"
        lead = f"{service[0].upper()}{service[1:]} answers at {host}: {who} must lead to its S3 API"
        fix = Manual(f"{lead}, port {store.api_port} unless it was changed." if store.api_port else f"{lead}.")
        return _finding(case, this, "console-port-instead-of-api", fix, also=f"This is {service}")
    # what answers in JSON is a service of another kind
    of_files = "json" not in seen.headers.get(Header.CONTENT_TYPE, "")
    if of_files and (_reads_alone(this) or _finds_nothing(case, this)):
        return _public_host(case, this, "Whoever answers there serves files, and takes none")
    fix = Manual(f"What answers at {host} does not speak S3: check host and port of S3_ENDPOINT, and captive portals.")
    return _finding(case, this, "console-port-instead-of-api", fix, certainty=Certainty.LIKELY)


_REDIRECTS = (301, 302, 303, 307, 308)
_TAKES_NO_UPLOAD, _LISTS_NOTHING = (403, 405, 501), (403, 404)


def _public_host(case: Case, this: Way, also: str) -> Finding:
    """Named as that, with the API's address: the file's own word for it, else the provider table's."""
    fix = api_instead(case, fixes.host_of(this.furthest.url))
    return _finding(case, this, "endpoint-is-cdn-or-public-host", fix, certainty=Certainty.LIKELY, also=also)


def _reads_alone(this: Way) -> bool:
    """An upload is refused in one way, and a listing is not found: a web server or CDN that serves files."""
    rows = {row.id: row.http_status for row in this.rows}
    listed = rows.pop(ActionId.LIST, None)
    refused = bool(rows) and all(status in _TAKES_NO_UPLOAD for status in rows.values())
    return refused and listed in _LISTS_NOTHING and {*rows.values(), listed} != {403}


def _finds_nothing(case: Case, this: Way) -> bool:
    """The bucket is not found, in words of a web server: so nothing was uploaded, which might have made one."""
    missing = (case.get(Experiment.HEAD_BUCKET), *this.rows)
    return all(row.http_status == 404 for row in missing) and not this.furthest.facts.get(Fact.S3)


def _redirected(case: Case, this: Way) -> Finding:
    """A redirect names no API: only where it leads to the same host by https it says what is to be written."""
    seen, secure = this.furthest, case.get(Experiment.SCHEME_HTTPS)
    target = urlsplit(seen.headers.get(Header.LOCATION, ""))
    host, asked = fixes.host_of(seen.url), urlsplit(case.settings.api_base)
    if target.scheme == "https" and target.hostname == host and asked.scheme == "http" and not secure.ran:
        fix = fixes.env(case, "S3_ENDPOINT", f"https://{target.netloc}{asked.path}")
        return _finding(case, this, "endpoint-http-redirects-to-https", fix, certainty=Certainty.LIKELY)
    also = "It redirects, where no S3 API answers"
    if target.netloc:
        also = f"It redirects to {target.scheme}://{target.netloc}, where no S3 API answers"
    return _public_host(case, this, also)


def _kept_out(case: Case, this: Way) -> Finding:
    """nginx asks everybody for a password, or turns this machine's address away; where it has no file it says 404."""
    password = this.furthest.http_status == 401
    why = "It stands before every deny. Mastodon's own address will do."
    if password:
        why = "Mastodon signs its requests instead."
    offered = before_api(case, "api-password" if password else "api-addresses", why)
    breaks = f"Every upload ends in HTTP 500: Aws::S3::Errors::Http{this.furthest.http_status}Error"
    return _finding(
        case, this, "proxy-refuses-uploads", *offered, certainty=Certainty.LIKELY, variant="upload", breaks=breaks
    )


def _region(case: Case, this: Way) -> Finding:
    settings = case.settings
    aws = not settings.endpoint or is_aws(settings.endpoint)
    kind = "aws-regional-endpoint" if aws else "custom-endpoint"
    named = this.furthest.facts.get(Fact.REGION, "")
    advice = Manual(
        f"The signing region {settings.region!r} is refused: "
        "put the region that the provider's console shows into S3_REGION."
    )
    lines = (fixes.env(case, "S3_REGION", named), *fixes.host_too(case, named)) if named else (advice,)
    return _finding(case, this, f"region-wrong-{kind}", *lines, right_region=named or "another region")


def _key_id(case: Case, this: Way) -> Finding:
    settings, seen = case.settings, this.furthest
    pair = settings.credentials
    key_id = pair.access_key_id if pair else ""
    provider = fixes.provider_of(case).id
    again = fixes.new_pair(
        case, "Create a new key pair with the provider and copy both halves. The secret is shown only once."
    )
    if seen.error_code in ("AccountProblem", "AllAccessDisabled", "UserSuspended"):
        text = "Log in to the provider's console: the account or this key is suspended, or a bill is open."
        if seen.error_code == "UserSuspended":  # a word of Ceph's alone
            text += " On a Ceph of your own: radosgw-admin user enable --uid=UID, the user of this key."
        advice = Manual(text)
        return _finding(case, this, "key-disabled-or-account-suspended", advice)
    said = (seen.message or "").lower()
    if "has expired" in said and "never_expires" in fixes.provider_of(case).commands:
        return _finding(case, this, "key-expired", *_key_again(case, "never_expires"), *again)
    if "disabled" in said or speaks_of_account(said):
        return _finding(case, this, "key-disabled-or-account-suspended", *_key_again(case, "enable_key"))
    # MinIO's word for keys of AssumeRole that come without their token; a key that it does not know is another
    if key_id.startswith("ASIA") or seen.error_code == "InvalidTokenId":
        return _finding(case, this, "temporary-credentials-without-token", *again, certainty=Certainty.LIKELY)
    if not settings.endpoint and not settings.hostname_is_default and not is_aws(settings.hostname):
        fix = fixes.env(case, "S3_ENDPOINT", f"https://{settings.hostname}")
        return _finding(case, this, "endpoint-missing-non-aws", fix, certainty=Certainty.LIKELY)
    if provider == "backblaze-b2" and len(key_id) == 12:
        return _finding(case, this, "b2-master-key-used", *again)
    if provider == "cloudflare-r2" and seen.http_status == 401:
        return _finding(case, this, "r2-token-wrong-type", *again)
    if provider == "gcs" and not key_id.startswith("GOOG"):
        return _finding(case, this, "gcs-hmac-missing", *again)
    expired = _key_again(case, "extend_key") if "extend_key" in fixes.provider_of(case).commands else ()
    asleep = _key_again(case, "disabled_key") if "disabled_key" in fixes.provider_of(case).commands else ()
    certainty = Certainty.LIKELY if asleep else Certainty.CERTAIN
    offered = (*again, *expired, *asleep, *_of_another_domain(case))
    return _finding(case, this, "wrong-access-key-id", *offered, certainty=certainty)


def _of_another_domain(case: Case) -> tuple[Fix, ...]:
    """Another partition of AWS, where the file leads to no host of it: no key is shown to a domain unasked."""
    settings = case.settings
    if not is_aws(settings.api_base) or any(
        ExperimentWith.PARTITION.made(row.id) and _abroad(row) for row in case.all()
    ):
        return ()
    region = "us-east-1" if _abroad(case.get(ActionId.LIST)) else "cn-north-1"
    host = regional_host(region)
    lines = [
        f"S3_REGION={region}",
        *([f"S3_ENDPOINT=https://{host}"] if settings.endpoint else []),
        f"S3_HOSTNAME={host}",
    ]
    whose = "AWS in China" if region == "cn-north-1" else "AWS outside China"
    return (
        Manual(
            f"If this is a key of {whose}, which has accounts and hosts of its own, write {listed(lines)}, or those "
            "of another region there. It was not tried: s3probe signs nothing for hosts that the file does not lead to."
        ),
    )


def _abroad(row: Observation) -> bool:
    """Whether China's hosts were asked."""
    return fixes.host_of(row.url).endswith(".cn")


def _key_again(case: Case, topic: str) -> tuple[Fix, ...]:
    """The store's own command that lets the key sign again, where it has one."""
    provider = fixes.provider_of(case)
    if topic not in provider.commands:
        return (Manual("Let the key be switched on again: in the provider's console, or by whoever runs the storage."),)
    return (ServerFix("key", provider.commands[topic], note_of(case, topic)),)


def _signature(case: Case, this: Way) -> Finding:
    verdict = verdict_on(case, this.furthest)
    proxy = at_the_proxy(case, verdict)
    if verdict.secret_is_right:
        found = _finding(case, this, "proxy-rewrites-host-before-s3", *proxy, also=verdict.how)
        return replace(found, because=(*found.because, *verdict.because))
    again = fixes.by_hand(
        case,
        "AWS_SECRET_ACCESS_KEY",
        "the secret of this key id",
        "Copy it again. A provider that shows it only once must make you a new key pair, and then both lines change.",
    )
    unknown = case.get(Experiment.UNKNOWN_KEY)
    if unknown.error_code != this.furthest.error_code:
        undecided = _region_undecided(case, this.furthest, verdict)
        if verdict.secret_is_right is None:
            # the secret is copied before the web server is changed
            others = (*((undecided,) if undecided else ()), *proxy)
            return _finding(case, this, "wrong-secret-key", again, *others, certainty=Certainty.LIKELY, also=OR_A_PROXY)
        if undecided:
            return _finding(
                case, this, "wrong-secret-key", again, undecided, certainty=Certainty.LIKELY, also=verdict.how
            )
        found = _finding(case, this, "wrong-secret-key", again, also=verdict.how)
        return replace(found, because=(*found.because, *verdict.because))
    # some stores (Swift) say the same of a key id they do not know: either half may be the wrong one
    key_id = fixes.by_hand(case, "AWS_ACCESS_KEY_ID", "the key id", "This storage does not say which half is wrong.")
    pair = (key_id, replace(again, together=True))
    told = "A key id that nobody has is answered the same way"
    return _finding(case, this, "wrong-secret-key", *pair, certainty=Certainty.LIKELY, also=told)


def _region_undecided(case: Case, refused: Observation, verdict: Judgement) -> EnvFix | None:
    """The region is part of what is signed: what to look up, where nothing has shown that it is the right one.

    A signature of Version 2 holds none. Amazon names the right one, some providers take any, others have it in the name
    of the host.
    """
    settings, store = case.settings, fixes.provider_of(case)
    host, region = settings.api_base, settings.region
    shown = is_aws(host) or store.region_unchecked or Experiment.SIGNATURE_V2 in verdict.because
    if shown or region_in(store, host) == region or names_region(host, region):
        return None
    rows = [row for row in case.every(ExperimentWith.REGION) if row.ran]
    # who looks at the region by itself answers a wrong one in other words
    alone = any(row.error_code != refused.error_code for row in rows) or not rows
    if not store.hosts and (store.id != GENERIC or alone):
        return None
    tried = [ExperimentWith.REGION.value_in(row.id) for row in rows]
    guessed = {"regions", "region", "region_must_match"} & set(store.inferred)
    if not guessed and store.regions and {*store.regions} <= {region, *tried}:
        return None
    who = "This store" if store.id == GENERIC else store.name
    names = ", ".join((region, *tried))
    note = sentences(
        f"{who} may refuse a wrong region in the same words.",
        f"These were refused: {names}." if tried else f"{region} was refused.",
        "Its console shows the bucket's region.",
    )
    return fixes.by_hand(case, "S3_REGION", "the region of the bucket", note)


def _bucket(case: Case, this: Way) -> Finding:
    settings, seen = case.settings, this.furthest
    added = _added_by_a_proxy(case)
    if added:
        advice = f"The proxy puts /{added} before every path: let its proxy_pass end with the host, without a path."
        told = f"Nobody asked for {added}"
        return _finding(case, this, "proxy-rewrites-host-before-s3", Manual(advice), also=told)
    if _takes_host_for_bucket(case, seen):
        host = _host(this)
        note = fixes.provider_of(case).notes.get("own_host", "").replace("{host}", host)
        known = f"Write the name that the storage itself knows into S3_ENDPOINT, or make {host} one of its own names."
        names = Manual(sentences(known, note))
        return _finding(case, this, "host-unknown-to-store", names)
    good = seen.error_code == "InvalidBucketName" and bool(_GOOD_NAME.fullmatch(settings.bucket_name))
    if not settings.path_style and settings.endpoint and (good or _no_bucket_in_host(seen)):
        line = fixes.env(case, "S3_OVERRIDE_PATH_STYLE", None)
        return _finding(case, this, "path-style-switch-inverted", line, certainty=Certainty.LIKELY)
    if seen.error_code in _IN_THE_HOST:
        return _finding(case, this, "path-style-switch-inverted", fixes.env(case, "S3_OVERRIDE_PATH_STYLE", "true"))
    if seen.error_code == "InvalidBucketName":
        fix: Fix = fixes.exact_bucket(
            case, f"{settings.bucket_name!r} is no bucket name: lower case, digits and dashes only."
        )
        return _finding(case, this, "bucket-name-invalid", fix)
    line = fixes.bucket_line(case, f"There is no bucket {settings.bucket_name!r} at {settings.api_base}.")
    return _finding(case, this, "nosuchbucket-typo", line)


_IN_THE_HOST = ("SecondLevelDomainForbidden", "VirtualHostDomainRequired", "PathStyleDomainForbidden")
"""The bucket has to stand in the host, say Alibaba, Huawei and Tencent."""
_GOOD_NAME = regex(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")


def _added_by_a_proxy(case: Case) -> str:
    """The bucket that the answer to ListBuckets misses, though that names none, and neither does the host."""
    asked = case.get(Experiment.LIST_BUCKETS)
    named, host = asked.facts.get(Fact.OTHER_BUCKET, ""), urlsplit(asked.url).netloc.lower()
    below = urlsplit(case.settings.endpoint or "").path.strip("/").partition("/")[0]
    of_host = host == named.lower() or f"{host}.".startswith((f"{named.lower()}.", f"{named.lower()}:"))
    return "" if asked.http_status not in (400, 404) or of_host or named == below else named


def _takes_host_for_bucket(case: Case, seen: Observation) -> bool:
    """Whether the answer names the host, or its beginning, as the bucket; or ListBuckets, about none, misses one."""
    named, host = seen.facts.get(Fact.OTHER_BUCKET, "").lower(), fixes.host_of(seen.url)
    about_none = case.get(Experiment.LIST_BUCKETS).error_code in ("NoSuchBucket", "InvalidBucketName")
    # MinIO takes what stands before MINIO_DOMAIN alone
    return about_none or (
        bool(named) and (f"{host}.".startswith(f"{named}.") or named == urlsplit(seen.url).netloc.lower())
    )


def _no_bucket_in_host(seen: Observation) -> bool:
    """Whether the bucket before the host was not read: all buckets were listed, or a folder was taken for one."""
    return bool(seen.facts.get(Fact.OTHER_BUCKET)) or seen.facts.get(Fact.ROOT) == "ListAllMyBucketsResult"


RULES = (
    Rule(
        way_stopped,
        Layer.WAY,
        yields=(
            "b2-master-key-used",
            "bucket-name-invalid",
            "clock-skew",
            "console-port-instead-of-api",
            "dns-fails-in-container",
            "egress-firewall",
            "endpoint-https-on-plain-port",
            "endpoint-is-cdn-or-public-host",
            "endpoint-missing-non-aws",
            "gcs-hmac-missing",
            "host-unknown-to-store",
            "http-proxy-env",
            "key-disabled-or-account-suspended",
            "key-expired",
            "nothing-listens-at-endpoint",
            "nosuchbucket-typo",
            "path-style-switch-inverted",
            "provider-outage",
            "proxy-body-limit-413",
            "proxy-refuses-uploads",
            "proxy-rewrites-host-before-s3",
            "r2-token-wrong-type",
            "region-wrong-aws-global-endpoint",
            "region-wrong-aws-regional-endpoint",
            "region-wrong-custom-endpoint",
            "slow-provider-read-timeout",
            "temporary-credentials-without-token",
            "tls-certificate-bad",
            "wrong-access-key-id",
            "wrong-secret-key",
        ),
        reads=(
            OPEN,
            ActionId.CLOCK,
            ActionId.LIST,
            ActionId.PUT_WITH_ACL,
            ActionId.PUT_WITHOUT_ACL,
            ActionId.REACH_ENDPOINT,
            EVERY,
        ),
    ),
)
