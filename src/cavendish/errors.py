"""Every failure a caller can meet, as one tree; no HTTP numbers here (see `api/problems.py`).

Stage: all. Raised anywhere below `api`; translated once, by the API or the command line.
"""

from __future__ import annotations


class CavendishError(Exception):
    """A failure with a sentence a stranger may read.

    Args:
        public_message: What went wrong and what to do, without secrets or file paths.
        param: The request field at fault, such as `image_urls[1]`, where there is one.
        retry_after_s: Seconds after which the same call may succeed, where that is known.
    """

    code = "err_internal"
    retryable = False

    def __init__(self, public_message: str, *, param: str | None = None, retry_after_s: int | None = None) -> None:
        super().__init__(public_message)
        self.public_message = public_message
        self.param = param
        self.retry_after_s = retry_after_s


class InternalFault(CavendishError):
    """Something broke that is ours; details are in the log under the request id."""


class InvalidRequest(CavendishError):
    """The body, a field or a query parameter is not what the contract allows."""

    code = "err_validation"


class ParameterOutOfRange(InvalidRequest):
    """An amount is outside the range its operation documents."""


def require_within(name: str, value: float, low: float, high: float) -> None:
    """Refuse an amount outside its range; not a number is outside every range.

    Raises:
        ParameterOutOfRange: `value` is not within `low` to `high`, both allowed; the message names it.
    """
    if not low <= value <= high:
        raise ParameterOutOfRange(f"{name} must be between {low:g} and {high:g}", param=name)


class UnsafeUrl(InvalidRequest):
    """A picture's address is not one this server may fetch."""


class UnreachableSource(InvalidRequest):
    """A picture could not be fetched in time or answered with an error."""


class UnreadableImage(InvalidRequest):
    """The bytes are not a picture we read, are damaged, or hold too many pixels."""


class UnsupportedEdit(CavendishError):
    """Nothing in the sentence can be done here, or the one thing named is not in the picture."""

    code = "err_unsupported_edit"


class UnknownModel(CavendishError):
    """The model id is not in the catalog."""

    code = "err_unknown_model"


class ModelUnavailable(CavendishError):
    """The model id is known, but no engine on this server can run it."""

    code = "err_model_unavailable"


class Unauthorized(CavendishError):
    """The key is missing, wrong or disabled."""

    code = "err_unauthorized"


class InsufficientCredits(CavendishError):
    """The account's balance does not cover the request (the kind's spelling is the vendor's)."""

    code = "err_insufficent_credits"


class NotFound(CavendishError):
    """No such path or resource."""

    code = "err_not_found"


class MethodNotAllowed(CavendishError):
    """The path exists, the method does not."""

    code = "err_method_not_allowed"


class TooLarge(CavendishError):
    """The body, or one picture, is over its byte limit."""

    code = "err_too_large"


class IdempotencyMismatch(CavendishError):
    """The idempotency key was used before with another body."""

    code = "err_idempotency_mismatch"


class RateLimited(CavendishError):
    """This key sends faster, or more at once, than it may."""

    code = "err_rate_limited"
    retryable = True


class Overloaded(CavendishError):
    """The queue is full, or the server is draining."""

    code = "err_overloaded"
    retryable = True


class DeadlineExceeded(CavendishError):
    """The edit did not finish in time; nothing was charged."""

    code = "err_timeout"
    retryable = True


class Cancelled(CavendishError):
    """The caller left; nothing was charged and nobody reads this."""

    code = "err_cancelled"


class WeightsUnavailable(CavendishError):
    """A neural network's file is not installed or fails its checksum; callers fall back."""

    code = "err_weights_unavailable"


class UnsupportedMediaType(CavendishError):
    """The body is not in a form this path reads."""

    code = "err_unsupported_media_type"
