"""Random env files, as people write them and as nobody should, and random changes of their variables."""

from __future__ import annotations

from hypothesis import strategies as st

from s3probe.settings.dotenv_line import quoted
from s3probe.settings.edit import Change

NAMES = ("S3_REGION", "S3_HOSTNAME", "AWS_SECRET_ACCESS_KEY", "SMTP_PASSWORD", "LOCAL_DOMAIN")
VALUES = st.text(st.sampled_from("ab1.-/:=+ #$\\'\"`{}()\té"), max_size=10)
WRITTEN = st.one_of(
    VALUES,
    VALUES.map(quoted),
    st.sampled_from(
        ["", "''", "s3.${S3_REGION}.example", '"$S3_HOSTNAME"', "'one\ntwo'", '"one\n\nS3_REGION=x\n"', "'open"]
    ),
)
ASSIGNMENTS = st.builds(
    lambda before, name, between, value, behind: f"{before}{name}{between}{value}{behind}",
    st.sampled_from(["", "", "", "export ", "  "]),
    st.sampled_from(NAMES),
    st.sampled_from(["=", "=", "=", " = ", ": ", "=\n"]),
    WRITTEN,
    st.sampled_from(["", "", "  ", " # a comment", "#x", " # it's"]),
)
LINES = st.one_of(
    ASSIGNMENTS,
    ASSIGNMENTS,
    st.sampled_from(
        ["", "# a comment", "#S3_REGION=old", "S3-REGION=x", "S3_REGION", "   ", "'x'", "export S3_REGION"]
    ),
)
FILES = st.builds(
    lambda mark, lines, ending, last: (
        mark + ending.join(line.replace("\n", ending) for line in lines) + (ending if last else "")
    ),
    st.sampled_from(["", "", "\ufeff"]),
    st.lists(LINES, max_size=8),
    st.sampled_from(["\n", "\n", "\r\n"]),
    st.booleans(),
)
CHANGES = st.lists(
    st.builds(Change, st.sampled_from(NAMES), st.none() | VALUES, st.none() | st.integers(1, 9)),
    min_size=1,
    max_size=3,
    unique_by=lambda change: change.name,
)
