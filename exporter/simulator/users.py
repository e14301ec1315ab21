"""The users of a simulated Onezone: a store that Onepanel changes for administrators."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

FIRST_USER_ID = "9d2f3c1b7a5e4860a1b2c3d4e5f60718"


@dataclass(frozen=True, slots=True)
class User:
    """One user. The password is kept for tests, and never shown."""

    user_id: str
    username: str
    full_name: str = "Unnamed User"
    groups: tuple[str, ...] = ()
    password: str = field(default="", repr=False)


class UserStore:
    """The users of one zone, by id. There is always an administrator to begin with."""

    def __init__(self) -> None:
        self._users = {FIRST_USER_ID: User(FIRST_USER_ID, "admin", "Administrator")}
        self._numbers = itertools.count(1)

    @property
    def by_id(self) -> Mapping[str, User]:
        """All users."""
        return dict(self._users)

    def named(self, username: str) -> User | None:
        """Return the user of this name."""
        return next((user for user in self._users.values() if user.username == username), None)

    def add(self, username: str, password: str, full_name: str, groups: tuple[str, ...]) -> User:
        """Add a user, whose name must be free."""
        user_id = f"{next(self._numbers):032x}"
        user = User(user_id, username, full_name or "Unnamed User", groups, password)
        self._users[user_id] = user
        return user

    def set_password(self, user_id: str, password: str) -> None:
        """Set the password of a user, which must exist."""
        self._users[user_id] = replace(self._users[user_id], password=password)
