"""Words that go with a number."""


def counted(number: int, what: str, many: str = "") -> str:
    """1 file, 1,000 files; `many` is the word for several, where it is not `what` with an s."""
    return f"{number:,} {what if number == 1 else many or f'{what}s'}"
