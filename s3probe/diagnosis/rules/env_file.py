"""Faults in how the env file is written: what Ruby's dotenv made of it without saying so."""

from __future__ import annotations

import re
from collections.abc import Iterator

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import EARLIER, Certainty, EnvFix, Finding, Fix, Manual, ServerFix, Severity
from s3probe.diagnosis.rule import EVERY, Layer, Rule
from s3probe.diagnosis.rules.env_names import (
    CREDENTIALS,
    PLACEHOLDER,
    STORAGE_NAMES,
    TEXT_FORMS,
    clean,
    for_s3,
    is_secret,
    place,
    refused,
    shown,
    signing_works,
    storage_variables,
    stray_marks,
    tried,
)
from s3probe.diagnosis.texts import finding
from s3probe.evidence.vocabulary import TEXT_EXPERIMENTS
from s3probe.settings.dotenv import expanded, literal
from s3probe.settings.dotenv_value import references
from s3probe.settings.loaders import DOTENV
from s3probe.settings.model import PROCESS_ENVIRONMENT, Note, NoteKind, Variable

_CHANGED = {
    NoteKind.TRUNCATED_BY_HASH: (
        "env-hash-truncates-value",
        "in {place} a comment begins at the #",
    ),
    NoteKind.EXPANDED_DOLLAR: ("env-dollar-expands", "in {place} the $ and the name behind it were replaced"),
    NoteKind.DROPPED_BACKSLASH: ("env-backslash-eaten", "in {place} the backslash was dropped"),
}

_IF_WHOLE = "Do this only if that is the whole value."
_IF_WHOLE = "Do this only if that is the whole value."
_ANY_TEXT = (*CREDENTIALS, "S3_KEY_PREFIX")
"""Values that may hold any sign."""


def notes_of(case: Case, kind: NoteKind) -> Iterator[tuple[Note, Variable | None]]:
    """Notes of that kind, with the variable when the note is about the assignment that counts."""
    for note in case.settings.environment.notes:
        if note.kind is kind:
            variable = case.settings.environment.variables.get(note.name)
            counts = variable is not None and (variable.source, variable.line) == (note.source, note.line)
            yield note, variable if counts else None


@for_s3
def changed_values(case: Case) -> Iterator[Finding]:
    """``#``, ``$`` or ``\\`` changed a storage variable. Only a signature can tell whether that was meant."""
    for kind, (finding_id, what) in _CHANGED.items():
        for note, variable in notes_of(case, kind):
            if variable is None or not _may_be_lost(note):
                continue
            if _stray_quote(case, variable):
                continue  # one fix for one line: the quote mark's own finding has it
            if note.name in _ANY_TEXT and (signing_works(case) or tried(case, *TEXT_EXPERIMENTS)):
                continue  # it works as it stands
            how = (
                f"{what.format(place=place(variable))}. Mastodon gets the value without it. "
                "Whether that was meant, only a request with both values can tell"
            )
            fix: Fix = fixes.env(
                case,
                note.name,
                literal(variable.raw or ""),
                _IF_WHOLE,
                conditional=True,
            )
            if is_secret(note.name):
                fix = fixes.requote(case, note.name)
            elif kind is NoteKind.EXPANDED_DOLLAR and note.name != "S3_KEY_PREFIX":
                unset, written_out = _references(case, variable)
                how = f"{place(variable)} refers to what no line above it sets, so {note.name} is {variable.value!r}"
                fix = fixes.env(case, note.name, written_out)
                if unset:
                    fix = Manual(f"Set {' and '.join(unset)} above line {variable.line}, or write the value out there.")
            yield finding(
                finding_id,
                case,
                how=how,
                severity=Severity.WARNING,
                certainty=Certainty.LIKELY,
                setting=note.name,
                fixes=(fix,),
            )


def _may_be_lost(note: Note) -> bool:
    """Whether the variable is one of the storage's, and what dotenv took away may have been meant.

    No host, bucket, region or number holds a ``#`` or a backslash: there nothing is lost.
    """
    return note.name in (STORAGE_NAMES if note.kind is NoteKind.EXPANDED_DOLLAR else _ANY_TEXT)


def _references(case: Case, variable: Variable) -> tuple[list[str], str]:
    """The names behind a ``$`` that nothing sets, and the value with all others in their places, wherever they are set.

    No host, bucket or switch has a ``$`` in it: whoever writes one means another variable.
    """
    others = {name: one.value for name, one in case.settings.environment.variables.items() if name != variable.name}
    raw = variable.raw or ""
    unset = [name for name in references(raw) if name not in others]
    return unset, expanded(raw, others)


def _stray_quote(case: Case, variable: Variable) -> bool:
    """Whether the value that reaches Mastodon begins or ends with a quote mark, as with one that is never closed."""
    notes = case.settings.environment.notes
    return any(n.kind is NoteKind.QUOTED and (n.name, n.line or None) == (variable.name, variable.line) for n in notes)


def _changed(case: Case, variable: Variable) -> bool:
    """Whether dotenv changed the value as well: then only single quotes keep the whole of it."""
    return any(v is variable for kind in _CHANGED for _note, v in notes_of(case, kind))


def _computed(variable: Variable) -> str:
    if "$(" in (variable.raw or ""):
        return f"{place(variable)} holds $( ... ) in the value of {variable.name}"
    named = " and ".join(references(variable.raw or ""))
    return f"{place(variable)} sets {variable.name} by means of {named}, and what that is only a command knows"


@for_s3
def commands(case: Case) -> Iterator[Finding]:
    """A value is the output of a command, which s3probe does not run."""
    for note, variable in notes_of(case, NoteKind.COMMAND):
        if variable is not None and note.name in STORAGE_NAMES:
            yield finding(
                "env-command-substitution",
                case,
                how=f"{_computed(variable)}. s3probe never runs a command",
                setting=note.name,
                explains=refused(case) if note.name in (*CREDENTIALS, "S3_BUCKET", "S3_ENDPOINT") else (),
                fixes=(
                    Manual(
                        f"Give s3probe the value in its environment and add --environ, "
                        f"or, if the text is meant as it stands, put it in single quotes: {note.name}='...'"
                    ),
                ),
            )


@for_s3
def marks_around_values(case: Case) -> Iterator[Finding]:
    """Quotes that reached Mastodon, curly quotes, no-break spaces, and comments kept by another loader."""
    for variable in storage_variables(case.settings):
        seen = _marks(case, variable)
        if seen is None:
            continue
        finding_id, what, kept = seen
        serious = variable.name not in ("S3_KEY_PREFIX", "S3_RETRY_LIMIT", "EXTRA_MEDIA_HOSTS")
        # beside S3_ENDPOINT any text is signed, and not every storage looks at the region
        serious = serious and not (variable.name == "S3_REGION" and signing_works(case, "S3_REGION"))
        fix = _typed_again(case, variable, kept)
        yield finding(
            finding_id,
            case,
            how=f"the value of {variable.name} ({place(variable)}) reaches Mastodon with {what}",
            severity=Severity.FAILURE if serious else Severity.WARNING,
            setting=variable.name,
            explains=refused(case) if serious else (),
            fixes=(fix,),
        )


def _typed_again(case: Case, variable: Variable, kept: str) -> EnvFix:
    name, line, secret = variable.name, variable.line, is_secret(variable.name)
    if form := _passed_as(case, name):
        return fixes.kept(case, name, form)
    if _stray_quote(case, variable) and _changed(case, variable):
        whole = "'<the whole value, without the stray quote mark>'" if secret else literal(clean(variable.raw or ""))
        note = "Write it between one pair of single quotes." if secret else _IF_WHOLE
        return EnvFix(name, whole, line, secret=secret, note=note, conditional=True)
    note = "Type it again by hand, in plain characters." if secret or not kept.isascii() else ""
    return EnvFix(name, PLACEHOLDER if secret else kept, line, secret=secret, note=note, conditional=bool(note))


def _passed_as(case: Case, name: str) -> str:
    """The form of half a key pair with which a request passed; ``""``: there is none."""
    return next((form for tried, (half, form) in TEXT_FORMS.items() if half == name and case.get(tried).ok), "")


def _marks(case: Case, variable: Variable) -> tuple[str, str, str] | None:
    """Finding id, what is there, and the value without it. Of a secret a saved run has the notes only."""
    name, value = variable.name, variable.value
    if is_secret(name):
        kinds = {
            n.kind for n in case.settings.environment.notes if n.name == name and (n.line or None) == variable.line
        }
        if NoteKind.SMART_CHARACTER in kinds:
            return "env-smart-quotes-or-nbsp", "a character that is no plain ASCII", ""
        quoted = NoteKind.QUOTED in kinds
        return ("env-quotes-kept-literally", "a quote mark at its beginning or end", "") if quoted else None
    if not value.isascii() and name not in ("S3_KEY_PREFIX", "EXTRA_MEDIA_HOSTS", "CDN_HOST"):
        return "env-smart-quotes-or-nbsp", _signs(value), clean(value)
    if stray_marks(value) and any(mark in value for mark in "\"'"):
        return "env-quotes-kept-literally", _quotes(value), clean(value)
    handed_over = variable.source == PROCESS_ENVIRONMENT or case.settings.environment.loader != DOTENV
    comment = re.search(r"\s+#", value) if handed_over else None
    return ("env-inline-comment-kept", "a comment behind it", value[: comment.start()]) if comment else None


def _quotes(value: str) -> str:
    at_start, at_end = value.lstrip()[:1] in ("'", '"'), value.rstrip()[-1:] in ("'", '"')
    if at_start and at_end and len(value.strip()) > 1:
        return "quote marks around it"
    return "a single quote mark at its beginning" if at_start else "a single quote mark at its end"


def _signs(value: str) -> str:
    names = {"\u00a0": "a no-break space", "\u200b": "a zero-width space", "\ufeff": "a byte order mark"}
    found = next(char for char in value if not char.isascii())
    return names.get(found, f"the character {found} (U+{ord(found):04X})")


@for_s3
def skipped_lines(case: Case) -> Iterator[Finding]:
    """Lines that yield no variable although they look like one of Mastodon's."""
    for note, _ in notes_of(case, NoteKind.SKIPPED_LINE):
        name = re.sub(r"[-. ]", "_", re.sub(r"^(set|export)\s+", "", note.name.strip("\"'"))).upper()
        if name not in STORAGE_NAMES:
            continue
        elsewhere = case.settings.environment.get(name) is not None
        line = f"line {note.line} of {note.source}"
        yield finding(
            "env-invalid-key-line-skipped",
            case,
            how=f"{line} begins with {note.name}; dotenv skips it, and {name} is set elsewhere"
            if elsewhere
            else f"{line} begins with {note.name}; dotenv skips it, so {name} is not set",
            severity=Severity.NOTICE if elsewhere else Severity.WARNING,
            setting=name,
            line=str(note.line),
            fixes=(Manual(f"Write line {note.line} of {note.source} as {name}=… (or delete it)."),),
        )


@for_s3
def duplicates(case: Case) -> Iterator[Finding]:
    """The same storage variable twice with different values."""
    for note, variable in notes_of(case, NoteKind.DUPLICATE):
        if note.name in STORAGE_NAMES:
            how = f"{note.name} stands more than once in {note.source}. Line {note.line} beats those above"
            if variable is not None:
                how = f"{how}. What counts is {shown(variable)}"
            yield finding(
                "env-duplicate-last-wins",
                case,
                how=how,
                setting=note.name,
                fixes=_of_two_lines(case, note),
            )


def _of_two_lines(case: Case, note: Note) -> tuple[Fix, ...]:
    """The earlier line, where requests can show that it is right."""
    entry = case.settings.environment.variables.get(note.name)
    above = entry.earlier if entry is not None and entry.source == note.source else None
    if case.evidence is None or entry is None or above is None or note.line != entry.line:
        advice = f"Keep one line for {note.name}: delete those above line {note.line}, or line {note.line}."
        return (Manual(advice),)
    said = f"Line {above.line}, which sets it as well, counts then."
    return (EnvFix(note.name, None, entry.line, note=said, as_written=EARLIER),)


@for_s3
def shadowed(case: Case) -> Iterator[Finding]:
    """A line of the file that another source overrides with a different value."""
    for note, _ in notes_of(case, NoteKind.SHADOWED):
        winner = case.settings.environment.variables.get(note.name)
        if note.name in STORAGE_NAMES and winner is not None:
            yield finding(
                "env-process-overrides-file",
                case,
                how=f"{note.name} in line {note.line} of {note.source} has no effect: {place(winner)} sets it "
                "to another value, and the first one wins",
                setting=note.name,
                fixes=(Manual(f"Change {note.name} in {place(winner)}, or remove it there."),),
            )


def file_form(case: Case) -> Iterator[Finding]:
    """A byte order mark, Windows line ends."""
    for kind, finding_id, what, command in (
        (NoteKind.BOM, "env-bom", "{source} begins with a byte order mark (EF BB BF)", r"sed -i '1s/^\xEF\xBB\xBF//'"),
        (NoteKind.CRLF, "env-crlf-line-endings", "{source} has lines that end in CR LF", r"sed -i 's/\r$//'"),
    ):
        for note, _ in notes_of(case, kind):
            yield finding(
                finding_id,
                case,
                how=f"{what.format(source=note.source)}. Ruby's dotenv copes with it",
                fixes=(ServerFix("file-content", f"{command} {note.source}", "Keep a copy of the file."),),
            )


RULES = (
    Rule(
        changed_values,
        Layer.LINES,
        yields=("env-backslash-eaten", "env-dollar-expands", "env-hash-truncates-value"),
        reads=(EVERY, *TEXT_EXPERIMENTS),
    ),
    Rule(commands, Layer.LINES, yields=("env-command-substitution",)),
    Rule(
        marks_around_values,
        Layer.LINES,
        yields=("env-inline-comment-kept", "env-quotes-kept-literally", "env-smart-quotes-or-nbsp"),
        reads=(EVERY, *TEXT_EXPERIMENTS),
    ),
    Rule(skipped_lines, Layer.LINES, yields=("env-invalid-key-line-skipped",)),
    Rule(duplicates, Layer.LINES, yields=("env-duplicate-last-wins",)),
    Rule(shadowed, Layer.LINES, yields=("env-process-overrides-file",)),
    Rule(file_form, Layer.LINES, yields=("env-bom", "env-crlf-line-endings")),
)
