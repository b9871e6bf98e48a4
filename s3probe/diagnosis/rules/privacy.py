"""What strangers can do and must not: list, write, open archives."""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Certainty, Finding, Fix, Manual, ServerFix, Severity
from s3probe.diagnosis.texts import finding
from s3probe.knowledge.providers import PolicySupport, detect


def listing(case: Case) -> Iterator[Finding]:
    """The listing is open: by the bucket's ACL, by a policy, or only through the public host."""
    direct, alias = case.open("public-list"), case.open("public-list-alias")
    direct = tuple(o for o in direct if o.facts.get("listing"))
    alias = tuple(o for o in alias if o.facts.get("listing"))
    if not direct and not alias:
        return
    because = [o.id for o in (*direct, *alias)]
    how = f"GET {(direct or alias)[0].url} listed the bucket"
    if not direct:
        fix: Fix = ServerFix("nginx", "location = / { return 404; }", f"at {fixes.host_of(alias[0].url)}")
        yield finding("proxy-lists-bucket-at-root", case, how=how, because=because, fixes=[fix])
        return
    provider = detect(fixes.host_of(case.settings.api_base), case.obs("reach-endpoint").headers).id
    if provider == "gcs":
        advice = Manual("Give allUsers the role Storage Legacy Object Reader instead of Storage Object Viewer.")
        yield finding("gcs-objectviewer-lists-bucket", case, how=how, because=because, fixes=[advice])
        return
    by_acl, certainty = _opened_by_acl(case)
    if by_acl:
        fix = fixes.bucket_acl_private(case)
        yield finding("bucket-listable-acl", case, how=how, because=because, fixes=[fix], certainty=certainty)
        return
    fix = fixes.only_media_public(case)
    yield finding("bucket-listable-policy", case, how=how, because=because, fixes=[fix], certainty=certainty)


def _opened_by_acl(case: Case) -> tuple[bool, Certainty]:
    """The ACL itself when readable; else READ on a bucket also opens its uploads, a policy's s3:ListBucket does not."""
    acl = case.get("try-bucket-acl")
    if acl.ok:
        return "READ" in acl.facts.get("all-users", "").split(), Certainty.CERTAIN
    uploads, versions = case.get("try-public-uploads"), case.get("try-public-versions")
    return bool(uploads.facts.get("listing") and versions.facts.get("listing")), Certainty.LIKELY


def writing(case: Case) -> Iterator[Finding]:
    """A stranger could upload."""
    seen = [o for o in case.open("public-write") if o.facts.get("write") == "open"]
    if seen:
        # an ACL that lets everyone write (public-read-write) lets everyone list as well
        opened_by_acl = _opened_by_acl(case)[0]
        lists = [o.id for o in case.open("public-list", "public-list-alias") if o.facts.get("listing")]
        by_policy, by_acl = fixes.only_media_public(case), fixes.bucket_acl_private(case)
        yield finding(
            "anonymous-write-allowed",
            case,
            how=f"an unsigned PUT was answered {seen[0].http_status}",
            because=[seen[0].id],
            explains=lists if opened_by_acl else [],
            fixes=[by_acl, by_policy] if opened_by_acl else [by_policy, by_acl],
        )


def archives(case: Case) -> Iterator[Finding]:
    """A stranger could open an archive."""
    seen = [o for o in case.open("archive-public-get", "archive-origin-get") if o.facts.get("open") == "yes"]
    if seen:
        provider = detect(fixes.host_of(case.settings.api_base), case.obs("reach-endpoint").headers)
        # where a bucket is open as a whole or not at all, only the unguessable name protects an archive
        whole = provider.bucket_policy in (PolicySupport.NO, PolicySupport.CONSOLE)
        proxy = ServerFix(
            "nginx", "location ^~ /backups/ { return 404; }", "on the alias host; archive links do not use it"
        )
        yield finding(
            "archive-dumps-world-readable",
            case,
            how=f"GET {seen[0].url} opened an archive without a signature",
            because=[o.id for o in seen],
            fixes=[*([] if whole else [fixes.only_media_public(case)]), *([proxy] if case.settings.alias_host else [])],
            severity=Severity.NOTICE if whole else None,
        )


def suspended(case: Case) -> Iterator[Finding]:
    """A hidden picture is still there for everyone."""
    seen = [o for o in case.open("suspended-public-get") if o.facts.get("open") == "yes"]
    if seen:
        yield finding(
            "suspended-media-stays-public",
            case,
            how="a picture whose ACL is private could still be opened",
            because=[seen[0].id],
            fixes=[Manual("Where ACLs work, open media by ACL alone and without a public bucket policy.")],
            severity=Severity.NOTICE,
        )


def cors(case: Case) -> Iterator[Finding]:
    """Scripts of the web interface may not read media."""
    seen = case.open("public-cors")
    if not seen or not seen[0].facts.get("allowed"):
        return
    row = seen[0]
    origin, allowed = row.facts.get("origin", ""), row.facts["allowed"]
    if "," in allowed:
        fix: Fix = ServerFix("nginx", "proxy_hide_header Access-Control-Allow-Origin;", "the header was sent twice")
        how = f"Access-Control-Allow-Origin came twice: {allowed}"
        yield finding("cors-duplicated-header", case, how=how, because=[row.id], fixes=[fix])
        return
    other = next((o for o in case.trials("try-cors:") if o.ok), None)
    known = case.settings.web_domain is not None
    yield finding(
        "cors-origin-mismatch" if other or allowed != "none" or _rule_exists(case) else "cors-missing",
        case,
        how=f"a request with Origin {origin} got {'no Access-Control-Allow-Origin' if allowed == 'none' else allowed}"
        + (f", one with {other.facts.get('origin')} got it" if other else ""),
        because=[row.id],
        fixes=[fixes.cors(case)],
        certainty=Certainty.CERTAIN if known else Certainty.LIKELY,
    )


def csp(case: Case) -> Iterator[Finding]:
    """Mastodon's pages forbid the browser to show what the media host serves."""
    seen = [o for o in case.open("public-csp") if o.facts.get("media")]
    if not seen:
        return
    host = fixes.host_of(seen[0].facts["media"])
    pages = case.settings.csp_media_hosts
    listed = any(host in allowed for allowed in pages)
    # the file allows the host already: the running Mastodon has another one, or a proxy sends a policy of its own
    advice = Manual("Restart Mastodon's web service; if that does not help, the proxy before it sends its own policy.")
    extra = fixes.env(case, "EXTRA_MEDIA_HOSTS", f"https://{host}")
    yield finding(
        "csp-missing-media-host",
        case,
        how=f"the Content-Security-Policy of {seen[0].url} does not allow {host}"
        + (", though the settings do" if listed else ""),
        because=[seen[0].id],
        fixes=[advice] if listed else [extra, advice],
    )


def _rule_exists(case: Case) -> bool:
    """Whether there are CORS rules, and none for this origin: as the bucket or AWS ("Troubleshooting CORS") says."""
    told = (case.get("try-cors-preflight").message or "").lower()
    return case.get("try-read-cors").ok or "cors request is not allowed" in told
