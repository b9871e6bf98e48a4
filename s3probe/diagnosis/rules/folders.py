"""One folder works and another does not: a key, a policy or a proxy that knows only some of Mastodon's folders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from s3probe.diagnosis import bucket_fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.denial import denial
from s3probe.diagnosis.model import Certainty, Finding, Fix
from s3probe.diagnosis.rule import Layer, Rule, Tier
from s3probe.diagnosis.rules.before_the_storage import at_proxy, proxy_lines
from s3probe.diagnosis.texts import finding
from s3probe.diagnosis.words import words
from s3probe.evidence.observations import Observation, Outcome
from s3probe.evidence.vocabulary import FOLDER_VISITS, OTHER_FOLDERS, ActionId, Experiment, Fact, OtherFolder

KINDS: Mapping[str, str] = MappingProxyType({"avatar": "accounts", "emoji": "custom_emojis", "cache": "cache"})
"""What a visitor looks at beside a file in media_attachments/ (probe.folders), and its top folder."""

BREAKS: Mapping[str, str] = MappingProxyType(
    {
        "accounts": "nobody can change an avatar or a header picture",
        "custom_emojis": "no custom emoji can be added",
        "cache": "avatars and media of other servers are not stored",
        "backups": "the archives that users ask for are never made",
    }
)
"""By top folder: what fails in Mastodon when nothing can be stored there."""
SHOWN: Mapping[str, str] = MappingProxyType(
    {
        "accounts": "avatars and header pictures",
        "custom_emojis": "custom emoji",
        "cache": "copies of other servers' files",
    }
)
"""By top folder: what visitors look for there."""


def closed_to_the_key(case: Case) -> Iterator[Finding]:
    """The key stores files in media_attachments/ and not in another folder, of the same kind and with the same ACL."""
    settings = case.settings
    first = case.get(ActionId.PUT_WITH_ACL if settings.acl is not None else ActionId.PUT_WITHOUT_ACL)
    if not first.ok:
        return
    refused = {name: row for name, row in _by_folder(case) if row.outcome is Outcome.DENIED}
    refused = {name: row for name, row in refused.items() if row.id not in case.claimed}
    if not refused:
        return
    names = _listed(refused)
    row = next(iter(refused.values()))
    what = denial(row)
    acl_alone = what is not None and what.action.lower() == "s3:putobjectacl"
    yield finding(
        "key-limited-to-some-folders",
        case,
        how=f"an upload to {names} was answered {words(row)}; one to media_attachments/ passed",
        because=[row.id for row in refused.values()],
        explains=[case.get(Experiment.COPY).id] if "custom_emojis" in refused else [],
        fixes=[bucket_fixes.allow_objects(case, *bucket_fixes.all_object_rights(case))],
        permission="s3:PutObjectAcl" if acl_alone else None,
        folders=names,
        breaks="; ".join(BREAKS[name] for name in refused),
    )


def _by_folder(case: Case) -> Iterator[tuple[str, Observation]]:
    """What was uploaded elsewhere, as far as its folder alone sets it apart."""
    yield "accounts", case.get(ActionId.AVATAR_PUT)
    yield "custom_emojis", case.get(Experiment.PUT_EMOJI)
    if case.get(Experiment.MULTIPART_SECOND).ok:
        yield "cache", case.get(ActionId.MULTIPART_CREATE)
    # an archive's ACL is private: where that is taken for another file, it is not what was refused
    if case.settings.acl is None or case.get(ActionId.PUT_ACL_PRIVATE).ok:
        yield "backups", case.get(ActionId.ARCHIVE_PUT)


def closed_to_visitors(case: Case) -> Iterator[Finding]:
    """One folder is open and another is not: a policy, or a location of the proxy, that knows only some."""
    seen = [o for o in case.open(*FOLDER_VISITS) if o.http_status in (401, 403, 404)]
    if not seen or not case.get(ActionId.PUBLIC_GET).ok:
        return
    names = [KINDS[_kind(o)] for o in seen]
    how = f"GET {seen[0].url} was answered {words(seen[0])}, while a file in media_attachments/ is shown"
    how += f"; visitors cannot see {_listed(names)}" if len(names) > 1 else ""
    offered: tuple[Fix, ...] = (bucket_fixes.public_read(case),)
    if _lost_at_the_proxy(case, seen[0]):
        finding_id = "proxy-drops-folders"
        offered = at_proxy(case, proxy_lines(case), "origin", "in one location / for all folders")
    elif case.settings.acl in (None, "private"):
        finding_id = "public-policy-leaves-out-folders"
    else:
        finding_id = "policy-denies-some-folders"
        how = f"{how}, though both have the same ACL"
        offered = (bucket_fixes.only_media_public(case, denied=True),)
    yield finding(
        finding_id,
        case,
        how=how,
        because=[o.id for o in seen],
        fixes=offered,
        certainty=Certainty.LIKELY if finding_id == "policy-denies-some-folders" else Certainty.CERTAIN,
        folders=_listed(names),
        shown=", ".join(SHOWN[name] for name in names),
    )


def _listed(folders: Iterable[str]) -> str:
    """``accounts/, cache/ and backups/``."""
    *most, last = (f"{name}/" for name in folders)
    return f"{', '.join(most)} and {last}" if most else last


def _kind(seen: Observation) -> OtherFolder:
    return next(kind for kind, (look, _origin) in OTHER_FOLDERS.items() if look == seen.id)


def _lost_at_the_proxy(case: Case, seen: Observation) -> bool:
    """Whether the proxy refuses a file on its own account, or S3 does."""
    if case.get(OTHER_FOLDERS[_kind(seen)][1]).ok:
        return True
    # the storage may be closed to everyone but the proxy: the answer's own words tell who refused
    closed_for_all = case.get(Experiment.MEDIA_ORIGIN).failed
    return closed_for_all and seen.facts.get(Fact.ROOT) != "Error"


RULES = (
    Rule(
        closed_to_the_key,
        Layer.STORING,
        yields=("key-limited-to-some-folders",),
        reads=(
            ActionId.ARCHIVE_PUT,
            ActionId.AVATAR_PUT,
            ActionId.MULTIPART_CREATE,
            ActionId.PUT_ACL_PRIVATE,
            ActionId.PUT_WITHOUT_ACL,
            ActionId.PUT_WITH_ACL,
            ActionId.REACH_ENDPOINT,
            ActionId.SUSPENDED_PUBLIC_GET,
            Experiment.COPY,
            Experiment.MULTIPART_SECOND,
            Experiment.PUT_EMOJI,
            *bucket_fixes.OF_A_POLICY,
        ),
    ),
    Rule(
        closed_to_visitors,
        Layer.MEDIA_HOST,
        yields=("policy-denies-some-folders", "proxy-drops-folders", "public-policy-leaves-out-folders"),
        tier=Tier.GROUPS,
        reads=(
            ActionId.PUBLIC_GET,
            ActionId.PUBLIC_GET_AVATAR,
            ActionId.PUBLIC_GET_CACHE,
            ActionId.PUBLIC_GET_EMOJI,
            ActionId.PUBLIC_LIST_ALIAS,
            ActionId.PUT_WITH_ACL,
            ActionId.REACH_ENDPOINT,
            ActionId.SUSPENDED_PUBLIC_GET,
            Experiment.AVATAR_ORIGIN,
            Experiment.CACHE_ORIGIN,
            Experiment.EMOJI_ORIGIN,
            Experiment.MEDIA_ORIGIN,
            *bucket_fixes.OF_A_POLICY,
        ),
    ),
)
