"""Finds out whether the key is accepted at all; without that nothing else can be asked.

Three signed things are asked side by side. When none of them gets past the key pair and the bucket, the trials decide
why. The first that gets further names what to change: under that line the next examination is made.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from s3probe.evidence.addresses import listing_url
from s3probe.evidence.gates import Gate, furthest_of, stopped_at
from s3probe.evidence.observations import NO_CHANGES, WAITS, NetworkFault, Observation, Outcome
from s3probe.evidence.vocabulary import (
    ActionId,
    Experiment,
    ExperimentWith,
    Fact,
    Facts,
    Header,
    ObservationId,
)
from s3probe.probe import own_files, signatures
from s3probe.probe.conditions import ConditionsMaker
from s3probe.probe.confirm import passes_again
from s3probe.probe.exchange import Answer, Call
from s3probe.probe.fetching import judge_listing
from s3probe.probe.headers import CHECKSUM_TRIALS, header_trials, same_header_elsewhere
from s3probe.probe.old_keys import OldKeys, listed_from, old_keys
from s3probe.probe.privilege import names
from s3probe.probe.schedule import Step
from s3probe.probe.session import Session, Stored, visitor_call
from s3probe.probe.signing_rule import NOBODYS_KEY_ID
from s3probe.probe.tools import ProbeOptions
from s3probe.probe.trials import SKEW_LIMIT, Trial, trials
from s3probe.probe.xml import list_keys
from s3probe.records import dataclass, replace
from s3probe.settings.addressing import is_aws
from s3probe.settings.mastodon import bucket_url
from s3probe.settings.model import Credentials

LONGEST_SKEW = 100 * 365 * 86400.0
"""Seconds. Clocks that are off by so much do not exist (a flat battery means 1970), and no calendar may end."""
_ROWS = (ActionId.LIST, ActionId.PUT_WITHOUT_ACL, ActionId.PUT_WITH_ACL)


@dataclass(slots=True)
class Foundation:
    """What the first requests found."""

    stands: bool = False
    """The key pair is accepted, the bucket is there, and no trial got further: rights can be judged."""
    elsewhere: bool = False
    """The trial that got further was made at another address: at this one nobody sees the bucket."""
    with_acl: Stored | None = None
    without_acl: Stored | None = None
    skew: float | None = None
    """The server's clock minus ours, seconds."""
    listed: OldKeys | None = None
    """What the listing shows of files that were there before; ``None``: it was refused."""


class FoundationSearch:
    """Asks whether the key is accepted, and tries why not; see the module."""

    def __init__(self, session: Session, conditions_maker: ConditionsMaker, options: ProbeOptions) -> None:
        self._session = session
        self._conditions_maker = conditions_maker
        self._options = options
        self._found = Foundation()

    def run(self) -> Foundation:
        """Asks, and tries what may be wrong. The trial that got further is marked as kept."""
        trial = self._ask()
        if trial is not None and self._follows(trial):
            trial = self._ask()
        if trial is not None:
            self._keep(trial)
            self._found.stands = False
            here, there = self._session.conditions.settings, trial.conditions.settings
            self._found.elsewhere = bucket_url(here) != bucket_url(there)
        return self._found

    def _ask(self) -> Trial | None:
        seen = self._first()
        trial = self._judge(seen) if seen else None
        while trial is not None and self._answered_now(seen):
            seen = self._rows()
            trial = self._judge(seen)
        return trial

    def _follows(self, trial: Trial) -> bool:
        """Goes on in the region that AWS names, as Mastodon's SDK does where a host serves all regions.

        What the file's own region was answered stays under an id of its own (aws-sdk-s3: S3Signer's region redirect).
        """
        furthest = furthest_of(self._rows())
        if not (ExperimentWith.REGION.made(trial.id) and is_aws(furthest.url) and furthest.http_status == 400):
            return False
        title = "The bucket is in the region of the file"
        self._session.book.add(replace(furthest, id=Experiment.REGION_AS_FILED, title=title))
        self._session.conditions = replace(trial.conditions, changes=NO_CHANGES)
        return True

    def _judge(self, seen: tuple[Observation, ...]) -> Trial | None:
        """Whether the foundation stands, and else (or for refused uploads) the trial that got further."""
        furthest = furthest_of(seen)
        reached = stopped_at(furthest)
        # an answer may hide its cause: another service's port, or a clock that is off in the answers' Date
        hidden = all(row.error_code == "InternalError" for row in seen) or self._by_its_clock(seen)
        if hidden and (trial := self._decide(furthest)) is not None:
            return trial
        old_signature = self._session.conditions.settings.signature_version == "s3" and reached < Gate.THROUGH
        if (reached >= Gate.REQUEST and not old_signature) or (reached is Gate.RIGHTS and not self._all_denied(seen)):
            self._found.stands = True
            return self._headers()
        # a proxy's own page in place of an answer to an upload: rights are not what is wrong
        self._found.stands = reached is Gate.RIGHTS and all(row.outcome is Outcome.DENIED for row in seen)
        trial = self._decide(furthest)
        self._tell_apart(furthest)
        return trial

    def _by_its_clock(self, seen: Iterable[Observation]) -> bool:
        """Whether everything signed is rejected in some words, and the clock is off."""
        skew = self._found.skew
        rejected = all(stopped_at(row) is Gate.REQUEST for row in seen)
        return rejected and skew is not None and abs(skew) > SKEW_LIMIT

    def _answered_now(self, seen: Iterable[Observation]) -> bool:
        """Asks once more what failed as by a moment, after a trial that passed; whether any of it passes by now.

        What is over by then proves nothing for what the trial changed.
        """
        passed = [passes_again(self._session, row.id, lambda row=row: self._repeat(row.id)) for row in seen]  # type: ignore[misc]  # mypy cannot type a lambda's default
        return any(passed)

    def _repeat(self, action_id: ObservationId) -> None:
        if action_id.startswith("put-"):
            self._put(with_acl=action_id.startswith(ActionId.PUT_WITH_ACL))
        else:
            self._list()

    def _keep(self, trial: Trial) -> None:
        session = self._session
        row = session.book.get(trial.id)
        if row is not None:
            session.book.add(replace(row, facts={**row.facts, Fact.KEPT: "yes"}))
        same_bucket = session.conditions.settings.bucket_name == trial.conditions.settings.bucket_name
        nowhere = ExperimentWith.PORT.made(trial.id) or all(row.network is not None for row in self._rows())
        if same_bucket and nowhere:
            # what arrived all the same is removed where answers come from
            session.ledger.reroute(session.conditions.wire, trial.conditions.wire)

    def _all_denied(self, seen: Iterable[Observation]) -> bool:
        """Also where a proxy's own page came in place of a refusal."""
        return all(row.outcome is Outcome.DENIED or stopped_at(row) is Gate.NOT_S3 for row in seen if row.ran)

    def _first(self) -> tuple[Observation, ...]:
        steps = [Step(ActionId.LIST, self._list)]
        if self._session.book.get(ActionId.REACH_ENDPOINT) is None:
            steps.append(Step(ActionId.REACH_ENDPOINT, self._reach))
        if self._options.profile != "read-only" and wants_uploads(self._session):
            after: tuple[str, ...] = (ActionId.LIST,) if held_back(self._session) else ()
            steps.append(Step(ActionId.PUT_WITH_ACL, lambda: self._put(with_acl=True), after))
            # gateways to a file system trip over two uploads that make the same folder at the same moment, which only
            # a probe does
            if self._session.conditions.settings.acl is not None:
                after = (ActionId.LIST, ActionId.PUT_WITH_ACL)
            steps.append(Step(ActionId.PUT_WITHOUT_ACL, self._second_put, after))
        self._session.parallel(steps)
        return self._rows()

    def _rows(self) -> tuple[Observation, ...]:
        """What was asked, without what was left out."""
        rows = (self._session.book.get(name) for name in _ROWS)
        return tuple(row for row in rows if row is not None and row.ran)

    def _reach(self) -> None:
        """An unsigned request: shows whether this is S3, and what time it is there."""
        session = self._session
        sent_at = session.tools.clock.now()

        def judge(answer: Answer) -> tuple[Outcome | None, Facts]:
            self._found.skew = _skew(answer, sent_at)
            return Outcome.OK, {} if self._found.skew is None else {Fact.SKEW: f"{self._found.skew:.0f}"}

        # asked as a listing, so that the first request also shows whether strangers may list
        call = visitor_call(listing_url(session.conditions.settings))
        seen, _answer = session.ask(ActionId.REACH_ENDPOINT, call, judge)
        if self._found.skew is None:
            session.skip(ActionId.CLOCK, "the answer carried no date" if seen.ok else "the endpoint did not answer")
        else:
            off = abs(self._found.skew) > 900
            row = session.skip(ActionId.CLOCK, "")
            session.book.add(
                replace(
                    row,
                    outcome=Outcome.WRONG if off else Outcome.OK,
                    reason=None,
                    facts={Fact.SKEW: f"{self._found.skew:.0f}"},
                    asked=seen.asked,
                )
            )

    def _list(self) -> None:
        # start-after as tootctl media remove-orphans sends it from the second page on (cli/media.rb)
        call = self._session.conditions.wire.list_objects(start_after=listed_from(self._session.conditions.settings))
        seen, answer = self._session.ask(ActionId.LIST, call, _judge_folders)
        self._found.listed = old_keys(self._session.conditions.settings, answer) if seen.ok and answer else None

    def _second_put(self) -> None:
        """The upload without an ACL, unless nobody is there to take it: waiting again would tell no more.

        Where Mastodon sends an ACL and that was taken, nothing waits for it: it is made beside all else.
        """
        before = [self._session.book.get(name) for name in (ActionId.LIST, ActionId.PUT_WITH_ACL)]
        if all(row is not None and row.network in WAITS for row in before):
            self._session.skip(ActionId.PUT_WITHOUT_ACL, "the storage did not answer before")
        elif self._found.with_acl is None or self._session.book.get(ActionId.PUT_WITHOUT_ACL) is not None:
            # in another region, what the file's own one was asked is asked again
            self._put(with_acl=False)
            first = self._session.book.get(ActionId.PUT_WITH_ACL)
            if self._found.without_acl is not None and first is not None and first.failed and first.inconclusive:
                passes_again(self._session, first.id, lambda: self._repeat(first.id))

    def plain(self) -> Stored | None:
        """The upload without an ACL, where it could wait."""
        self._put(with_acl=False)
        return self._found.without_acl

    def _put(self, *, with_acl: bool) -> None:
        session = self._session
        acl = session.conditions.settings.acl
        action_id = ActionId.PUT_WITH_ACL if with_acl else ActionId.PUT_WITHOUT_ACL
        if with_acl and acl is None:
            session.skip(action_id, "S3_PERMISSION is empty, so Mastodon sends no ACL")
            return
        listed = session.book.get(ActionId.LIST)
        if (why := held_back(session)) and not (listed is not None and listed.ok):
            session.skip(action_id, why)
            return
        _seen, stored = session.put(action_id, own_files.WITH_ACL if with_acl else own_files.WITHOUT_ACL)
        if with_acl:
            self._found.with_acl = stored
        else:
            self._found.without_acl = stored

    def _decide(self, seen: Observation) -> Trial | None:
        """Makes the trials side by side that the file allows; the first that gets further."""
        worth_it = trials(self._conditions_maker, self._session.conditions, seen, self._found.skew)
        made = [trial for trial in worth_it if self._session.client.allows(_listing(trial))]
        self._session.parallel(Step(trial.id, lambda trial=trial: self._try(trial)) for trial in made)  # type: ignore[misc]
        for trial in made:
            row = self._session.book.get(trial.id)
            # a refused Signature V2 says nothing of region, clock or key: any answer to a V4 one is further
            # and so is every answer of an S3 service at another port than one that is none
            anew = trial.id is Experiment.SIGNATURE_V4 or ExperimentWith.PORT.made(trial.id)
            stopped = min(stopped_at(seen), Gate.NOT_S3) if anew else stopped_at(seen)
            if row is not None and row.ran and stopped_at(row) > stopped and not self._leads_back(trial, row):
                if ExperimentWith.PORT.made(trial.id):
                    return self._best_port(made)
                return self._where_it_is(trial, row) or trial
        return None

    def _best_port(self, made: Iterable[Trial]) -> Trial:
        """The port at which most passed: another store may listen beside."""
        answered = ((trial, self._session.book.get(trial.id)) for trial in made if ExperimentWith.PORT.made(trial.id))
        ports = [(trial, row) for trial, row in answered if row is not None and not self._leads_back(trial, row)]
        return max(ports, key=lambda port: stopped_at(port[1]))[0]

    def _where_it_is(self, trial: Trial, row: Observation) -> Trial | None:
        """The bucket's region, where another region answered and named it."""
        if not ExperimentWith.REGION.made(trial.id) or stopped_at(row) is not Gate.REGION:
            return None
        for named in trials(self._conditions_maker, trial.conditions, row, self._found.skew):
            if ExperimentWith.REGION.made(named.id) and self._session.book.get(named.id) is None:
                self._try(named)
                seen = self._session.book.get(named.id)
                return named if seen is not None and stopped_at(seen) > Gate.REGION else None
        return None

    def _leads_back(self, trial: Trial, row: Observation) -> bool:
        """Whether another region met a region error that names none, or one that was set already.

        Or a key that AWS does not know, where files are published elsewhere: then the store is elsewhere as well. Or
        whether no S3 service works at another port either.
        """
        if ExperimentWith.PORT.made(trial.id):
            return row.facts.get(Fact.S3) != "yes" or row.outcome is Outcome.UNKNOWN
        if trial.id is Experiment.VIRTUAL_HOST and not row.ok:
            # a store that reads no bucket from the host (MinIO) takes that for a listing of all buckets, and refuses it
            return all(seen.error_code == "NoSuchBucket" for seen in self._rows())
        if not ExperimentWith.REGION.made(trial.id) or stopped_at(row) not in (Gate.REGION, Gate.KEY_ID):
            return False
        settings = trial.conditions.settings
        if stopped_at(row) is Gate.KEY_ID:
            return not settings.endpoint and not settings.hostname_is_default and not is_aws(settings.hostname)
        return row.facts.get(Fact.REGION, "") in ("", self._session.conditions.settings.region)

    def _try(self, trial: Trial) -> None:
        self._session.ask(trial.id, _listing(trial), judge_listing, conditions=trial.conditions, title=trial.title)

    def _with_pair(self, action_id: ObservationId, title: str, pair: Credentials) -> Step:
        conditions = self._session.conditions
        other = self._conditions_maker.of(conditions.settings, credentials=pair)
        call = other.wire.list_objects(start_after=listed_from(other.settings))
        return Step(action_id, lambda: self._session.ask(action_id, call, conditions=other, title=title))

    def _tell_apart(self, furthest: Observation) -> None:
        """Questions whose answer fixes nothing but tells look-alikes apart."""
        session, conditions, reached = self._session, self._session.conditions, stopped_at(furthest)
        steps = []
        pair = conditions.settings.credentials or self._conditions_maker.credentials
        if reached in (Gate.RIGHTS, Gate.KEY_ID, Gate.SIGNATURE):
            other = replace(pair, secret_access_key=signatures.WRONG)
            steps.append(self._with_pair(Experiment.WRONG_SECRET, "With a secret that is certainly wrong", other))
        if reached in (Gate.RIGHTS, Gate.SIGNATURE):
            other = replace(pair, access_key_id=NOBODYS_KEY_ID)
            steps.append(self._with_pair(Experiment.UNKNOWN_KEY, "With a key id that nobody has", other))
        if reached in (Gate.BUCKET, Gate.RIGHTS):
            if session.book.get(Experiment.HEAD_BUCKET) is None:
                steps.append(head_bucket(session))
            buckets = conditions.wire.read("ListBuckets", "")
            steps.append(
                Step(
                    Experiment.LIST_BUCKETS,
                    lambda: session.ask(Experiment.LIST_BUCKETS, buckets, names(session), title="Buckets of this key"),
                )
            )
        if furthest.network in (NetworkFault.TLS_NOT_TLS, NetworkFault.TLS_OTHER):
            steps.append(self._without_tls())
        self._session.parallel(steps)
        if signatures.is_open(session, furthest):
            forms = self._options.profile != "read-only"
            session.parallel(signatures.questions(session, self._conditions_maker, forms=forms))

    def _without_tls(self) -> Step:
        """Whether anybody speaks plain http there. Asked unsigned: the file wants TLS."""
        url = "http:" + listing_url(self._session.conditions.settings).partition(":")[2]
        title, action_id = "Plain http is spoken at the endpoint", Experiment.SCHEME_HTTP
        return Step(action_id, lambda: self._session.ask(action_id, visitor_call(url), _any_answer, title=title))

    def _headers(self) -> Trial | None:
        """Where the plain upload itself was rejected, whoever asks: drops one header at a time."""
        session = self._session
        row = session.book.get(ActionId.PUT_WITHOUT_ACL)
        if row is None or row.outcome not in (Outcome.REJECTED, Outcome.UNKNOWN, Outcome.WRONG) or row.network:
            return None
        made = list(header_trials(self._conditions_maker, session.conditions))
        steps, stored = [], dict[ObservationId, Stored]()
        for trial in made:

            def work(trial: Trial = trial) -> None:
                file = own_files.HEADER_TRIALS[trial.id]
                _seen, kept = session.put(trial.id, file, conditions=trial.conditions, title=trial.title)
                if kept is not None:
                    stored[trial.id] = kept

            steps.append(Step(trial.id, work))
        self._session.parallel(steps)
        answers = [(trial, session.book.get(trial.id)) for trial in made]
        passed = next((trial for trial, tried in answers if tried is not None and tried.ok), None)
        if passed is not None and passed.id in CHECKSUM_TRIALS and passed.id in stored:
            same_header_elsewhere(session, self._conditions_maker, stored[passed.id])
        # two headers at once: without the one that is looked at first, the complaint is about the other
        return passed or next((trial for trial, tried in answers if tried is not None and _another(row, tried)), None)


def _listing(trial: Trial) -> Call:
    return trial.conditions.wire.list_objects(start_after=listed_from(trial.conditions.settings))


def _another(before: Observation, now: Observation) -> bool:
    """Whether the storage refuses the same upload for another reason than before."""
    named = before.error_code and now.error_code
    definite = before.outcome is Outcome.REJECTED and now.outcome in (Outcome.REJECTED, Outcome.DENIED)
    return bool(named and definite and (now.http_status, now.error_code) != (before.http_status, before.error_code))


def head_bucket(session: Session) -> Step:
    """Asks whether the bucket is there. Writes nothing."""
    call = session.conditions.wire.read("HeadBucket", "", method="HEAD")
    experiment = Experiment.HEAD_BUCKET
    return Step(experiment, lambda: session.ask(experiment, call, title="The bucket is there"))


def held_back(session: Session) -> str:
    """Why nothing is written yet, by what was said of the bucket before; ``""``: it is there, or nobody was asked.

    An upload could make a bucket that is not there. One that fails may still arrive, and leave a file behind.
    """
    seen = session.book.get(Experiment.HEAD_BUCKET)
    if seen is not None and seen.http_status == 404:
        return f"there is no bucket {session.conditions.settings.bucket_name}: nothing is written"
    if seen is not None and seen.outcome is Outcome.UNKNOWN and seen.http_status is not None:
        return "the storage fails before anything is written"
    return ""


def wants_uploads(session: Session) -> bool:
    """Whether anything was asked for that needs a file of ours in the bucket."""
    return any(session.wanted(action) for action in ActionId if action.row.needs_file)


def _judge_folders(answer: Answer) -> tuple[Outcome | None, Facts]:
    """The top folders that a listing shows, as a fact: names of users' files are not kept."""
    tops = {key.partition("/")[0] for key in list_keys(answer.body) if "/" in key} if answer.status == 200 else set()
    return judge_listing(answer)[0], {Fact.FOLDERS: " ".join(sorted(tops)[:30])} if tops else {}


def _any_answer(answer: Answer) -> tuple[Outcome | None, Facts]:
    return (Outcome.OK if answer.status is not None else None), {}


def _skew(answer: Answer, sent_at: datetime) -> float | None:
    """The server's Date minus our clock in seconds; ``None`` without a usable date."""
    try:
        theirs = parsedate_to_datetime(answer.headers.get(Header.DATE, ""))
        skew = (theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)).timestamp() - sent_at.timestamp()
        return skew if abs(skew) < LONGEST_SKEW else None
    except (TypeError, ValueError, OverflowError):  # the last: a zone that leads out of the calendar
        return None
