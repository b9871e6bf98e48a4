"""What a plan is made for: settings, the wishes of the command line, and who would sign. Nobody is asked for it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime

from s3probe.evidence.vocabulary import ARCHIVE_VISIT, BESIDE, IN_A_BROWSER, ActionId
from s3probe.probe.conditions import ConditionsMaker
from s3probe.probe.exchange import MUTATING, Answer, Call, Limits
from s3probe.probe.own_files import Applies
from s3probe.probe.request_form import WireForm, form_for_version
from s3probe.probe.signing_rule import SigningRule, signing_rule
from s3probe.probe.tools import Clock, ProbeOptions, Tools
from s3probe.records import dataclass, field, replace
from s3probe.secret import Secret
from s3probe.settings.model import Credentials, Settings

_OF_ONES_OWN = "https://storage.invalid"
"""A storage that no table knows."""
_SOMEBODY = Credentials("S3PROBEPLANNEDKEY000", Secret("s3probe-plan"), source="none")
"""Stands for the key pair that the SDK would find: the requests are built, and never sent."""
FOUNDATION = (ActionId.REACH_ENDPOINT, ActionId.CLOCK, ActionId.LIST)
"""What a whole examination begins with, whatever ``--only`` names."""
UPLOADS = (ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL)
"""What follows as soon as anything is asked for that needs a file."""


class _Nobody:
    """The way out of a plan."""

    def send(self, call: Call, _limits: Limits) -> Answer:
        raise RuntimeError(f"a plan asks nothing, and {call!r} was to be sent")


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Settings and options, and what follows from both at once."""

    settings: Settings
    options: ProbeOptions
    nothing: str
    """Why nothing is asked under the file as it stands."""
    found: dict[str, tuple[str, ...]] = field(default_factory=dict, compare=False)
    """The addresses of each place, once they were made."""

    @property
    def reads(self) -> bool:
        """Whether the run makes no write at all."""
        return self.options.profile == "read-only"

    @property
    def quick(self) -> bool:
        return self.options.profile == "quick"

    @property
    def canary(self) -> bool:
        """Whether a quick run has anything to upload: else the whole examination is made at once."""
        return self.quick and self.uploads

    @property
    def uploads(self) -> bool:
        """Whether anything is asked for that needs a file of ours in the bucket."""
        return not self.reads and any(self.options.wants(action) for action in ActionId if action.row.needs_file)

    @property
    def pair(self) -> Credentials:
        return self.settings.credentials or _SOMEBODY

    @property
    def rule(self) -> SigningRule:
        """Where the client lets signed requests go."""
        return signing_rule(self.settings, self.pair)

    @property
    def maker(self) -> ConditionsMaker:
        """Builds requests as a run does, with no way out."""
        tools = Tools(_Nobody(), Clock(now=lambda: datetime(2026, 1, 1, tzinfo=UTC)), invocation_id=lambda: "0" * 36)
        version = self.options.mastodon_version
        return ConditionsMaker(tools, self.pair, form_for_version(version) if version else WireForm.CURRENT)

    def wanted(self, steps: Collection[str] | None) -> bool:
        """Whether any of these steps is left in by ``--only`` and ``--skip``."""
        return steps is None or any(map(self.options.wants, steps))

    @property
    def no_trials(self) -> str:
        """Which wish of the command line leaves no room for trials of lines; ``""`` for none."""
        if not self.options.trials:
            return "--no-trials"
        return "--read-only" if self.reads else "--only" if self.options.only else ""

    def fits(self, applies: Applies) -> bool:
        """Whether the file as it stands leaves a use for what ``applies`` says."""
        return applies(self.settings, self.options.thorough)

    def may_fit(self, applies: Applies) -> bool:
        """The same of the file, or of the file with a line in it that may be tried."""
        others = () if self.no_trials else _under_other_lines(self.settings)
        return self.fits(applies) or any(applies(other, self.options.thorough) for other in others)

    def actions(self) -> tuple[ActionId, ...]:
        """The rows of the report that are asked for, in its order."""
        return tuple(action for action in ActionId if self._asked(action))

    def _asked(self, action: ActionId) -> bool:
        if self.reads and (action.row.needs_file or action.row.operation in {*MUTATING, "PUT"}):
            return False
        if action in FOUNDATION or (action in UPLOADS and self.uploads):
            return action is not ActionId.PUT_WITH_ACL or self.settings.acl is not None or not self.no_trials
        thorough = action is not ActionId.PUBLIC_FOLDERS or self.options.thorough
        # one step asks for several: what one of them needs is asked for the others
        along = any(action in BESIDE[step] and self.options.wants(step) for step in (IN_A_BROWSER, ARCHIVE_VISIT))
        return thorough and (along or self.options.wants(action))

    def of_canary(self) -> tuple[ActionId, ...]:
        """Those of a quick run, before anything fails."""
        upload = ActionId.PUT_WITH_ACL if self.settings.acl is not None else ActionId.PUT_WITHOUT_ACL
        wanted = [action for action in (ActionId.PUBLIC_GET, ActionId.DELETE) if self.options.wants(action)]
        return (upload, *wanted) if self.canary else ()


def _under_other_lines(settings: Settings) -> Iterator[Settings]:
    """Settings that lines of the file can make of these, as far as what is written and asked depends on them."""
    for acl in (settings.acl, None, "public-read"):
        for api_base in (settings.api_base, _OF_ONES_OWN):
            for alias_host in (settings.alias_host, "media.invalid", None):
                for protocol in (settings.protocol, "https"):
                    yield replace(settings, acl=acl, api_base=api_base, alias_host=alias_host, protocol=protocol)
