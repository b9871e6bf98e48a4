"""One folder works and another does not: a key, a policy or a proxy that knows only some of Mastodon's folders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from s3probe.diagnosis import bucket_fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.denial import denial
from s3probe.diagnosis.model import Certainty, Finding, Fix
from s3probe.diagnosis.rule import OF_A_POLICY, Layer, Rule, Tier
from s3probe.diagnosis.rules.before_the_storage import at_proxy
from s3probe.diagnosis.rules.refusals import nothing_fits
from s3probe.diagnosis.texts import finding
from s3probe.diagnosis.words import listed, words
from s3probe.evidence.observations import Observation, Outcome
from s3probe.evidence.refusing import SHUT, lacks_a_right
from s3probe.evidence.vocabulary import OTHER_FOLDERS, ActionId, Experiment, ExperimentWith, Fact, ObservationId
from s3probe.records import replace
from s3probe.settings.keys import OTHERS, REMOTE_CARDS, folder_name

KINDS: Mapping[str, str] = MappingProxyType({"avatar": "accounts", "emoji": "custom_emojis", "cache": "cache"})
"""What a visitor looks at beside a file in media_attachments/ (probe.folders), and its top folder."""

_OTHERS: Mapping[str, str] = MappingProxyType(
    {folder_name(class_path): class_path for class_path in (*OTHERS, REMOTE_CARDS)}
)
"""Further folders, by their names: a thorough run tries them all, another one where old files there are not shown."""

BREAKS: Mapping[str, str] = MappingProxyType(
    {
        "accounts": "Nobody can change an avatar or a header picture.",
        "custom_emojis": "No custom emoji can be added.",
        "cache": "Avatars and media of other servers are not stored.",
        "backups": "The archives that users ask for are never made.",
        "site_uploads": "The site's own pictures (banner, thumbnail, icon) cannot be changed.",
        "preview_cards": "Previews of links stay without pictures.",
        "cache/preview_cards": "Previews of links stay without pictures.",
        "preview_card_providers": "The icons of news sites are not stored.",
        "accounts/headers": "Nobody can change a header picture.",
        "media_attachments/thumbnails": "Sound and video get no picture of their own.",
        "cache/accounts": "Avatars of other servers are not stored.",
    }
)
"""By top folder: what fails in Mastodon when nothing can be stored there."""
SHOWN: Mapping[str, str] = MappingProxyType(
    {
        "accounts": "avatars and header pictures",
        "custom_emojis": "custom emoji",
        "cache": "copies of other servers' files",
        "site_uploads": "the site's own pictures",
        "preview_cards": "pictures of link previews",
        "cache/preview_cards": "pictures of link previews",
        "preview_card_providers": "icons of news sites",
        "accounts/headers": "header pictures",
        "media_attachments/thumbnails": "pictures of sound and video",
        "cache/accounts": "avatars of other servers",
    }
)
"""By top folder: what visitors look for there."""


def closed_to_the_key(case: Case) -> Iterator[Finding]:
    """The key stores files in media_attachments/ and not in another folder, of the same kind and with the same ACL."""
    settings = case.settings
    first = case.get(ActionId.PUT_WITH_ACL if settings.acl is not None else ActionId.PUT_WITHOUT_ACL)
    if not first.ok:
        return
    refused = {name: row for name, row in _by_folder(case) if lacks_a_right(row)}
    refused = {name: row for name, row in refused.items() if row.id not in case.claimed and not nothing_fits(row)}
    if not refused:
        return
    names = listed(f"{name}/" for name in refused)
    row = next(iter(refused.values()))
    what = denial(row)
    acl_alone = what is not None and what.action.lower() == "s3:putobjectacl"
    yield finding(
        "key-limited-to-some-folders",
        case,
        how=f"an upload to {names} was answered {words(row)}. One to media_attachments/ passed",
        because=[*(row.id for row in refused.values()), *_summed_up(case, refused)],
        explains=[case.get(Experiment.COPY).id] if "custom_emojis" in refused else [],
        fixes=[bucket_fixes.allow_objects(case, *bucket_fixes.all_object_rights(case))],
        permission="s3:PutObjectAcl" if acl_alone else None,
        folders=names,
        effect="case",
        breaks=" ".join(dict.fromkeys(BREAKS[name] for name in refused)).rstrip("."),
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
    for name, class_path in _OTHERS.items():
        yield name, case.get(ExperimentWith.PUT_IN.of(class_path))


def _summed_up(case: Case, names: Iterable[str]) -> list[ObservationId]:
    """The action that stands for all further folders, where one of them is among these."""
    open_one = any(name in _OTHERS for name in names) and case.get(ActionId.PUBLIC_FOLDERS).failed
    return [ActionId.PUBLIC_FOLDERS] if open_one else []


def _visits(case: Case) -> Iterator[tuple[str, Observation, Observation]]:
    """By folder: a visitor's look at the published URL, and at the storage itself."""
    for kind, (look, origin) in OTHER_FOLDERS.items():
        yield KINDS[kind], case.get(look), case.get(origin)
    # a file that is not there has no other address
    for row in case.every(ExperimentWith.PUBLIC_READ_IN):
        yield ExperimentWith.PUBLIC_READ_IN.value_in(row.id), row, replace(row, outcome=Outcome.SKIPPED)
    for name, class_path in _OTHERS.items():
        at_storage = case.get(ExperimentWith.SEEN_IN_ORIGIN.of(class_path))
        yield name, case.get(ExperimentWith.SEEN_IN.of(class_path)), at_storage


def closed_to_visitors(case: Case) -> Iterator[Finding]:
    """One folder is open and another is not: a policy, or a location of the proxy, that knows only some."""
    shut = [
        (name, look, origin)
        for name, look, origin in _visits(case)
        if look.failed and look.id not in case.claimed and look.http_status in SHUT
    ]
    if not shut or not case.get(ActionId.PUBLIC_GET).ok:
        return
    names, seen = [name for name, _look, _origin in shut], [look for _name, look, _origin in shut]
    folders = listed(f"{name}/" for name in names)
    how = f"GET {seen[0].url} was answered {words(seen[0])}, while a file in media_attachments/ is shown"
    if ExperimentWith.PUBLIC_READ_IN.made(seen[0].id):
        how = f"GET {seen[0].url}, which is not there, was answered {words(seen[0])}. In other folders it is 404"
    if len(names) > 1:
        how = f"{how}. Visitors cannot see {folders}"
    offered: tuple[Fix, ...] = (bucket_fixes.public_read(case),)
    certainty = Certainty.CERTAIN
    if _lost_at_the_proxy(case, seen[0], shut[0][2]):
        finding_id = "proxy-drops-folders"
        offered = at_proxy(case, "folders", folders=folders)
    elif bucket_fixes.denies_visitors(case):
        finding_id = "policy-denies-some-folders"
        how = f"{how}. The bucket policy denies everyone to read there"
        offered = (bucket_fixes.without_denials(case),)
    elif case.settings.acl in (None, "private"):
        finding_id = "public-policy-leaves-out-folders"
    else:
        finding_id = "policy-denies-some-folders"
        certainty = Certainty.LIKELY
        how = f"{how}. Both have the same ACL"
        offered = (bucket_fixes.without_denials(case),)
    yield finding(
        finding_id,
        case,
        how=how,
        because=[*(o.id for o in seen), *_summed_up(case, names)],
        fixes=offered,
        certainty=certainty,
        folders=folders,
        effect="case",
        shown=", ".join(SHOWN[name] for name in names),
    )


def _lost_at_the_proxy(case: Case, seen: Observation, origin: Observation) -> bool:
    """Whether the proxy refuses a file on its own account, or S3 does."""
    if origin.ok:
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
            ActionId.SUSPENDED_PUBLIC_GET,
            Experiment.COPY,
            Experiment.MULTIPART_SECOND,
            Experiment.PUT_EMOJI,
            Experiment.ACCOUNT,
            ExperimentWith.PUT_IN,
            ActionId.PUBLIC_FOLDERS,
            *OF_A_POLICY,
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
            ActionId.PUT_WITH_ACL,
            ActionId.SUSPENDED_PUBLIC_GET,
            Experiment.AVATAR_ORIGIN,
            Experiment.CACHE_ORIGIN,
            Experiment.EMOJI_ORIGIN,
            Experiment.MEDIA_ORIGIN,
            ExperimentWith.PUBLIC_READ_IN,
            ExperimentWith.SEEN_IN,
            ExperimentWith.SEEN_IN_ORIGIN,
            ActionId.PUBLIC_FOLDERS,
            *OF_A_POLICY,
        ),
    ),
)
