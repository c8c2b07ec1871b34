"""keys: revoking them."""

from world import World


def test_a_key_that_is_revoked_already_is_said_to_be(empty: World) -> None:
    empty.well("keys", "make", "feed")
    empty.well("keys", "revoke", "feed")
    before = empty.well("keys", "list", "--json").rows

    assert "key feed is revoked already, since 2" in empty.well("keys", "revoke", "feed").err
    assert empty.well("keys", "list", "--json").rows == before


def test_a_key_made_anew_under_the_name_of_a_revoked_one_is_revoked_itself(empty: World) -> None:
    for _ in range(2):
        empty.well("keys", "make", "feed")
        assert "key feed is revoked\n" in empty.well("keys", "revoke", "feed").err


def test_a_key_that_never_was_is_told_with_those_that_are(empty: World) -> None:
    empty.well("keys", "make", "feed")

    ended = empty.do("keys", "revoke", "fed")

    assert (ended.code, ended.error, ended.hint) == (2, "no key 'fed'", "there is: feed")
