"""What of a file is refused -> the log, where it becomes a dead letter, once."""

from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from touchline.core.ports import Log, ServingStore
from touchline.matches.live import ALL, DEAD, TOPIC
from touchline.matches.live.beside import Refused, refused
from touchline.matches.live.event import is_match_id
from touchline.matches.source.files import Feed, Refusal

_AT_ONCE = 1000


def set_aside(
    refusals: Sequence[Refusal], feed: Feed, file: str, *, log: Log, store: ServingStore
) -> Iterator[Refusal]:
    """Those that nobody saw to yet. Each is in the log, once, however often its file comes."""
    if feed.format == "kick-offs":  # they are no events
        yield from refusals
        return
    said = list(_said(refusals, feed, file))
    for first in range(0, len(said), _AT_ONCE):
        some = said[first : first + _AT_ONCE]
        letters = store.known(DEAD, [(ALL, line.refused) for _, line in some])
        new = [(key, line) for key, line in some if (ALL, line.refused) not in letters]
        if new:
            log.append(TOPIC, [(key, msgspec.json.encode(line)) for key, line in new]).result()
        for each, (_, line) in zip(refusals[first:], some, strict=False):
            found = letters.get((ALL, line.refused))
            if found is None or any(letter.listed for letter in found):
                yield each


def _said(refusals: Sequence[Refusal], feed: Feed, file: str) -> Iterator[tuple[str, Refused]]:
    """Key and value of the record of each."""
    numbers = Counter[tuple[str, str]]()
    for each in refusals:
        key, text = match_of(each.match_id, feed), each.text
        numbers[key, text] += 1
        same, reason = numbers[key, text], f"{file}: {each.place}: {each.reason}"
        yield key, refused(key, file, text, number=same, reason=reason, event_id=each.event_id)


def match_of(match_id: object, feed: Feed) -> str:
    """The match that it says, else the only one of the file; "" where that cannot be told."""
    known = (match_id, *(feed.matches if len(feed.matches) == 1 else ()))
    return next((str(each) for each in known if is_match_id(each)), "")
