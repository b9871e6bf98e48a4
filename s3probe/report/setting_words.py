"""A setting of the bucket or of a machine in a person's words; JSON keeps the bare ``setting`` and ``value``."""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.diagnosis.model import BucketSetting, ServerFix
from s3probe.knowledge.proxies import middlemen
from s3probe.patterns import regex
from s3probe.records import dataclass

_NO_START = ("aws", "docker", "dotenv", "garage", "mc", "nginx", "s3probe", "systemd", "tootctl")
"""Programs keep their small letter at the start of a sentence, too."""

_NAMES = {
    "object-ownership": "the bucket's Object Ownership",
    "cors": "the bucket's CORS rule",
    "acl": "the bucket's ACL",
    "acl-of-files": "the ACL of each file of the bucket",
    "encryption": "the bucket's default encryption",
    "versioning": "the bucket's versioning",
    "lifecycle": "the bucket's lifecycle rules",
    "request-payment": "who pays for requests",
    "policy": "the bucket policy",
}

_NGINX_MARK = regex(r"""('[^']*'|"[^"]*"|[;{}])""")


@dataclass(frozen=True, slots=True)
class Instruction:
    """``lead`` without its last stop; ``block`` as it is to be copied; ``note`` follows it."""

    lead: str
    block: str = ""
    note: str = ""
    language: str = ""


def sentence(text: str) -> str:
    """``text`` with a capital letter, unless it starts with a name: of a host, a file, a variable or a program."""
    first = text.split(maxsplit=1)[0] if text.strip() else ""
    word = first.rstrip(".,:;")
    plain = word.isalpha() or (word.replace("-", "").replace("'", "").isalpha() and not first.endswith(":"))
    return text[:1].upper() + text[1:] if plain and word not in _NO_START else text


def stopped(text: str) -> str:
    """The same with its last stop."""
    whole = sentence(text).rstrip()
    return whole if whole[-1:] in ".!?:" else f"{whole}."


def bucket_words(fix: BucketSetting) -> str:
    """``Set the bucket's Object Ownership to BucketOwnerPreferred``."""
    value = fix.value if len(fix.value) < 50 and "\n" not in fix.value else ""
    if fix.setting in ("public-access-block", "account-public-access-block"):
        flags = [pair.partition("=")[0] for pair in fix.value.split(",")]
        whose = "account" if fix.setting.startswith("account") else "bucket"
        return f"Switch {' and '.join(flags)} off in Block Public Access of the {whose}"
    if fix.setting == "public-read":
        return "Let visitors read the media"
    if fix.setting == "listing":
        return "Let nobody list the bucket without a key"
    if fix.setting == "quota":
        return "Take the bucket's quota away, or set a higher one"
    if fix.setting == "lifecycle-rule-off":
        return f'Switch the bucket\'s lifecycle rule "{fix.value}" off'
    if fix.setting == "policy" and not fix.value:
        return "Remove the bucket policy"
    if fix.setting == "policy-remove-sid":
        return f'Remove the statement "{fix.value}" from the bucket policy'
    if fix.setting == "object-lock":
        return "Take the default retention out of the bucket's Object Lock"
    if fix.setting == "request-payment":
        return "Let the bucket's owner pay for requests (Requester Pays off)"
    name = _NAMES.get(fix.setting, f"the bucket's {fix.setting}")
    return f"Set {name} to {value}" if value else f"Set {name}"


def server_words(fix: ServerFix) -> Instruction:
    """What to do on this machine or its proxy, with a verb."""
    match fix.setting:
        case setting if setting in middlemen():
            return _lines_of_a_program(fix)
        case "clock":
            return Instruction("Set this machine's clock from the network", fix.value, fix.note, "sh")
        case "key":
            return Instruction("Switch the key on again, at the storage itself", fix.value, fix.note, "sh")
        case "file-mode":
            return Instruction("Close the file to other users", fix.value, fix.note, "sh")
        case "file-content":
            return Instruction("Rewrite the file without them", fix.value, fix.note, "sh")
        case "metadata-hops":
            return Instruction("Let containers reach the metadata service", fix.value, fix.note, "sh")
        case "storage":
            return Instruction("Set this in the storage's own configuration", fix.value, fix.note)
        case "ca":
            return Instruction("Set this in the environment of Mastodon's services", fix.value, fix.note)
        case "ipv4":
            return Instruction(f"Give this machine a way to IPv4 ({fix.value})", "", fix.note)
        case "ipv6":
            return Instruction(f"Put this line into {fix.place}", fix.value, fix.note)
    if "=" in fix.value:
        return Instruction("Set this in the environment of Mastodon's services", fix.value)
    # the note of these (dns, firewall, certificate, tls, proxy) says it all, the value what it is about
    named = fix.value in fix.note or not fix.value
    return Instruction(fix.note if named else f"{fix.note.rstrip('.')} ({fix.value})")


def _lines_of_a_program(fix: ServerFix) -> Instruction:
    """What to put into a web server, or to take out of it, which the note says then."""
    program = middlemen()[fix.setting]
    if not fix.value:
        return Instruction(f"In {program.name}, look at {fix.place}", note=fix.note)
    block = nginx_block(fix.value) if program.id == "nginx" else fix.value
    lead = f"In {program.name}, put this into {fix.place}" if fix.place else f"Put this into {program.name}"
    return Instruction(lead, block, fix.note, program.language)


def nginx_block(text: str) -> str:
    """Directives, one a line: what stands in braces is indented."""
    return "\n".join(_lines(text))


def _lines(text: str) -> Iterator[str]:
    level, line = 0, ""
    for part in _NGINX_MARK.split(text):
        if part == "}":
            level = max(0, level - 1)
        line += part
        if part in (";", "{", "}") and part:
            yield "    " * level + line.strip()
            level, line = level + (part == "{"), ""
    if line.strip():
        yield line.strip()
