"""A request as the gateway reads it, a reply as it writes it, and S3's errors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qsl, unquote
from xml.sax.saxutils import escape

XMLNS = "http://s3.amazonaws.com/doc/2006-03-01/"


@dataclass(frozen=True)
class Request:
    """One HTTP request. ``path`` and ``query`` are as they stood on the wire."""

    method: str
    scheme: str
    host: str
    path: str
    query: str
    headers: dict[str, str]
    """By lower-case name."""
    body: bytes

    @cached_property
    def parameters(self) -> dict[str, str]:
        """The decoded query; the first of a repeated name."""
        found: dict[str, str] = {}
        for name, value in self.pairs:
            found.setdefault(name, value)
        return found

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        # S3 reads "+" in a query as a space only in forms; signatures are made over %20, so "+" is kept as it is.
        return parse_qsl(self.query.replace("+", "%2B"), keep_blank_values=True)

    @property
    def decoded_path(self) -> str:
        return unquote(self.path)

    @property
    def hostname(self) -> str:
        """The host in lower case, without a port."""
        host = self.host.lower()
        return host.rsplit(":", 1)[0] if host.rpartition(":")[2].isdigit() else host


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer; ``headers`` may repeat a name."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def with_headers(self, *headers: tuple[str, str]) -> Reply:
        return Reply(self.status, (*self.headers, *headers), self.body)

    def header(self, name: str) -> str | None:
        return next((v for k, v in self.headers if k.lower() == name.lower()), None)


TEXTS = {
    "AccessDenied": (403, "Access Denied"),
    "AccessControlListNotSupported": (400, "The bucket does not allow ACLs"),
    "AccountProblem": (
        403,
        "There is a problem with your AWS account that prevents the operation from completing successfully.",
    ),
    "AuthorizationHeaderMalformed": (400, "The authorization header that you provided is not valid."),
    "BadDigest": (400, "The Content-MD5 you specified did not match what we received."),
    "BucketAlreadyExists": (
        409,
        "The requested bucket name is not available. The bucket namespace is shared by all users of the system. "
        "Please select a different name and try again.",
    ),
    "BucketAlreadyOwnedByYou": (
        409,
        "Your previous request to create the named bucket succeeded and you already own it.",
    ),
    "EntityTooSmall": (400, "Your proposed upload is smaller than the minimum allowed size"),
    "InvalidAccessKeyId": (403, "The AWS Access Key Id you provided does not exist in our records."),
    "InvalidArgument": (400, "Invalid Argument"),
    "InvalidBucketName": (400, "The specified bucket is not valid."),
    "InvalidDigest": (400, "The Content-MD5 you specified was invalid."),
    "InvalidObjectState": (403, "The operation is not valid for the object's storage class"),
    "InvalidPart": (
        400,
        "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified "
        "entity tag may not match the part's entity tag.",
    ),
    "InvalidRequest": (400, "Invalid Request"),
    "InvalidStorageClass": (400, "The storage class you specified is not valid"),
    "InvalidToken": (400, "The provided token is malformed or otherwise invalid."),
    "MalformedXML": (400, "The XML you provided was not well-formed or did not validate against our published schema"),
    "MethodNotAllowed": (405, "The specified method is not allowed against this resource."),
    "NoSuchBucket": (404, "The specified bucket does not exist"),
    "NoSuchBucketPolicy": (404, "The bucket policy does not exist"),
    "NoSuchCORSConfiguration": (404, "The CORS configuration does not exist"),
    "NoSuchKey": (404, "The specified key does not exist."),
    "NoSuchPublicAccessBlockConfiguration": (404, "The public access block configuration was not found"),
    "NoSuchUpload": (
        404,
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or "
        "completed.",
    ),
    "NotImplemented": (501, "A header you provided implies functionality that is not implemented"),
    "ObjectLockConfigurationNotFoundError": (404, "Object Lock configuration does not exist for this bucket"),
    "PermanentRedirect": (
        301,
        "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all "
        "future requests to this endpoint.",
    ),
    "QuotaExceeded": (403, "The quota of the bucket or account is exceeded."),
    "RequestTimeTooSkewed": (403, "The difference between the request time and the current time is too large."),
    "SignatureDoesNotMatch": (
        403,
        "The request signature we calculated does not match the signature you provided. Check your key and signing "
        "method.",
    ),
    "TemporaryRedirect": (
        307,
        "Please re-send this request to the specified temporary endpoint. Continue to use the original request "
        "endpoint for future requests.",
    ),
    "XAmzContentSHA256Mismatch": (
        400,
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
    ),
}
"""AWS's status and text per code (S3 API reference, "Error responses")."""


@dataclass(eq=False)
class S3Error(Exception):
    """An error answer. ``details`` become XML elements after Code and Message."""

    code: str
    message: str | None = None
    status: int | None = None
    details: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def http_status(self) -> int:
        return self.status if self.status is not None else TEXTS[self.code][0]

    @property
    def text(self) -> str:
        return self.message if self.message is not None else TEXTS[self.code][1]

    def to_xml(self, request_id: str, host_id: str) -> bytes:
        """The ``<Error>`` document; an error document has no namespace."""
        pairs = [("Code", self.code), ("Message", self.text), *self.details]
        pairs += [("RequestId", request_id)] + ([("HostId", host_id)] if host_id else [])
        return document("Error", "".join(element(tag, text) for tag, text in pairs), namespace=False)


def element(tag: str, text: object) -> str:
    """``<tag>text</tag>``, escaped."""
    return f"<{tag}>{escape(str(text))}</{tag}>"


def document(root: str, inner: str, *, namespace: bool = True) -> bytes:
    """A whole XML document. ``inner`` is already XML."""
    space = f' xmlns="{XMLNS}"' if namespace else ""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root}{space}>{inner}</{root}>'.encode()


def xml_reply(root: str, inner: str = "", *headers: tuple[str, str], status: int = 200) -> Reply:
    """A 200 with an XML document."""
    return Reply(status, (("Content-Type", "application/xml"), *headers), document(root, inner))
