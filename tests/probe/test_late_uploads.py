"""An upload without an answer may arrive late: it is looked for to the end, named, and removed by the next run."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import pytest

from s3probe.evidence.observations import NEVER_SENT, Cleanup, NetworkFault
from s3probe.probe.cleanup import ATTEMPTS, clean_up
from s3probe.probe.client import Client
from s3probe.probe.exchange import Answer, Call, Limits
from s3probe.probe.ledger import Ledger, LedgerEntry
from s3probe.probe.notes import ARRIVES_WITHIN, KEPT_FOR, BucketAddress, NotesInMemory, Unsettled, bucket_address
from s3probe.probe.signing_rule import signing_rule
from s3probe.probe.unsettled import LOOKED_FOR, Bookkeeper
from tests.probe.build import wire

WIRE = wire()
KEY = "media_attachments/files/s3probe/abcdefghij/canary.png"
TIME = 10.0
"""Seconds of the clean-up."""
TIMED_OUT = Answer(fault=NetworkFault.READ_TIMEOUT)
CUT = Answer(200, fault=NetworkFault.CLOSED, truncated=True)
FAILED = Answer(500, body=b"<Error><Code>InternalError</Code></Error>")


@dataclass
class SlowStore:
    """A storage on a clock of its own, where uploads arrive at their time whatever was deleted before."""

    late: list[tuple[float, str]] = field(default_factory=list)
    """When a key or, with ``?`` and an id, an unfinished upload comes into being."""
    refuses: tuple[str, ...] = ()
    fails: bool = False
    now: float = 0.0
    there: set[str] = field(default_factory=set)
    asked: list[tuple[float, str]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def remaining(self) -> float:
        return TIME - self.now

    def send(self, call: Call, _limits: Limits) -> Answer:
        with self._lock:
            self.now += 0.001  # no answer comes without any time at all
            self.arrive(self.now)
            self.asked.append((self.now, call.operation))
            return self._answer(call)

    def arrive(self, now: float) -> None:
        self.there |= {name for when, name in self.late if when <= now}
        self.late = [one for one in self.late if one[0] > now]

    def _answer(self, call: Call) -> Answer:
        parts = urlsplit(call.url)
        key, upload_id = parts.path.removeprefix("/"), parse_qs(parts.query).get("uploadId", [""])[0]
        if self.fails:
            return FAILED
        if call.operation in self.refuses:
            return Answer(403)
        if call.operation == "ListMultipartUploads":
            ids = [name.partition("?")[::2] for name in self.there if "?" in name]
            listed = "".join(f"<Upload><Key>{k}</Key><UploadId>{i}</UploadId></Upload>" for k, i in ids)
            return Answer(200, body=f"<ListMultipartUploadsResult>{listed}</ListMultipartUploadsResult>".encode())
        name = f"{key}?{upload_id}" if upload_id else key
        if call.operation == "HeadObject":
            return Answer(200 if name in self.there else 404)
        found = name in self.there
        self.there.discard(name)
        return Answer(204 if found or not upload_id else 404)


@dataclass
class Left:
    """A ledger, a storage, and the client between them."""

    store: SlowStore
    ledger: Ledger = field(default_factory=lambda: Ledger(lambda path, name: f"{path}/s3probe/abcdefghij/{name}"))

    def client(self) -> Client:
        rule = signing_rule(WIRE.settings, WIRE.credentials)
        return Client(self.store, Limits(), self.store.remaining, rule, watch=self.ledger)

    def put(self, *answers: Answer, name: str = "canary.png") -> LedgerEntry:
        """An upload that was answered like that, attempt after attempt."""
        entry = self.ledger.mint(WIRE, "media_attachments/files", name)
        call = WIRE.put_object(entry.key, b"x", "image/png", acl=None)
        for answer in answers:
            self.ledger.sending(call)
            self.ledger.heard(call, answer)
        self.ledger.answered(entry, answers[-1], written=answers[-1].status == 200)
        return entry

    def cleaned(self) -> Cleanup:
        cleanup = clean_up(self.ledger, self.client(), self.store.remaining, sleep=self.store.sleep)
        self.store.arrive(TIME)  # whoever ends early must have waited for everything
        return cleanup


def left(*late: tuple[float, str], refuses: tuple[str, ...] = ()) -> Left:
    return Left(SlowStore(list(late), refuses))


@pytest.mark.parametrize("arrives", [0.0, 0.6, 4.0, 8.4])
def test_an_upload_that_arrives_within_the_time_is_removed(arrives: float) -> None:
    one = left((arrives, KEY))
    one.put(TIMED_OUT)
    assert one.cleaned() == Cleanup(1, 1)
    assert (one.store.there, one.store.late) == (set(), [])


def test_what_has_arrived_is_not_waited_for_any_longer() -> None:
    one = left((0.0, KEY))
    one.put(TIMED_OUT)
    one.cleaned()
    assert one.store.now < 1


def test_what_does_not_arrive_is_named_when_the_time_is_up() -> None:
    one = left((TIME + 2, KEY))
    one.put(TIMED_OUT)
    assert one.cleaned() == Cleanup(may_arrive=(KEY,))
    assert TIME - 1.5 <= one.store.asked[-1][0] < TIME
    assert len(one.store.asked) < 10


@pytest.mark.parametrize(("last", "late"), [(TIMED_OUT, (1.0, 5.0)), (Answer(200), (5.0,)), (Answer(403), (5.0,))])
def test_every_attempt_may_arrive(last: Answer, late: tuple[float, ...]) -> None:
    """Whatever the repetition brought: the first attempt is still under way, and arrives after the removal."""
    one = left(*((when, KEY) for when in late))
    one.store.there |= {KEY} if last.status == 200 else set()
    one.put(TIMED_OUT, last)
    cleanup = one.cleaned()
    assert (one.store.there, cleanup.left_behind) == (set(), ())


@pytest.mark.parametrize(
    "answer", [*(Answer(fault=fault) for fault in sorted(NEVER_SENT)), Answer(307), Answer(403), Answer(501)]
)
def test_what_cannot_be_there_is_not_looked_for(answer: Answer) -> None:
    one = left()
    one.put(answer)
    assert one.cleaned() == Cleanup()
    assert one.store.asked == []


def test_what_was_not_sent_is_not_looked_for() -> None:
    one = left()
    entry = one.ledger.mint(WIRE, "media_attachments/files", "x.png")
    one.ledger.answered(entry, None, written=False)
    assert one.cleaned() == Cleanup()
    assert one.store.asked == []


@pytest.mark.parametrize("answer", [FAILED, Answer(503), Answer(200)])
def test_an_answer_that_does_not_tell_means_one_removal_and_no_waiting(answer: Answer) -> None:
    one = left()
    entry = one.put(answer)
    one.ledger.settle(entry, written=False)
    assert one.cleaned().may_arrive == ()
    assert [operation for _time, operation in one.store.asked] == ["DeleteObject", "HeadObject"]
    assert one.store.now < 1


@pytest.mark.parametrize("answer", [CUT, Answer(502), Answer(504), Answer(524), Answer(408)])
def test_the_word_of_somebody_in_between_ends_no_upload(answer: Answer) -> None:
    one = left((6.0, KEY))
    entry = one.put(answer)
    one.ledger.answered(entry, answer, written=False)
    one.cleaned()
    assert one.store.there == set()


def test_an_upload_still_under_way_at_the_end_is_named() -> None:
    one = left((TIME + 1, KEY))
    entry = one.ledger.mint(WIRE, "media_attachments/files", "canary.png")
    one.ledger.sending(WIRE.put_object(entry.key, b"x", "image/png", acl=None))
    assert one.cleaned().may_arrive == (KEY,)


def test_what_may_not_be_deleted_is_named_without_waiting() -> None:
    one = left((0.0, KEY), refuses=("DeleteObject",))
    one.put(TIMED_OUT)
    assert one.cleaned().left_behind == (KEY,)
    assert one.store.now < 1


@pytest.mark.parametrize("arrives", [0.0, 5.0, TIME + 1])
def test_a_large_upload_whose_begin_got_no_answer_is_abandoned_when_it_arrives(arrives: float) -> None:
    one = left((arrives, f"{KEY}?u-1"))
    entry = one.ledger.mint(WIRE, "media_attachments/files", "canary.png")
    one.ledger.settle(entry, written=False)
    upload = one.ledger.upload(entry)
    call = WIRE.create_multipart(entry.key, "image/png", acl=None)
    one.ledger.sending(call)
    one.ledger.heard(call, TIMED_OUT)
    one.ledger.answered(upload, TIMED_OUT, written=False)
    named = one.cleaned().may_arrive
    assert (one.store.there, named) == (set(), (f"{KEY}?uploads",) if arrives > TIME else ())


@pytest.mark.parametrize("answer", [TIMED_OUT, CUT])
def test_a_large_upload_whose_end_got_no_answer_is_removed_when_it_arrives(answer: Answer) -> None:
    one = left((5.0, KEY))
    one.store.there.add(f"{KEY}?u-1")
    entry = one.ledger.mint(WIRE, "media_attachments/files", "canary.png")
    one.ledger.settle(entry, written=False)
    one.ledger.begun(one.ledger.upload(entry), "u-1")
    call = WIRE.complete_multipart(entry.key, "u-1", (), 1)
    one.ledger.sending(call)
    one.ledger.heard(call, answer)
    one.ledger.answered(entry, answer, written=False)
    assert one.cleaned().left_behind == ()
    assert one.store.there == set()


def test_a_part_that_outlives_the_first_call_is_abandoned_again() -> None:
    one = left((3.0, f"{KEY}?u-1"))
    one.store.there.add(f"{KEY}?u-1")
    entry = one.ledger.mint(WIRE, "media_attachments/files", "canary.png")
    one.ledger.settle(entry, written=False)
    one.ledger.begun(one.ledger.upload(entry), "u-1")
    call = WIRE.upload_part(entry.key, "u-1", 1, b"x")
    one.ledger.sending(call)
    one.ledger.heard(call, TIMED_OUT)
    aborted = [operation for _time, operation in _after(one)].count("AbortMultipartUpload")
    assert aborted == 2  # until the server knows nothing of it


def _after(one: Left) -> list[tuple[float, str]]:
    one.cleaned()
    return one.store.asked


def test_a_storage_that_fails_is_not_asked_for_ever_about_what_nobody_knows() -> None:
    one = left()
    one.put(FAILED)
    one.store.fails = True
    one.cleaned()
    assert one.store.now < TIME / 2
    assert ATTEMPTS == 4


PLACE = bucket_address(WIRE.settings)


def noted(notes: NotesInMemory, one: Left, now: float, canary: str = "", *, answered: bool = True) -> Cleanup:
    """The end of a run: what is noted is taken over, all is cleaned up, and what stays is noted."""
    books = Bookkeeper(notes, one.ledger)
    books.take_over({PLACE: WIRE}, canary, all_others=answered)
    cleanup = one.cleaned()
    books.note(now)
    return cleanup


def test_what_arrives_after_a_run_is_removed_by_the_next_and_forgotten() -> None:
    notes = NotesInMemory()
    first = left((TIME + 2, KEY))
    first.put(TIMED_OUT)
    noted(notes, first, 100.0)
    assert [one.key for one in notes.read(PLACE)] == [KEY]
    first.store.arrive(TIME + 2)
    second = Left(SlowStore(there=first.store.there))
    assert noted(notes, second, 400.0) == Cleanup()  # it was named by the run that left it
    assert (second.store.there, notes.read(PLACE)) == (set(), ())
    assert second.store.now < 1


def test_what_has_not_arrived_is_looked_for_once_a_run_until_it_cannot_come_any_more() -> None:
    notes, first = NotesInMemory(), left()
    first.put(TIMED_OUT)
    noted(notes, first, 0.0)
    looks = []
    for now in (300.0, ARRIVES_WITHIN - 1, ARRIVES_WITHIN + 1, ARRIVES_WITHIN + 300):
        run = left()
        noted(notes, run, now)
        looks.append([operation for _time, operation in run.store.asked])
    assert looks == [["HeadObject"]] * 3 + [[]]


def test_what_could_not_be_removed_is_removed_when_the_right_is_there() -> None:
    notes, first = NotesInMemory(), left((0.0, KEY), refuses=("DeleteObject",))
    first.put(Answer(200))
    assert noted(notes, first, 0.0).left_behind == (KEY,)
    again = Left(SlowStore(there={KEY}, refuses=("DeleteObject",)))
    assert noted(notes, again, 10.0) == Cleanup(earlier=(KEY,))
    allowed = Left(SlowStore(there={KEY}))
    noted(notes, allowed, 20.0)
    assert (allowed.store.there, notes.read(PLACE)) == (set(), ())


def test_what_the_canary_left_is_waited_for_and_named_by_the_examination_after_it() -> None:
    notes, first = NotesInMemory(), left()
    first.put(TIMED_OUT)
    noted(notes, first, 0.0)
    assert noted(notes, left((4.0, KEY)), 1.0, "abcdefghij") == Cleanup(1, 1)
    noted(notes, first, 2.0)
    assert noted(notes, left(), 3.0, "abcdefghij").may_arrive == (KEY,)


@pytest.mark.parametrize(
    "key",
    [
        "media_attachments/files/109/876/original/cat.png",
        "media_attachments/files/s3probe/readme.txt",
        "media_attachments/files/s3probe/ABCDEFGHIJ/x.png",
        "media_attachments/files/s3probe/abcdefghij/deeper/x.png",
        "somewhere/else/s3probe/abcdefghij/x.png",
        "",
    ],
)
def test_a_note_is_not_believed_for_a_key_without_the_mark(key: str) -> None:
    notes = NotesInMemory()
    notes.change(PLACE, settled=(), left=[Unsettled(key, 0.0, made=True)])
    one = Left(SlowStore(there={key}))
    noted(notes, one, 1.0)
    assert (one.store.asked, one.store.there) == ([], {key})


@pytest.mark.parametrize(
    "place", [BucketAddress("https://elsewhere.example", PLACE.bucket), BucketAddress(PLACE.endpoint, "other")]
)
def test_a_note_of_another_place_is_left_alone(place: BucketAddress) -> None:
    notes = NotesInMemory()
    notes.change(place, settled=(), left=[Unsettled(KEY, 0.0, made=True)])
    one = Left(SlowStore(there={KEY}))
    noted(notes, one, 1.0)
    assert (one.store.asked, len(notes.read(place))) == ([], 1)


def test_a_storage_that_gives_no_answer_is_not_asked_for_what_others_left() -> None:
    notes = NotesInMemory()
    notes.change(PLACE, settled=(), left=[Unsettled(KEY, 0.0, made=True)])
    one = Left(SlowStore())
    noted(notes, one, 1.0, answered=False)
    assert (one.store.asked, len(notes.read(PLACE))) == ([], 1)


def test_a_run_looks_for_a_few_of_many_and_first_for_those_that_may_arrive() -> None:
    def key(number: int) -> str:
        return KEY.replace("canary", f"n{number}")

    notes = NotesInMemory()
    denied = [Unsettled(key(number), 0.0, made=True) for number in range(100)]
    notes.change(PLACE, settled=(), left=[*denied, Unsettled(KEY, 0.0, arriving=True)])
    one = Left(SlowStore(there={KEY, *(each.key for each in denied)}, refuses=("DeleteObject",)))
    noted(notes, one, 1.0)
    assert len(one.store.asked) <= 2 * LOOKED_FOR
    one = Left(SlowStore(there={KEY}))
    noted(notes, one, 1.0)
    assert one.store.there == set()


@pytest.mark.parametrize(("age", "kept"), [(KEPT_FOR - 1, True), (KEPT_FOR + 1, False)])
def test_nothing_that_has_a_name_is_kept_for_ever(age: float, kept: bool) -> None:
    notes = NotesInMemory()
    notes.change(PLACE, settled=(), left=[Unsettled(KEY, 0.0, upload_id="u-1", made=True)])
    noted(notes, left(refuses=("AbortMultipartUpload",)), age)
    assert bool(notes.read(PLACE)) is kept
