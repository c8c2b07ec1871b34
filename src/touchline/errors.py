"""Every expected error, grouped by what its reader must do about it.

A message says what, where, seen and expected. The way out rides in `hint`, and the bare facts in
`facts`, so that logs and alerts need not parse a sentence. Anything else that is raised is a bug.
"""

from typing import ClassVar


class TouchlineError(Exception):
    """An expected failure; its class tells the caller what to do."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "", **facts: object) -> None:
        super().__init__(message)
        self.hint = hint
        self.facts = facts

    def __reduce__(self) -> tuple[object, ...]:
        """Survive the way back from a worker process, hint and facts included."""
        return (_rebuilt, (type(self), str(self), (self.hint, self.facts)))


def _rebuilt(
    kind: type[TouchlineError], message: str, rest: tuple[str, dict[str, object]]
) -> TouchlineError:
    return kind(message, hint=rest[0], **rest[1])


class UnforeseenError(TouchlineError):
    """A step met a value, or has a bug, that nobody foresaw: the partition is as it was; report it."""


class ConfigError(TouchlineError):
    """The command, the configuration or the environment is wrong: fix it."""

    exit_code = 2


class ContractError(TouchlineError):
    """The data broke a table's contract: the partition is as it was; read the report."""

    exit_code = 3


class QualityError(TouchlineError):
    """The data broke a rule of the gate: the partition is as it was; read the report."""

    exit_code = 3


class MissingInputError(TouchlineError):
    """Input is not there yet: run again once it has landed."""

    exit_code = 4


class TransientError(TouchlineError):
    """A service failed although the call was retried: run again later."""

    exit_code = 5


class ConflictError(TouchlineError):
    """Another run holds the partition: run again when it ends."""

    exit_code = 6


class StorageError(TouchlineError):
    """No room or no right to write: nothing was published; make room, run again."""

    exit_code = 7
