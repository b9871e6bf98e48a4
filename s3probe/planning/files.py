"""Every key that is written or only named, with its ACL: what these options leave in of ``probe.own_files``."""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.evidence.vocabulary import ActionId
from s3probe.planning.circumstances import Circumstances
from s3probe.planning.model import PlannedFile
from s3probe.probe.own_files import ALL, OwnFile
from s3probe.probe.tools import ALPHABET, RUN_ID_LENGTH
from s3probe.records import replace
from s3probe.settings.keys import probe_key

RUN_ID = "<run id>"
RUN_ID_PATTERN = f"[{ALPHABET}]{{{RUN_ID_LENGTH}}}"
_ID_IN_KEYS = "x" * RUN_ID_LENGTH
IN_A_TRIAL = "under another line of the file that is tried"
AFTER_A_QUICK_RUN = "where the quick run fails, so that the whole examination follows"


def files(around: Circumstances) -> Iterator[PlannedFile]:
    """Those that may be made, in the order of the table."""
    if around.reads:
        return
    for file in ALL:
        if _may_be(file, around):
            yield _planned(file, around)


def _may_be(file: OwnFile, around: Circumstances) -> bool:
    if file.canary:
        return around.canary or not around.no_trials
    if file.foundation:
        return around.may_fit(file.applies)
    wanted = around.wanted(file.within) if file.within else around.uploads
    return wanted and around.may_fit(file.applies)


def _planned(file: OwnFile, around: Circumstances) -> PlannedFile:
    settings = around.settings if around.settings.storage == "s3" else replace(around.settings, storage="s3")
    keyed = settings if file.prefixed else replace(settings, key_prefix="")
    then = _then(settings.acl, around) if file.hidden_and_shown and settings.acl is not None else ()
    return PlannedFile(
        probe_key(keyed, file.class_path, _ID_IN_KEYS, file.name).replace(f"/{_ID_IN_KEYS}/", f"/{RUN_ID}/"),
        file.fate,
        file.acl_under(settings),
        then,
        file.kind,
        _when(file, around),
    )


def _then(acl: str, around: Circumstances) -> tuple[str, ...]:
    """The ACLs of a suspension and of its end; the ladder of ACLs tries the first as well."""
    hidden = around.wanted([ActionId.PUT_ACL_PRIVATE, ActionId.PUT_WITH_ACL])
    shown = around.wanted([ActionId.PUT_ACL_RESTORE])
    return tuple(dict.fromkeys((*(("private",) if hidden else ()), *((acl,) if shown else ()))))


def _when(file: OwnFile, around: Circumstances) -> str:
    if file.canary:
        return "" if around.canary else "after a line that was tried: whether what failed still fails without it"
    if not around.fits(file.applies):
        return f"{IN_A_TRIAL}: {file.when}" if file.when else IN_A_TRIAL
    if around.nothing and not file.when:
        return IN_A_TRIAL
    return AFTER_A_QUICK_RUN if around.canary and not file.when else file.when
