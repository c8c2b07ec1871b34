"""What is to be done about an incident, in a sentence or two; for alerts, `touchline alerts` and pages."""

from touchline.core import schedule
from touchline.core.ports import Incident
from touchline.errors import (
    ConfigError,
    ContractError,
    MissingInputError,
    StorageError,
    TransientError,
    UnforeseenError,
)

_OF_A_RUN = {
    UnforeseenError.exit_code: "Nobody foresaw this: please report it, with what"
    " `touchline show RUN` says.",
    ConfigError.exit_code: "Fix the configuration or the environment, then run again.",
    ContractError.exit_code: "The partition is as it was. `touchline runs` names the run,"
    " `touchline show RUN` says why, and the way out.",
    MissingInputError.exit_code: "It is made by the next run once its input has landed.",
    TransientError.exit_code: "A service failed, or a process was ended from outside: run again.",
    StorageError.exit_code: "Make room or grant the right to write, then run again.",
}
_OF_A_LAG = "See that `touchline up` or `serve` runs, and what it says; what came is in the log and is not lost."
_INGEST_AGAIN = "Ingest it again, from where it came."
_OF_A_STORE = "`touchline up` lands what waits by itself, once the store takes it."
_OF_A_FILE = (
    "Mend the file, or take it away; `touchline up` lands it when it is written to the next time."
)
_TRIED_AGAIN = (
    f"`touchline up` tries it {schedule.BACKOFF.attempts} times in all, with longer and longer"
    " waits, and then at its next time."
)
_NOT_TRIED_AGAIN = "Put right what it says; `touchline up` gives it again at its next time."


def to_do(incident: Incident) -> str:
    """What whoever reads of the incident can do, or what is done without them; "" where nothing is known."""
    about = incident.key.rpartition(" ")[2]
    if about == "command":
        return _TRIED_AGAIN if schedule.may_succeed(incident.code) else _NOT_TRIED_AGAIN
    if about == "file":
        return _OF_A_FILE if incident.where else _OF_A_STORE
    if about == "lag":
        return _OF_A_LAG
    if about == "bronze":
        return _INGEST_AGAIN
    return _OF_A_RUN.get(incident.code, "")
