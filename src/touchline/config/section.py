"""What every part of the configuration file is made of."""

import os

import msgspec

from touchline.errors import ConfigError


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the file; a key it does not know is an error that names its place."""


class Secret(Section, frozen=True):
    """The only form a secret has in the file: the name of an environment variable."""

    env: str

    @property
    def given(self) -> str:
        """The variable's value; "" where it is not set."""
        return os.environ.get(self.env, "")

    def value(self) -> str:
        """The variable's value.

        Raises:
            ConfigError: It is not set, or empty.
        """
        found = self.given
        if not found:
            raise ConfigError(
                f"environment variable {self.env} is not set", hint=f"export {self.env}=..."
            )
        return found
