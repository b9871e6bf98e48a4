"""What a refusal's code and words mean: a right, an account, a cap, or something that nobody here knows."""

from __future__ import annotations

import pytest

from s3probe.diagnosis.model import IamAllow, Severity
from s3probe.evidence.vocabulary import ActionId
from tests.diagnosis.wire_cases import ExaminedFile
from tests.diagnosis.wire_table import C

UPLOADS = (ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL, ActionId.AVATAR_PUT, ActionId.ARCHIVE_PUT)
EVERYTHING = (*UPLOADS, ActionId.MULTIPART_CREATE, ActionId.LIST, ActionId.DELETE, ActionId.BATCH_DELETE)


def answered(code: str, message: str, *actions: ActionId, status: int = 403) -> ExaminedFile:
    seen = C
    for action in actions or UPLOADS:
        seen = seen.row(action, status, code, message)
    return seen


def ids(seen: ExaminedFile) -> list[str]:
    return [found.id for found in seen.findings if found.severity is not Severity.NOTICE]


@pytest.mark.parametrize(
    "code",
    [
        "InvalidObjectState",
        "InvalidPayer",
        "RegionDisabled",
        "OperationAborted",
        "FrobnicationForbidden",
        "GeoDenied",
        "TeapotPermissionRequired",
    ],
)
@pytest.mark.parametrize("actions", [UPLOADS, (ActionId.LIST,), (ActionId.DELETE,), EVERYTHING])
def test_an_unknown_code_is_no_missing_right(code: str, actions: tuple[ActionId, ...]) -> None:
    seen = answered(code, "Ask again in the week after next.", *actions)
    assert set(ids(seen)) == {"unexplained"}
    assert "Ask again in the week" in seen.findings[0].how_known
    assert not any(isinstance(fix, IamAllow) for found in seen.findings for fix in found.fixes)


@pytest.mark.parametrize(
    "code",
    [
        "AccessDenied",
        "Forbidden",
        "AccessForbidden",
        "UnauthorizedAccess",
        "NotAuthorized",
        "ACCESS_DENIED",
        "access_denied",
        "NotEntitled",
        "PermissionDenied",
        "AccessDeniedException",
        "RequestForbidden",
        None,
    ],
)
def test_a_code_that_says_you_may_not_is_one(code: str | None) -> None:
    assert ids(C.row(ActionId.LIST, 403, code)) == ["iam-missing-listbucket"]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("AccessDenied", "Your account has been suspended due to a payment issue."),
        ("AccessDenied", "This account requires e-mail verification."),
        ("AccessDenied", "Please verify your phone number first"),
        ("AccountArrears", "The bucket's owner is behind"),
        ("InArrearOrInsufficientBalance", ""),
        ("UserDisable", "UserDisable"),
        ("NotSignedUp", "Your account is not signed up"),
        ("AccessDenied", "Unpaid invoice"),
        ("UserProjectAccountProblem", "The billing account of the project is not active"),
    ],
)
@pytest.mark.parametrize("actions", [UPLOADS, EVERYTHING])
def test_an_account_that_is_closed_is_called_so(code: str, message: str, actions: tuple[ActionId, ...]) -> None:
    assert ids(answered(code, message, *actions)) == ["key-disabled-or-account-suspended"]


def test_http_says_it_too() -> None:
    assert ids(answered("PaymentRequired", "", *EVERYTHING, status=402)) == ["key-disabled-or-account-suspended"]


@pytest.mark.parametrize(
    "message",
    [
        "Storage cap exceeded. Visit the Caps and Alerts page to increase your cap.",
        "Daily cap reached for your account: payment method missing",
        "Transaction cap exceeded",
        "Storage limit reached, please upgrade",
        "The caps of this account were reached",
        "Exceeded Usage Limit",
    ],
)
@pytest.mark.parametrize("actions", [UPLOADS, EVERYTHING])
def test_a_cap_is_no_missing_right_and_no_closed_account(message: str, actions: tuple[ActionId, ...]) -> None:
    assert ids(answered("AccessDenied", message, *actions)) == ["quota-or-cap-exceeded"]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("AccessDenied", "User: arn:aws:iam::123456789012:user/mastodon is not authorized to perform: s3:PutObject"),
        ("AccessDenied", "Verification of the signature passed; you have no permission"),
        ("AccessDenied", "The user's address is in another country"),
    ],
)
def test_other_words_stay_missing_rights(code: str, message: str) -> None:
    assert ids(answered(code, message)) == ["iam-missing-putobject"]


@pytest.mark.parametrize(
    "code", ["InsufficientStorageSpace", "ExceedsStorageLimit", "BucketQuotaExceeded", "StorageLimitExceeded"]
)
def test_a_code_names_a_cap_as_well(code: str) -> None:
    assert ids(answered(code, "", *UPLOADS)) == ["quota-or-cap-exceeded"]


def test_reading_has_a_cap_of_its_own() -> None:
    reads = (ActionId.GET, ActionId.GET_RANGE, ActionId.PRESIGNED_GET)
    assert ids(answered("AccessDenied", "daily cap reached for class B", *reads)) == ["download-cap-exceeded"]


def test_an_account_in_arrears_may_be_answered_with_another_status() -> None:
    seen = answered("UnavailableForLegalReasons", "Account in arrears", *EVERYTHING, status=451)
    assert ids(seen) == ["key-disabled-or-account-suspended"]
    # a status that is about the request says nothing of the account
    assert ids(answered("InvalidRequest", "x-amz-billing-tag is unknown", status=400)) != [
        "key-disabled-or-account-suspended"
    ]


def test_a_key_whose_time_is_up_is_replaced() -> None:
    (found,) = answered("AccessDenied", "The access key expired on 2026-11-01", *EVERYTHING).findings
    assert found.id == "key-disabled-or-account-suspended"
    assert [getattr(fix, "variable", "") for fix in found.fixes] == ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
    (bill,) = answered("AccessDenied", "Unpaid invoice", *EVERYTHING).findings
    assert not any(getattr(fix, "variable", "") for fix in bill.fixes)


@pytest.mark.parametrize(
    ("message", "again"),
    [
        ("no tomes available", True),
        ("replica set is down", False),
        ("We encountered an internal error, please try again.", False),
    ],
)
def test_a_store_that_asks_for_another_try_gets_it(message: str, again: bool) -> None:
    seen = answered("ServiceUnavailable", message, *UPLOADS, status=503).line("S3_RETRY_LIMIT=0")
    (found, *_others) = seen.findings
    assert found.id == "request-keeps-failing"
    assert ("S3_RETRY_LIMIT" in [getattr(fix, "variable", "") for fix in found.fixes]) is again
