"""The plan of a run: foundation, ACL ladder, everything else side by side, deletion, clean-up on every way out."""

from __future__ import annotations

from s3probe.evidence.observations import LEFT_OUT, Cleanup, Evidence, NetworkFault, Outcome, Run, VersionFrom
from s3probe.evidence.vocabulary import (
    ACTIONS,
    ActionId,
    Actor,
    Experiment,
    Fact,
    Facts,
)
from s3probe.knowledge.providers import detect
from s3probe.knowledge.recognition import GENERIC
from s3probe.probe import acl as acl_ladder
from s3probe.probe import address_families, who_answers
from s3probe.probe.allowance import Allowance
from s3probe.probe.cleanup import FirstAnswer, became_of, clean_up
from s3probe.probe.client import Client
from s3probe.probe.conditions import ConditionsMaker
from s3probe.probe.credentials import CHAIN_SECONDS, ChainError, ChainTimeoutError, chain
from s3probe.probe.deleting import Deleting
from s3probe.probe.exchange import Limits
from s3probe.probe.foundation import FoundationSearch, head_bucket, held_back, wants_uploads
from s3probe.probe.instance import instance_version
from s3probe.probe.ledger import Ledger
from s3probe.probe.memory import demand_memory
from s3probe.probe.notes import bucket_address
from s3probe.probe.own_files import CANARY
from s3probe.probe.repeat import SHARE, AskedAgain, Repeats
from s3probe.probe.request_form import WireForm, form_for_version
from s3probe.probe.rounds import Rounds
from s3probe.probe.schedule import Step
from s3probe.probe.session import Book, Session
from s3probe.probe.signing_rule import signing_rule
from s3probe.probe.stored_objects import StoredObjects
from s3probe.probe.tools import SHORTEST_EXAMINATION, ProbeOptions, Tools, limits_for
from s3probe.probe.unsettled import Bookkeeper
from s3probe.probe.versions import what_becomes_of_them
from s3probe.probe.visitor import Visitor
from s3probe.probe.with_files import WithFiles
from s3probe.records import replace
from s3probe.redact import clean, scrubber_of_a_run
from s3probe.secret import Secret
from s3probe.settings.cache_buster import cache_buster
from s3probe.settings.mastodon import bucket_url, probe_key, public_url
from s3probe.settings.model import Credentials, Settings
from s3probe.settings.urls import split

_ORDER = {action_id: place for place, action_id in enumerate(ACTIONS)}
ON_ITS_WAY = 0.6
"""Most of the clean-up's time for which requests under way are waited for, as a share: removing needs the rest.

They are waited for as long as Mastodon's own time-outs may take (``S3_OPEN_TIMEOUT`` and ``S3_READ_TIMEOUT``).
"""
BEFORE_ANOTHER = 2.0
"""Seconds for removing what a failed canary made, before the examination that removes the rest."""
SHORTEST_CLEAN_UP = 0.3
"""Of the clean-up's time, as a share: what it has in any case, however slow the start was."""
MOST_AT_ONCE, AT_THE_STORAGE, AT_THE_PUBLIC_HOST = 16, 7, 5
"""Requests at a time where nothing is short, and the connections that are opened for them beforehand."""
OF_CANARY = 3
"""The actions of a quick run: an upload, a look at it, its deletion."""
INSTANCE_LIMITS = Limits(connect=2, read=3, total=4)
"""The instance is at hand or it is not: the examination does not wait for it as for the storage."""
_ACL_REFUSED = "no file can be uploaded with the ACL that Mastodon sends"
NO_KEY = Credentials("", Secret(""), source="none")


def examine(
    settings: Settings,
    options: ProbeOptions,
    tools: Tools,
    file: Settings | None = None,
) -> Evidence:
    """Does to the bucket what Mastodon would, and returns all that was seen.

    ``file`` is what the admin wrote, where ``settings`` are others that are tried: it says who signs, and for which
    hosts and buckets. An interruption (KeyboardInterrupt or a subclass) is raised again after the clean-up. Raises
    ``HinderedError`` before anything is asked where there is no memory for it.
    """
    demand_memory()
    return Examination(settings, options, tools, file or settings).run()


class Examination:
    """One run, from the first request to the last deletion."""

    def __init__(self, settings: Settings, options: ProbeOptions, tools: Tools, file: Settings) -> None:
        self._options = options
        self._tools = tools
        self._home = bucket_address(file)
        self._begun = tools.clock.monotonic()
        self._started = tools.clock.now()
        self._end = self._begun + options.deadline
        # never that of the changed settings: where a fix takes a key away, the SDK would find somebody else's
        self._chain_trouble: ChainError | None = None
        try:
            pair = chain(file, min(CHAIN_SECONDS, options.deadline / 2))
        except ChainError as trouble:
            pair, self._chain_trouble = None, trouble
        if pair is not None:
            tools.signing(pair)
        self._version = options.mastodon_version or ""
        self._version_from = options.version_from
        self._scrubber = scrubber_of_a_run(settings, pair)
        limits = limits_for(settings, total=options.deadline)
        self._on_its_way = min(limits.connect + limits.read, options.cleanup_deadline * ON_ITS_WAY)
        self._read_only = options.profile == "read-only"
        self._run_id = tools.run_id()
        ledger = Ledger(lambda class_path, name: probe_key(settings, class_path, self._run_id, name))
        self._books = Bookkeeper(tools.notes, ledger)
        self._client = Client(
            tools.transport,
            limits,
            self.remaining,
            signing_rule(file, pair),
            read_only=self._read_only,
            scrubber=self._scrubber,
            grace=self._on_its_way * 0.8,
            watch=ledger,
            buster=cache_buster(file),
            proxy=settings.proxy or "",
            allowance=Allowance(options.most_asked, tools.hearing),
        )
        form = form_for_version(self._version) if self._version else WireForm.CURRENT
        self._conditions_maker = ConditionsMaker(tools, pair or NO_KEY, form)
        self._as_filed = self._conditions_maker.of(settings)
        self._session = Session(
            tools,
            self._client,
            ledger,
            self._as_filed,
            Book(),
            self._run_id,
            self.remaining,
            Repeats(tools.clock, self.remaining, options.deadline * SHARE),
            options.workers,
            options.wants,
            self._actions(),
            options.thorough,
        )
        self._signed = pair is not None
        self._rounds = Rounds(self._session)
        self._stopped = ""
        self._late = False
        self._cleanup_end: float | None = None
        self._interrupted = False

    def remaining(self) -> float:
        """Seconds until the deadline; none when the run was told to stop, or when this process lacks something."""
        if self._tools.clock.stopped() or self._session.hindrance:
            return 0.0
        return self._end - self._tools.clock.monotonic()

    def run(self) -> Evidence:
        """Everything; clean-up also when it is interrupted or fails."""
        cleanup: Cleanup | None = None
        try:
            try:
                self._ask_everything()
            except BaseException:
                self._interrupted = True
                raise
            finally:
                cleanup = self._clean_up()
        except BaseException:
            # it may have come within the clean-up: what that had not reached yet is removed now
            self._interrupted = True
            cleanup = cleanup or self._clean_up()
            raise
        finally:
            self._tools.cleaned(clean(cleanup or became_of(self._session.ledger, self._home), self._scrubber))
            self._books.note(self._tools.clock.now().timestamp())
        return self._evidence(cleanup)

    def _clean_up(self) -> Cleanup:
        """Removes what is left, on time of its own that begins once. Asking ends here."""
        now = self._tools.clock.monotonic()
        if self._cleanup_end is None:
            self._late = self.remaining() <= 0
            self._end = min(self._end, now)
            own = self._options.cleanup_deadline
            latest = max(self._options.latest_end(self._begun), now + own * SHORTEST_CLEAN_UP)
            self._cleanup_end = min(now + own, latest)
        if self._interrupted and self._session.ledger.remaining():
            self._tools.removing(self._cleanup_end - now)
        self._take_over()
        # the whole examination follows on a canary that failed: it removes what is left now, on time of its own
        soon = now + self._on_its_way + BEFORE_ANOTHER
        follows = self._begun + self._options.deadline - soon >= SHORTEST_EXAMINATION
        canary = self._options.profile == "quick" and self._options.followed
        followed = canary and follows and not self._interrupted and self._failed()
        end = min(self._cleanup_end, soon) if followed else self._cleanup_end

        def remaining() -> float:
            return end - self._tools.clock.monotonic()

        # an upload that is still on its way would arrive after its own removal
        self._session.crew.wait(min(remaining(), self._on_its_way))
        # longer than Mastodon's own time-outs: leaving nothing behind matters more. But no single answer may take the
        # time in which it would be asked for again
        patience = self._options.cleanup_deadline * ON_ITS_WAY
        failed_at_first: list[FirstAnswer] = []
        cleanup = clean_up(
            self._session.ledger,
            self._client.with_time(remaining, Limits(connect=5, read=patience, total=patience), self._tools.removals),
            remaining,
            workers=self._options.workers,
            sleep=self._tools.clock.sleep,
            crew=self._session.crew,
            once=followed,
            failed_at_first=failed_at_first,
            home=self._home,
        )
        self._session.note_failed_at_first(ActionId.DELETE, failed_at_first)
        return cleanup

    def _take_over(self) -> None:
        """What earlier runs left is removed along with this one's own, by a run that may write and gets answers."""
        if self._read_only or not self._signed:
            return
        rows = self._session.book.rows()
        answered = any(row.actor is Actor.MASTODON and row.http_status is not None for row in rows)
        conditions = (self._as_filed, self._session.conditions)
        wires = {bucket_address(each.settings): each.wire for each in conditions}
        self._books.take_over(wires, self._options.canary, all_others=answered)

    def _failed(self) -> bool:
        return any(row.failed for row in self._session.book.rows())

    def _evidence(self, cleanup: Cleanup) -> Evidence:
        for action_id in ActionId if self._options.profile != "quick" else ():
            if self._session.book.get(action_id) is None and action_id != ActionId.SUSPENDED_PUBLIC_GET:
                self._session.skip(action_id, self._why_not(action_id))
        run = Run(
            self._run_id,
            self._started.strftime("%Y-%m-%dT%H:%M:%SZ"),
            round(self._tools.clock.monotonic() - self._begun, 3),
            self._options.profile,
            self._version,
            self._rounds.complete and not self._session.hindrance,
            self._version_from if self._version else VersionFrom.NOTHING,
        )
        rows = sorted(self._session.book.rows(), key=lambda row: _ORDER.get(row.id, len(_ORDER)))
        # how it was asked is for those who look for a fault
        kept = tuple(replace(row, asked=None) if row.ok else row for row in rows)
        return clean(Evidence(run, kept, cleanup, self._client.cost()), self._scrubber)

    def _why_not(self, action_id: ActionId) -> str:
        if not self._options.wants(action_id):
            return LEFT_OUT
        if not self._signed and action_id.row.by is Actor.MASTODON:
            return "there is no key pair to sign with"
        if self._session.hindrance:
            return self._session.hindrance
        if self._late:
            return f"the deadline of {self._options.deadline:g} s passed first"
        if self._read_only:
            return "this run only reads (--read-only)"
        return self._stopped or "the storage could not be used that far"

    def _actions(self) -> int:
        """How many actions this run has, for whoever waits for it."""
        return OF_CANARY if self._options.profile == "quick" else sum(map(self._options.wants, ACTIONS))

    def _warm(self) -> None:
        """Opens the connections that the next requests need at once, while the first answers are awaited."""
        settings, quick = self._session.conditions.settings, self._options.profile == "quick"
        if self._options.workers < MOST_AT_ONCE:
            return  # there is little room
        limits = limits_for(settings, total=self.remaining())
        api, public = bucket_url(settings), public_url(settings, "")
        if not quick:
            self._tools.warm(api, AT_THE_STORAGE, limits)
            self._tools.warm(public, AT_THE_PUBLIC_HOST, limits)
        else:
            # the first request takes one that is open already, unless something is asked before it
            first = bool(settings.web_domain) or self._might_make_the_bucket()
            self._tools.warm(api, 2 if first else 1, limits)
            if split(api).netloc != split(public).netloc:
                self._tools.warm(public, 1, limits)

    def _look_first(self) -> None:
        """Side by side: which release the instance is; whether the bucket is there, where an upload might make it."""
        steps = [Step("instance", self._learn_version)]
        if self._might_make_the_bucket():
            steps.append(head_bucket(self._session))
        self._session.parallel(steps)
        self._session.mastodon_version = self._version
        if self._version:
            self._conditions_maker = replace(self._conditions_maker, form=form_for_version(self._version))
            self._session.conditions = self._conditions_maker.of(self._session.conditions.settings)

    def _might_make_the_bucket(self) -> bool:
        store = detect(self._session.conditions.settings.api_base)
        return not self._read_only and (store.makes_buckets or store.id == GENERIC) and wants_uploads(self._session)

    def _learn_version(self) -> None:
        """Asks the instance which release it is, which decides the form of its requests. The storage is not asked."""
        domain = self._session.conditions.settings.web_domain
        left = self.remaining()
        if self._options.mastodon_version or not domain or left <= 0:
            return
        limits = replace(INSTANCE_LIMITS, total=min(INSTANCE_LIMITS.total, left))
        asked = AskedAgain(self._tools.transport, self._session.repeats)
        self._version = instance_version(asked, domain, limits).version or ""
        self._version_from = VersionFrom.INSTANCE

    def _ask_everything(self) -> None:
        if not self._signed:
            self._why_no_key()
            return
        self._warm()
        self._look_first()
        if self._options.profile == "quick":
            self._canary()
            return
        session = self._session
        search = FoundationSearch(self._session, self._conditions_maker, self._options)
        found = search.run()
        # a step: looking up a name can take longer than there is time
        self._rounds.ask_all(
            [
                Step("address families", lambda: address_families.ask(session, self._tools.families_of)),
                Step("private network", lambda: address_families.note_inside(session, self._tools.lies_inside)),
            ]
        )
        if self._read_only:
            self._rounds.ask(Visitor(self._session).privacy())
            return
        refused = acl_ladder.needed(self._session, found)
        if refused and self._options.wants(ActionId.PUT_WITH_ACL):
            self._rounds.ask_all(acl_ladder.ladder(self._session, found))
        if refused or not found.stands:
            self._stopped = _ACL_REFUSED if refused else ""
            # a stranger needs no key pair: an open listing is seen even when Mastodon is locked out
            reached = self._session.book.get(ActionId.REACH_ENDPOINT)
            if reached is not None and reached.http_status is not None:
                steps = list(who_answers.before_the_api(self._session))
                steps += () if found.elsewhere else Visitor(self._session).privacy()
                self._rounds.ask(steps)
            self._rounds.end()
            return
        WithFiles(session, self._rounds, self._conditions_maker, search, found).ask()

    def _why_no_key(self) -> None:
        """No key pair in the settings, and none of the SDK's own chain: on EC2 the machine's role should give one."""
        if self._chain_trouble is not None:
            title = "The SDK's own chain gives a key pair in time"
            row = self._session.skip(Experiment.INSTANCE_ROLE, "", title=title)
            row = replace(row, outcome=Outcome.WRONG, reason=None, message=str(self._chain_trouble))
            if isinstance(self._chain_trouble, ChainTimeoutError):
                row = replace(row, outcome=Outcome.UNREACHABLE, network=NetworkFault.DEADLINE)
            self._session.book.add(row)
            return
        vendor = self._tools.vendor()
        title = "The machine's role can be asked for a key pair"
        row = self._session.skip(Experiment.INSTANCE_ROLE, "", title=title)
        facts: Facts = {Fact.VENDOR: vendor} if vendor else {}
        self._session.book.add(replace(row, outcome=Outcome.WRONG, reason=None, facts=facts))

    def _canary(self) -> None:
        """One upload as Mastodon makes it, seen by a visitor, deleted, and gone: five requests."""
        session = self._session
        if not wants_uploads(session):
            return  # there is nothing to send: the whole examination asks for what was named
        acl = session.conditions.settings.acl
        if held_back(session):
            return  # nothing is written: the whole examination says why
        name = ActionId.PUT_WITH_ACL if acl is not None else ActionId.PUT_WITHOUT_ACL
        _seen, stored = session.put(name, CANARY)
        if stored is not None:
            stored_objects: StoredObjects = {"media": stored}
            seen = [step for step in Visitor(session).first_visit(stored_objects) if step.name == ActionId.PUBLIC_GET]
            self._rounds.ask(seen)
            deleting = Deleting(session, stored_objects)
            self._rounds.ask(deleting.at_once())
            self._rounds.ask(what_becomes_of_them(session, deleting.deleted, canary=True))
        self._rounds.end()
