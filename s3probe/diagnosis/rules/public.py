"""Pictures that nobody sees: which link of the chain breaks, and what would open it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Certainty, Finding, Fix, Manual, ServerFix
from s3probe.diagnosis.rounds import words
from s3probe.diagnosis.texts import finding
from s3probe.knowledge.providers import Provider, detect
from s3probe.probe.evidence import Actor, NetworkFault, Observation, Outcome
from s3probe.settings.model import Settings

MEDIA_FOLDERS = (
    "accounts",
    "cache",
    "custom_emojis",
    "media_attachments",
    "preview_cards",
    "preview_card_providers",
    "site_uploads",
)

ADDRESSES = (
    "alias-with-bucket",
    "hostname-without-bucket",
    "hostname-with-port",
    "origin",
    "path-style",
    "virtual-host",
    "plain-http",
)
"""What the visitor tried (``probe.visitor.other_addresses``)."""

_TLS = {f for f in NetworkFault if f.value.startswith("tls")}


def public(case: Case) -> Iterator[Finding]:
    """The one reason why the published URL does not show the picture."""
    open_now = case.open("public-get")
    if not open_now:
        return
    seen = open_now[0]
    for look in (_unreachable, _encrypted, _archived, _wrong_address, _error_as_picture, _closed, _server_error):
        found = look(case, seen)
        if found is not None:
            yield found
            return


def working(case: Case) -> dict[str, Observation]:
    """The other addresses at which the very same picture was there."""
    return {name: seen for name in ADDRESSES if (seen := case.get(f"try-public-{name}")).ok}


def _found(case: Case, finding_id: str, how: str, *fix: Fix, certainty: Certainty = Certainty.CERTAIN) -> Finding:
    return finding(
        finding_id,
        case,
        how=how,
        because=["public-get"],
        explains=["public-cors", *_same_way(case)],
        fixes=fix,
        certainty=certainty,
    )


def _same_way(case: Case) -> list[str]:
    """Other requests of a visitor that never arrived at the same host."""
    seen = case.obs("public-get")
    host = fixes.host_of(seen.url)
    visits = [o for o in case.all_open() if o.actor is Actor.VISITOR and o.network is not None]
    return [o.id for o in visits if seen.network is not None and fixes.host_of(o.url) == host]


def regional_host(settings: Settings) -> str:
    """The dot form, which exists in every region: ``s3.eu-west-2.amazonaws.com``."""
    suffix = ".cn" if settings.region.startswith("cn-") else ""
    return f"s3.{settings.region}.amazonaws.com{suffix}"


def _unreachable(case: Case, seen: Observation) -> Finding | None:
    if seen.network is None:
        return None
    settings = case.settings
    host = fixes.host_of(seen.url)
    how = f"GET {seen.url}: {words(seen)}"
    if settings.hostname_is_default and not settings.alias_host and host == settings.hostname:
        if settings.endpoint and ".amazonaws.com" not in settings.endpoint:
            return _found(
                case, "missing-variable", how, fixes.env(case, "S3_HOSTNAME", urlsplit(settings.api_base).netloc)
            )
        return _found(
            case, "hostname-default-dash-form-dead", how, fixes.env(case, "S3_HOSTNAME", regional_host(settings))
        )
    repeated = _hostname_contains_bucket(case, how)
    if repeated is not None:
        return repeated
    if seen.network is NetworkFault.DNS:
        variable = "S3_ALIAS_HOST" if settings.alias_host else "S3_HOSTNAME"
        fix: Fix = ServerFix("dns", host, f"create the DNS record for {host}, or correct {variable}")
        return _found(case, "alias-dns-missing-or-cname-bucket-mismatch", how, fix)
    if seen.network in _TLS:
        return _bad_tls(case, seen, host, how)
    at_port = working(case).get("hostname-with-port")
    if at_port is not None:
        return _found(case, "hostname-port-missing", how, fixes.env(case, "S3_HOSTNAME", urlsplit(at_port.url).netloc))
    fix = ServerFix("proxy", host, f"see whether the web server for {host} runs and is reachable from outside")
    return _found(case, "provider-outage", how, fix, certainty=Certainty.LIKELY)


def _bad_tls(case: Case, seen: Observation, host: str, how: str) -> Finding:
    settings = case.settings
    dotted = settings.bucket_name if "." in settings.bucket_name else ""
    if seen.network is NetworkFault.TLS_NAME and dotted and host.startswith(f"{dotted}."):
        value = host.removeprefix(f"{dotted}.")
        if settings.alias_host:
            fix: Fix = fixes.env(case, "S3_ALIAS_HOST", f"{value}/{dotted}")
        else:
            fix = fixes.env(case, "S3_HOSTNAME", value)
        return _found(case, "dotted-bucket-tls-mismatch", how, fix)
    plain = any(o.url.startswith("http://") and fixes.host_of(o.url) == host for o in working(case).values())
    if plain and seen.network in (NetworkFault.TLS_NOT_TLS, NetworkFault.TLS_OTHER):
        fix = ServerFix("certificate", host, "put a proxy with a certificate in front; S3_PROTOCOL stays https")
        return _found(case, "protocol-https-but-endpoint-plain", how, fix)
    fix = ServerFix("certificate", host, f"install a valid certificate for {host}")
    finding_id = "alias-host-no-tls-or-wrong-cert" if settings.alias_host else "tls-certificate-bad"
    return _found(case, finding_id, how, fix)


def _encrypted(case: Case, seen: Observation) -> Finding | None:
    kinds = [case.obs(n).headers.get("x-amz-server-side-encryption", "") for n in ("head", "get", "put-with-acl")]
    kms = any(kind.startswith("aws:kms") for kind in kinds)
    if not kms or seen.http_status not in (400, 403):
        return None
    rules = '{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}]}'
    how = f"a visitor was answered {words(seen)}, and the file carries x-amz-server-side-encryption: aws:kms"
    return _found(case, "kms-objects-not-anonymously-readable", how, fixes.encryption(case, rules))


def _archived(case: Case, seen: Observation) -> Finding | None:
    cold = case.obs("get").error_code == "InvalidObjectState" or seen.error_code == "InvalidObjectState"
    if not cold:
        return None
    how = f"a visitor was answered {words(seen)}"
    return _found(case, "storage-class-glacier", how, fixes.env(case, "S3_STORAGE_CLASS", None))


def _hostname_contains_bucket(case: Case, how: str) -> Finding | None:
    settings = case.settings
    there = working(case).get("hostname-without-bucket")
    if settings.alias_host or there is None:
        return None
    bare = settings.hostname.removeprefix(f"{settings.bucket_name}.")
    # the host without the bucket works only where the store takes path style, which the trial shows
    path_style = any(name in working(case) for name in ("path-style", "origin")) and _same_host(case, bare)
    as_alias = fixes.env(case, "S3_ALIAS_HOST", settings.hostname)
    as_host = fixes.env(case, "S3_HOSTNAME", bare)
    order = (as_host, as_alias) if path_style else (as_alias, as_host)
    return _found(case, "hostname-contains-bucket", f"{how}; without the repeated bucket the picture is there", *order)


def _same_host(case: Case, host: str) -> bool:
    return any(fixes.host_of(o.url) == host.split(":")[0] for o in working(case).values())


def _wrong_address(case: Case, seen: Observation) -> Finding | None:
    """The picture is there, only not where Mastodon says."""
    settings, there = case.settings, working(case)
    how = f"GET {seen.url} was answered {words(seen)}"
    repeated = _hostname_contains_bucket(case, how)
    if repeated is not None:
        return repeated
    if settings.alias_host:
        return _alias(case, seen, how, there)
    doubled = _doubled_path(case, how)
    if doubled is not None:
        return doubled
    if "hostname-with-port" in there:
        value = urlsplit(there["hostname-with-port"].url).netloc
        return _found(case, "hostname-port-missing", how, fixes.env(case, "S3_HOSTNAME", value))
    place = there.get("path-style") or there.get("origin")
    if place is None and "virtual-host" not in there:
        return None
    if place is not None and urlsplit(place.url).path.startswith(f"/{settings.bucket_name}/"):
        fix: Fix = fixes.env(case, "S3_HOSTNAME", urlsplit(place.url).netloc)
    else:
        fix = fixes.env(case, "S3_ALIAS_HOST", urlsplit((there.get("virtual-host") or place or seen).url).netloc)
    at = (place or there["virtual-host"]).url
    return _found(case, "object-not-found-public-key-mismatch", f"{how}; the picture is at {at}", fix)


def _alias(case: Case, seen: Observation, how: str, there: dict[str, Observation]) -> Finding | None:
    settings = case.settings
    alias = (settings.alias_host or "").rstrip("/")
    first = seen.facts.get("bucket", "")
    folder = settings.key_prefix.strip("/").split("/")[0] or ""
    if "alias-with-bucket" in there:
        fix: Fix = fixes.env(case, "S3_ALIAS_HOST", f"{alias}/{settings.bucket_name}")
        proxy = ServerFix("nginx", _proxy_line(settings), f"in the server block of {alias}")
        return _found(
            case, "proxy-drops-bucket-name", f"{how}; with the bucket in the path the picture is there", fix, proxy
        )
    proxy = ServerFix("nginx", _proxy_line(settings), f"in the server block of {alias}")
    if first and (first in MEDIA_FOLDERS or first == folder):
        return _found(case, "proxy-drops-bucket-name", f"{how}: it looked for a bucket named {first}", proxy)
    if first and first == alias.split("/")[0]:
        advice = Manual(f"A CNAME reaches S3 only for a bucket named {alias}: put a proxy or a CDN at {alias}.")
        return _found(case, "alias-dns-missing-or-cname-bucket-mismatch", how, advice)
    if seen.http_status in (301, 307) and (seen.facts.get("region") or "amazonaws" in seen.headers.get("location", "")):
        return _found(case, "cdn-origin-region-mismatch", how, proxy)
    if not there:
        return None
    if (seen.http_status or 0) in (502, 504):
        fix = ServerFix("nginx", "resolver 127.0.0.53 ipv6=off;", f"in the server block of {alias}; see its error log")
        return _found(case, "proxy-resolver-fails", how, fix, certainty=Certainty.LIKELY)
    if seen.headers.get("cf-mitigated") or (seen.http_status in (403, 503) and "cf-ray" in seen.headers):
        return _found(case, "cdn-hotlink-or-bot-protection", how, Manual(f"Exempt {alias} from hotlink and bot rules."))
    if seen.http_status in (403, 404):
        return _found(
            case, "object-not-found-public-key-mismatch", f"{how}; straight from the storage it is there", proxy
        )
    return None


def _proxy_line(settings: Settings) -> str:
    """The line of Mastodon's proxy guide with these settings' own values."""
    scheme, _, host = settings.api_base.partition("://")
    return f"proxy_set_header Host {host}; proxy_pass {scheme}://{host}/{settings.bucket_name}$uri;"


def _doubled_path(case: Case, how: str) -> Finding | None:
    """The endpoint holds the bucket already, so files lie under a folder named like it."""
    settings = case.settings
    host = fixes.host_of(settings.api_base)
    if not settings.endpoint or not host.startswith(f"{settings.bucket_name}."):
        return None
    bare = settings.endpoint.replace(f"{settings.bucket_name}.", "", 1)
    return _found(case, "endpoint-contains-bucket-path-style", how, fixes.env(case, "S3_ENDPOINT", bare))


def _error_as_picture(case: Case, seen: Observation) -> Finding | None:
    if seen.http_status != 200:
        return None
    if seen.facts.get("root") == "Error" or seen.facts.get("markup") == "yes":
        fix: Fix = ServerFix("nginx", "remove the error_page 200 rule", f"at {fixes.host_of(seen.url)}")
        return _found(case, "proxy-serves-error-as-image", f"GET {seen.url} gave 200 with an error page inside", fix)
    if seen.facts.get("body") == "aws-chunked":
        return None
    kind = seen.facts.get("content-type")
    if kind:
        own = case.obs("get").headers.get("content-type", "").split(";")[0]
        finding_id = "provider-drops-content-type" if own != "image/png" else "content-type-wrong"
        advice = Manual("See that whatever serves the file passes on the Content-Type that was stored with it.")
        return _found(case, finding_id, f"a PNG was served as {kind}", advice)
    advice = Manual(f"See what answers at {fixes.host_of(seen.url)}: it served something else than the file.")
    return _found(case, "proxy-serves-error-as-image", f"GET {seen.url} gave 200 with other bytes", advice)


def _closed(case: Case, seen: Observation) -> Finding | None:
    """The picture is where it should be, and visitors may not read it."""
    provider = detect(fixes.host_of(case.settings.api_base), case.obs("reach-endpoint").headers)
    quick = _by_provider(case, seen, provider.id)
    if quick is not None:
        return quick
    if seen.http_status not in (400, 401, 403) and seen.outcome is not Outcome.DENIED:
        return None
    how = f"a visitor was answered {words(seen)}"
    if case.get("try-request-payment").facts.get("Payer") == "Requester":
        return _found(case, "requester-pays", f"{how}, and the bucket is set to Requester Pays", fixes.owner_pays(case))
    if case.get("try-referer").ok:
        told = f"{how}; with a Referer of {case.settings.web_domain} it is visible"
        return _found(case, "deny-anonymous-statement", told, fixes.only_media_public(case))
    status = case.get("try-policy-status")
    block = fixes.public_access_block(case, "BlockPublicPolicy", "RestrictPublicBuckets")
    if status.facts.get("is-public") == "yes":
        return _found(case, "bpa-blocks-public-policy", f"{how}, though the bucket policy is public", block)
    acl = case.settings.acl
    if acl in ("authenticated-read", "bucket-owner-read", "bucket-owner-full-control", "aws-exec-read"):
        return _found(case, "authenticated-read-acl", how, fixes.env(case, "S3_PERMISSION", "public-read"))
    if acl in ("public-read", "public-read-write"):
        return _acl_without_effect(case, seen, how, provider)
    return _nothing_opens_it(case, how)


def _opening(case: Case) -> tuple[Fix, ...]:
    """What opens the media without ACLs: a policy, or the store's own switch where it knows no policies."""
    asked = case.get("try-read-policy")
    # a store that does not know ?policy refuses the question, or answers another one (a listing)
    foreign = asked.http_status in (405, 501) or (asked.outcome is Outcome.WRONG and asked.http_status == 200)
    if not foreign:
        return (fixes.public_read(case),)
    advice = Manual(
        f"This store knows no bucket policies. Make {case.settings.bucket_name} readable with its own switch "
        "(console, container ACL, web port or CDN), and put the host at which visitors then see files into S3_ALIAS_HOST."
    )
    return (advice,)


def _acl_without_effect(case: Case, seen: Observation, how: str, provider: Provider) -> Finding:
    """The public ACL was taken, and does nothing: ignored by a switch of the bucket, or unknown to the store."""
    listed = case.get("try-read-acl")
    block = case.get("try-read-public-access-block")
    switches = ("BlockPublicAcls", "IgnorePublicAcls")
    at_bucket = fixes.public_access_block(case, *switches)
    at_account = fixes.public_access_block(case, *switches, account=True)
    allows = block.ok and block.facts.get("IgnorePublicAcls", "").lower() == "false"
    allows = allows or block.error_code == "NoSuchPublicAccessBlockConfiguration"
    ignoring = (at_account,) if allows else (at_bucket, at_account)
    granted = "READ" in listed.facts.get("all-users", "")
    # Block Public Access refuses visitors; a store that cannot even read their request ignores ACLs for another reason
    unblocked = seen.outcome is not Outcome.DENIED or block.http_status in (405, 501)
    if granted and unblocked:
        ignored = f"{how}, although the file's ACL grants everyone to read it"
        return _found(case, "acl-header-silently-ignored", ignored, *_opening(case))
    if granted or block.facts.get("IgnorePublicAcls", "").lower() == "true":
        told = "its ACL grants everyone to read it" if listed.ok else "the bucket's IgnorePublicAcls is on"
        return _found(case, "bpa-ignores-public-acls", f"{how}, although {told}", *ignoring)
    if listed.ok:
        ignored = f"{how}; the file's ACL grants nothing to everyone"
        return _found(case, "acl-header-silently-ignored", ignored, *_opening(case))
    # the key may not read the ACL: only a store that is known to honour ACLs can be ignoring this one
    if not unblocked and (provider.object_acl == "yes" or provider.id == "aws-s3"):
        return _found(case, "bpa-ignores-public-acls", how, *ignoring, certainty=Certainty.LIKELY)
    return _found(case, "acl-header-silently-ignored", how, *_opening(case), certainty=Certainty.LIKELY)


def _nothing_opens_it(case: Case, how: str) -> Finding:
    """No public ACL is sent: a policy must open the media, and none does."""
    policy = _opening(case)
    helps = case.get("try-public-with-acl").ok
    if helps:
        permission = fixes.env(case, "S3_PERMISSION", "public-read")
        how = f"{how}; with ACL public-read it is visible"
        return _found(case, "permission-private-no-public-policy", how, permission, *policy)
    if case.settings.acl == "private":
        return _found(case, "permission-private-no-public-policy", how, *policy)
    return _found(case, "public-policy-missing", how, *policy)


def _by_provider(case: Case, seen: Observation, provider: str) -> Finding | None:
    """Stores whose API host never serves visitors."""
    settings = case.settings
    how = f"a visitor was answered {words(seen)}"
    if settings.alias_host:
        return None
    if provider == "cloudflare-r2":
        advice = Manual("Connect a custom domain to the bucket in the R2 console and put it into S3_ALIAS_HOST.")
        return _found(case, "r2-no-public-host", how, advice)
    if provider == "storj":
        advice = Manual(
            "Share the bucket (read, no list) and set S3_ALIAS_HOST=link.storjshare.io/raw/<access>/<bucket>."
        )
        return _found(case, "storj-alias-required", how, advice)
    if provider == "garage" or "anonymous access" in (seen.message or "").lower():
        advice = Manual(
            f"garage bucket website --allow {settings.bucket_name}, then S3_ALIAS_HOST = the host of the web port."
        )
        return _found(case, "website-endpoint-needed-garage", how, advice)
    if provider == "contabo":
        advice = Manual(f"S3_ALIAS_HOST={fixes.host_of(settings.api_base)}/<tenant id>:{settings.bucket_name}")
        return _found(case, "contabo-tenant-prefix", how, advice)
    return None


def _server_error(case: Case, seen: Observation) -> Finding | None:
    if (seen.http_status or 0) < 500:
        return None
    how = f"GET {seen.url} was answered {words(seen)}"
    if working(case):
        fix: Fix = ServerFix("nginx", "resolver 127.0.0.53 ipv6=off;", "see the error log of the proxy")
        return _found(case, "proxy-resolver-fails", how, fix, certainty=Certainty.LIKELY)
    advice = Manual("See the provider's status page; nothing in the settings explains it.")
    return _found(case, "provider-outage", how, advice, certainty=Certainty.LIKELY)
