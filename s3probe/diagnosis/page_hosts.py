"""Which hosts Mastodon's pages allow media from, as this release reads the settings, and the line that adds one.

Source: Mastodon ``config/initializers/content_security_policy.rb``, and glitch-soc's.
"""

from __future__ import annotations

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Fix, Manual
from s3probe.evidence.release import Release, reads_extra_hosts, release_of
from s3probe.settings.csp import EXTRA, GLITCH_EXTRA, extra_hosts

FORBIDDEN = {
    "img-src": "In the web interface every picture of your own users is broken. Videos play",
    "media-src": "In the web interface no video and no sound plays. Pictures are shown",
    "connect-src": ("In the web interface scripts may not fetch media: the audio player and downloads do not work"),
}
"""What one directive of a page's policy breaks alone."""
SCRIPTS = "connect-src"


def version_of(case: Case) -> str:
    """What the server says of itself, or ``--mastodon-version``; blank when nobody said."""
    return case.evidence.run.mastodon_version if case.evidence else ""


def allowed_hosts(case: Case) -> tuple[str, ...]:
    """The hosts in the pages' Content-Security-Policy by the settings. A release that is not known reads everything."""
    settings, version = case.settings, version_of(case)
    values = {name: variable.value for name, variable in settings.environment.variables.items()}
    hosts, extra = settings.csp_media_hosts, extra_hosts(values)
    if not extra or not hosts:
        return hosts
    release = release_of(version)
    read = {name: values[name] for name in _read_by(release, version) if name in values}
    return (*hosts[: -len(extra)], *extra_hosts(read))


def _read_by(release: Release | None, version: str) -> tuple[str, ...]:
    return (
        *((EXTRA,) if reads_extra_hosts(version) else ()),
        *((GLITCH_EXTRA,) if release is None or release.is_glitch else ()),
    )


def for_scripts_alone(case: Case) -> bool:
    """Whether this Mastodon's own policy names the media host for scripts only: before 4.3."""
    release = release_of(version_of(case))
    return release is not None and not release.names_media_for_pictures


def allow(case: Case, host: str) -> Fix:
    """The pages allow ``host`` as well as all that they allow now."""
    version = version_of(case)
    environment = case.settings.environment
    release = release_of(version)
    if release is not None and release.is_glitch and not reads_extra_hosts(version):
        hosts = (environment.get(GLITCH_EXTRA) or "").split("|")
        return fixes.env(case, GLITCH_EXTRA, "|".join(filter(None, (*hosts, f"https://{host}"))))
    if not reads_extra_hosts(version):
        return Manual(f"Name {host} in S3_ALIAS_HOST, or upgrade: Mastodon {version} does not read {EXTRA} (4.4 does).")
    # glitch-soc no longer looks at its own variable where this one is set
    kept = (environment.get(EXTRA) or "").strip() or ",".join((environment.get(GLITCH_EXTRA) or "").split("|"))
    return fixes.env(case, EXTRA, ",".join(filter(None, (kept.strip(","), f"https://{host}"))))
