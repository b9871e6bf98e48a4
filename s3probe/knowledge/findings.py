"""Reads the findings' texts. Only the entry asked for is parsed, so that ``--help`` and ``lint`` stay quick."""

from __future__ import annotations

from functools import cache

from s3probe.knowledge.tables import table
from s3probe.records import dataclass, field

CATEGORIES = (
    "acl-and-public-block",
    "credentials",
    "deletion",
    "endpoint-region-addressing",
    "env-file",
    "multipart-download-checksum",
    "network-time-quota",
    "over-privilege",
    "own",
    "permissions",
    "privacy-security",
    "proxy-cdn",
    "public-reading",
)
"""The files in which the texts lie."""
SEEN = {
    "uploads-500": "Every upload fails, usually with HTTP 500",
    "uploads-503": "Uploads fail with HTTP 503, a time-out or a certificate error",
    "some-uploads": "Some uploads fail, or uploads fail now and then",
    "large-files": "Video, audio or large files fail, and small pictures work",
    "media-403": "Uploads work, and visitors get 401 or 403 for pictures",
    "media-404": "Uploads work, and visitors get 404 for pictures",
    "media-broken": "Uploads work, and no picture shows",
    "web-interface": "Pictures open on their own, and not in the web interface, the audio player or apps",
    "some-media": "Some pictures are missing, or for some people only",
    "old-media": "Older pictures are missing, and new ones show",
    "not-deleted": "Deleted files stay, the bucket grows, or clean-up fails",
    "suspension": "Suspending an account fails, or its pictures are not hidden and shown again as they should be",
    "archives": "Users cannot get their archives",
    "tootctl": "A tootctl command ends in an error",
    "strangers": "Strangers may list, read or change what they should not",
    "setting-ignored": "A setting has no effect, or Mastodon does not start with it",
    "unseen": "Nobody notices anything yet",
}
"""What somebody meets, in the order in which a person would look for it."""


@dataclass(frozen=True, slots=True)
class FindingText:
    """What is known of one finding. Texts may hold placeholders such as ``{bucket}`` in title and consequence."""

    id: str
    category: str
    state: str
    """``decided`` (an experiment on the wire), ``linted`` (the file alone), ``hinted`` or ``out-of-reach``."""
    severity: str
    section: str
    """Where the checklist for launch day tells of it (``evidence.vocabulary.Section``)."""
    seen: tuple[str, ...]
    """What somebody meets where it is the cause, by the names of ``SEEN``."""
    title: str
    consequence: str
    meaning: str
    titles: dict[str, str] = field(default_factory=dict)
    """The title by what exactly the case is, where there are several."""
    consequences: dict[str, str] = field(default_factory=dict)
    """The same of the consequence, which has more than one where it depends on what was met."""
    told_apart: tuple[str, ...] = ()
    fix: dict[str, str] = field(default_factory=dict)
    """Advice by provider id; ``general`` fits all.

    In its place stand, the narrowest first: ``without_acls`` where an ACL means nothing, ``acls_alone`` where nobody
    says how media are opened but by the ACL of each, ``own_rights`` where a key's rights are no document of IAM's,
    ``without_policies`` where no bucket policy of Amazon's form is known, ``elsewhere`` at any provider but Amazon.
    """
    why_state: str = ""
    """For ``hinted`` and ``out-of-reach``: what would decide it, or why nothing can."""
    setting: str | None = None
    permission: str | None = None
    links: tuple[str, ...] = ()
    recipe: str = ""
    """The topic of a server's own command that ends it (``recipes.topic_at``), where there is one."""
    in_general: str = ""
    """The title for whoever has no case before them, where the title itself says no more than the case."""

    @property
    def every_title(self) -> tuple[str, ...]:
        """All that a report may call it."""
        return self.title, *self.titles.values()

    @property
    def every_consequence(self) -> tuple[str, ...]:
        """What a report may say that it breaks."""
        return self.consequence, *self.consequences.values()


@cache
def _categories() -> dict[str, str]:
    """Finding id -> its category, in the order of the files."""
    return {name: category for category in CATEGORIES for name in table(f"findings/{category}")}


def ids() -> tuple[str, ...]:
    """Every finding id, by category."""
    return tuple(_categories())


@cache
def entry(finding_id: str) -> FindingText:
    """What is known of ``finding_id``. Raises KeyError for an unknown id, ValueError for a text that lacks a field."""
    category = _categories()[finding_id]
    data = dict(table(f"findings/{category}")[finding_id])
    for name in ("seen", "told_apart", "links"):
        data[name] = tuple(data.get(name, ()))
    try:
        return FindingText(id=finding_id, category=category, **data)
    except TypeError as error:
        raise ValueError(f"[{finding_id}] in findings/{category}.toml: {error}") from error
