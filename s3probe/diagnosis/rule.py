"""The record of a rule: the function, what it may say, what it looks at, when it runs, and where its findings stand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum, IntEnum, auto
from pathlib import PurePath

from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Finding, RuleError
from s3probe.evidence.vocabulary import ActionId, Experiment, ExperimentWith, ObservationId
from s3probe.records import dataclass


class LooksThrough(Enum):
    """What a rule looks through where it does not ask for observations by their ids."""

    OPEN = auto()
    """Everything that failed and that nothing explains yet, be it for a moment."""
    EVERY = auto()
    """All that was asked."""


OPEN, EVERY = LooksThrough.OPEN, LooksThrough.EVERY
Read = ObservationId | ExperimentWith | LooksThrough


OF_RIGHTS = (
    Experiment.ACCOUNT,
    Experiment.LIST_BUCKETS,
    Experiment.HEAD_BUCKET,
    Experiment.GET_MISSING,
    Experiment.GET_TAGGING,
    Experiment.READ_POLICY,
    ActionId.PRESIGNED_GET,
)
"""What a fix for the key's rights looks at, beside what the rule itself reads."""
FOLDERS_LISTED = (Experiment.PUBLIC_LIST_FOLDER, Experiment.PUBLIC_LIST_FOLDER_NAME)
OF_A_POLICY: tuple[ObservationId | ExperimentWith, ...] = (
    Experiment.LIST_BUCKETS,
    Experiment.PUBLIC_ELSEWHERE,
    Experiment.BUCKET_ACL,
    Experiment.READ_POLICY,
    ActionId.PUBLIC_LIST,
    ActionId.PUBLIC_VERSIONS,
    ActionId.PUBLIC_UPLOADS,
    ActionId.PUBLIC_POLICY,
    *FOLDERS_LISTED,
    ActionId.LIST,
    ExperimentWith.OLD_IN,
)
"""What a fix for the bucket policy looks at, beside what the rule itself reads."""


def once(*names: Read) -> tuple[Read, ...]:
    """What a rule reads where groups of it overlap: each name once."""
    return tuple(dict.fromkeys(names))


class Tier(IntEnum):
    """When a rule runs. Inside a tier the order means nothing: rules of one tier do not take from each other."""

    CAUSES = auto()
    """Knows its cause by itself, whatever else was found."""
    GROUPS = auto()
    """Judges what fails together (a kind of file, a folder, a resource), once no cause explains it."""
    REQUESTS = auto()
    """Judges single requests, once nothing larger explains them."""
    REST = auto()
    """Tells what is left."""


class Layer(IntEnum):
    """Where findings stand in a report among those of the same severity: from the ground up.

    Inside a layer they stand by the name of their rule. The layer has no influence on when a rule runs.
    """

    # the file
    SWITCHES = auto()
    NAMES = auto()
    LINES = auto()
    PROCESSES = auto()
    API = auto()
    BUCKET = auto()
    STORED_VALUES = auto()
    PUBLIC_VALUES = auto()
    HOSTS = auto()
    SUSPICIONS = auto()
    # the way to the bucket, and the key
    TRIED = auto()
    WAY = auto()
    STORE = auto()
    # rights
    REFUSALS = auto()
    STORING = auto()
    READING = auto()
    DELETING = auto()
    LISTING = auto()
    # files as Mastodon changes, reads and deletes them
    CHANGING = auto()
    READING_BACK = auto()
    GONE = auto()
    # visitors and strangers
    VISITORS = auto()
    MEDIA_HOST = auto()
    STRANGERS_WRITING = auto()
    STRANGERS_READING = auto()
    ARCHIVES = auto()
    BROWSERS = auto()
    MANNERS = auto()
    PRIVILEGE = auto()
    # what nothing above tells
    UNEXPLAINED = auto()
    HINTS = auto()


_LONGEST = 200
"""Characters of an exception's words."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. ``function`` yields the findings it recognises in what no rule of an earlier tier has explained."""

    function: Callable[[Case], Iterable[Finding]]
    layer: Layer
    yields: tuple[str, ...]
    """Ids of the findings it may yield."""
    tier: Tier = Tier.CAUSES
    reads: tuple[Read, ...] = ()
    """The observations that it may look at, of whatever value."""

    @property
    def name(self) -> str:
        """``acl.refused_acl``: module and function."""
        return f"{self.function.__module__.rpartition('.')[2]}.{self.function.__name__}"

    def failed(self, error: BaseException) -> RuleError:
        """What to say of an exception that the rule ended with."""
        import traceback

        frames = traceback.extract_tb(error.__traceback__)
        place = f"{PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
        return RuleError(self.name, f"{type(error).__name__}: {_words(error)}", place)


def _words(error: BaseException) -> str:
    """What the exception says, shortened: it may hold anything that the rule has looked at."""
    try:
        text = str(error)
    except Exception:
        return "(its words cannot be read)"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
