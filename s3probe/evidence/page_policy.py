"""Reads a Content-Security-Policy as a browser does: may a page show pictures from this URL? Pure.

Source: CSP Level 3, "Does url match expression in origin with redirect count?". Mastodon's own policy is built in
``config/initializers/content_security_policy.rb``; a proxy may add another header, and then both must allow.
"""

from __future__ import annotations

from s3probe.settings.urls import split


def allows(policies: str, directive: str, url: str, page: str) -> bool:
    """Whether all comma-joined policies let a page at ``page`` load ``url`` under ``directive`` (``img-src``)."""
    return all(_allows(policy, directive, url, page) for policy in policies.split(","))


def names_media(policies: str) -> bool:
    """Whether this is a policy about what pages may load, as Mastodon's is, and not one that only shuts a page in."""
    names = {rule.split()[0].lower() for policy in policies.split(",") for rule in policy.split(";") if rule.split()}
    return bool(names & {"img-src", "media-src", "connect-src"})


def shuts_in(policies: str) -> bool:
    """Whether a file with this policy can run no script: what an uploaded page or SVG could do harm with."""
    return any(_shuts_in(policy) for policy in policies.split(","))


def _shuts_in(policy: str) -> bool:
    rules = _rules(policy)
    scripts = rules.get("script-src", rules.get("default-src"))
    return "sandbox" in rules or scripts in ([], ["'none'"])


def _rules(policy: str) -> dict[str, list[str]]:
    rules: dict[str, list[str]] = {}
    for rule in policy.split(";"):
        name, *sources = rule.split() or [""]
        rules.setdefault(name.lower(), sources)  # the first of a name counts
    return rules


def _allows(policy: str, directive: str, url: str, page: str) -> bool:
    rules = _rules(policy)
    decisive = rules.get(directive, rules.get("default-src"))
    return decisive is None or any(_matches(source, url, page) for source in decisive)


def _matches(source: str, url: str, page: str) -> bool:
    wanted, own = split(url), split(page)
    if source == "*":
        return wanted.scheme in ("http", "https")
    if source.lower() == "'self'":
        return wanted.netloc == own.netloc
    if source.endswith(":") and "/" not in source:
        return wanted.scheme == source[:-1].lower() or (source.lower() == "http:" and wanted.scheme == "https")
    expression = split(source if "://" in source else f"//{source}")
    scheme = expression.scheme or own.scheme
    upgraded = scheme == "http" and wanted.scheme == "https"
    if wanted.scheme != scheme and not upgraded:
        return False
    host, _, port = expression.netloc.lower().partition(":")
    theirs = wanted.hostname or ""
    if host.startswith("*."):
        if not theirs.endswith(host[1:]):
            return False
    elif host not in ("*", theirs):
        return False
    usual = {"http": "80", "https": "443"}
    if port not in ("*", str(wanted.port or usual[wanted.scheme])) and (port or wanted.port):
        return False
    path = expression.path
    return not path or path == "/" or (wanted.path.startswith(path) if path.endswith("/") else wanted.path == path)
