"""What holds for all tests."""


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are no names: gzip holds the time, and workers must agree on the tests there are."""
    return argname if isinstance(val, bytes) else None
