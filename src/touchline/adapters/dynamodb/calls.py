"""Calls to DynamoDB: tried again where that helps, failing in this package's words."""

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from touchline.errors import (
    ConfigError,
    ConflictError,
    StorageError,
    TouchlineError,
    TransientError,
)

try:
    import boto3
    from botocore import exceptions
    from botocore.config import Config
except ImportError as exc:
    raise ConfigError(f"no boto3 here: {exc}", hint="pip install touchline[dynamodb]") from exc

Item = dict[str, Any]
"""An item, or a key, as DynamoDB writes it: each value under its type."""

Action = dict[str, Any]
"""A part of a transaction: a Put, an Update, a Delete or a ConditionCheck."""

_TRIES = 8
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.05, 5.0
_KEYS_PER_CALL = 100
_BUSY = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
_NO_RIGHT = {
    "AccessDeniedException",
    "UnrecognizedClientException",
    "InvalidSignatureException",
    "IncompleteSignatureException",
    "MissingAuthenticationTokenException",
    "ExpiredTokenException",
    "NotSignedUp",
}
_LATER = {
    "InternalServerError",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestTimeout",
    "RequestTimeoutException",
    "ResourceInUseException",
    "ThrottlingException",
    "TransactionInProgressException",
}
_NOT_CONFIGURED = (
    exceptions.NoCredentialsError,
    exceptions.PartialCredentialsError,
    exceptions.CredentialRetrievalError,
    exceptions.TokenRetrievalError,
    exceptions.SSOError,
    exceptions.NoRegionError,
    exceptions.InvalidRegionError,
    exceptions.ProfileNotFound,
    exceptions.ConfigParseError,
    exceptions.ConfigNotFound,
)
_OUT_OF_REACH = (exceptions.ConnectionError, exceptions.HTTPClientError)


class Calls:
    """A client of one region or endpoint; threads may share it. Credentials are AWS's own affair."""

    def __init__(self, *, region: str = "", endpoint: str = "") -> None:
        self.place = endpoint or f"DynamoDB in {region or 'the default region'}"
        config = Config(
            connect_timeout=5,
            read_timeout=20,
            max_pool_connections=32,
            retries={"mode": "standard", "total_max_attempts": _TRIES},
        )
        with self._translated():
            self.client = boto3.session.Session().client(
                "dynamodb",
                region_name=region or None,
                endpoint_url=endpoint or None,
                config=config,
            )

    def close(self) -> None:
        """No connection is held open."""
        self.client.close()

    def one(self, call: str, **given: Any) -> Item:
        """What the call answers; a throttled one, or one that met a fault of the service, is tried again."""
        with self._translated():
            answer: Item = getattr(self.client, call)(**given)
        return answer

    def table(self, name: str) -> Item | None:
        """The table as it is; None where there is none."""
        with self._translated(), suppress(self.client.exceptions.ResourceNotFoundException):
            found: Item = self.client.describe_table(TableName=name)["Table"]
            return found
        return None

    def make(self, table: Item) -> None:
        """The table is being made, by this call or by another."""
        with self._translated(), suppress(self.client.exceptions.ResourceInUseException):
            self.client.create_table(**table)

    def pages(self, call: str, **given: Any) -> Iterator[Item]:
        """Every answer of a call that may not say all at once; each asks for twice what the last did."""
        while True:
            answer = self.one(call, **given)
            yield answer
            if "LastEvaluatedKey" not in answer:
                return
            given["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
            if "Limit" in given:
                given["Limit"] *= 2

    def items(self, table: str, keys: Sequence[Item]) -> Iterator[Item]:
        """The items of these keys that there are, in no order."""
        for first in range(0, len(keys), _KEYS_PER_CALL):
            some = keys[first : first + _KEYS_PER_CALL]
            left: Item = {table: {"Keys": some, "ConsistentRead": True}}
            for wait_s in _waits():
                answer = self.one("batch_get_item", RequestItems=left)
                yield from answer["Responses"].get(table, ())
                left = answer.get("UnprocessedKeys") or {}
                if not left:
                    break
                time.sleep(wait_s)
            else:
                raise self._busy(f"{table}: {len(some)} keys were not all read")

    def together(self, actions: Sequence[Action]) -> None:
        """All of the actions, or none.

        Raises:
            ConflictError: A condition of theirs does not hold.
        """
        for wait_s in _waits():
            reasons = self._refused(actions)
            if not reasons:
                return
            codes = set(reasons)
            if "ConditionalCheckFailed" in codes:
                raise ConflictError(f"{self.place}: something else was written meanwhile")
            if not codes <= _BUSY:
                raise self._no_room(reasons)
            time.sleep(wait_s)
        raise self._busy(f"{len(actions)} writes: {', '.join(sorted(codes))}")

    def _refused(self, actions: Sequence[Action]) -> Mapping[str, str]:
        """Why nothing of it was done: code and message; nothing where all is."""
        with self._translated():
            try:
                self.client.transact_write_items(TransactItems=actions)
            except self.client.exceptions.TransactionCanceledException as exc:
                reasons = exc.response.get("CancellationReasons", ())
                said = {r["Code"]: r.get("Message", "") for r in reasons if r["Code"] != "None"}
                return said or {"TransactionConflict": ""}
        return {}

    # --- what fails ---------------------------------------------------------------------------

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Raise this package's errors in place of AWS's; what is none of these is a bug."""
        try:
            yield
        except exceptions.ClientError as exc:
            raise self._failure(exc) from exc
        except _NOT_CONFIGURED as exc:
            hint = "check stores.serving.region, AWS_PROFILE and the credentials of this machine"
            raise ConfigError(f"{self.place}: {exc}", hint=hint) from exc
        except _OUT_OF_REACH as exc:
            hint = "check stores.serving.endpoint and the network; then run again"
            raise TransientError(f"{self.place}: {exc}", hint=hint) from exc

    def _failure(self, exc: Any) -> Exception:
        code: str = exc.response.get("Error", {}).get("Code", "")
        said = f"{self.place}: {exc}"
        if code == "ResourceNotFoundException":
            return ConfigError(
                said,
                hint="its tables are not made yet: prepare the store, or check"
                " stores.serving.prefix and stores.serving.region",
            )
        if code in _NO_RIGHT:
            return ConfigError(said, hint="check the credentials, and what they give a right to")
        too_large = code == "ValidationException" and "Item size" in said
        if too_large or code == "ItemCollectionSizeLimitExceededException":
            return self._no_room({code: said})
        status = exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in _LATER or status >= 500:
            return TransientError(said, hint="run again later")
        unforeseen: Exception = exc
        return unforeseen

    def _no_room(self, reasons: Mapping[str, str]) -> TouchlineError:
        said = "; ".join(f"{code}: {text}" for code, text in reasons.items())
        hint = "a row holds at most 400 KB, all rows of a key 10 GB"
        return StorageError(f"{self.place}: {said}", hint=hint)

    def _busy(self, what: str) -> TouchlineError:
        return TransientError(
            f"{self.place}: {what}, after {_TRIES} tries", hint="run again when it is less busy"
        )


def _waits() -> Iterator[float]:
    """How long to wait after each try: ever longer, and never as long as others do."""
    for n in range(_TRIES):
        yield random.uniform(0, min(_FIRST_WAIT_S * 2**n, _LONGEST_WAIT_S))  # noqa: S311 - no secret
