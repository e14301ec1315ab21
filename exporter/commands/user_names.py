"""The names of users: Onepanel lists ids only, so each name costs a request of its own."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable

from exporter.client.at_most_once import AtMostOnceRequest
from exporter.operations.users import User, UserIds, list_users, show_user
from exporter.reasons import Failure, Reason

MAX_NAMES = 500
_SECONDS = 60.0
# What an id looks like; anything else that is given in its place may be a name.
_ID = re.compile(r"[0-9a-f]{16,}")


class NoSuchUserError(ValueError):
    """No user, or more than one, has the name that was given."""


async def fetch_names(at_most_once: AtMostOnceRequest, ids: Iterable[str]) -> list[User]:
    """Return the users of these ids, as far as they are available: at most so many, within a minute.

    The first answer that other users will have as well, such as a missing privilege, ends it.
    """
    users: list[User] = []
    try:
        async with asyncio.timeout(_SECONDS):
            for user_id in list(ids)[:MAX_NAMES]:
                reply, _steps = await at_most_once.run(show_user(user_id))
                if isinstance(reply, User):
                    users.append(reply)
                elif not (isinstance(reply, Failure) and reply.reason is Reason.NOT_FOUND):
                    break
    except TimeoutError:
        pass
    return users


async def resolve(at_most_once: AtMostOnceRequest, subject: str) -> str:
    """Return the id of the user with this id, user name or full name.

    If users cannot be listed, the given text is taken for an id.

    Raises:
        NoSuchUserError: no user has the name, several have it, or not all names could be compared.
    """
    if _ID.fullmatch(subject):
        return subject
    listed, _steps = await at_most_once.run(list_users())
    if not isinstance(listed, UserIds) or subject in listed.ids:
        return subject
    users = await fetch_names(at_most_once, listed.ids)
    return _choose(users, subject, is_complete=len(users) == len(listed.ids))


def _choose(users: list[User], subject: str, *, is_complete: bool) -> str:
    """Return the one id that a name means. User names are unique, so they come before full names."""
    for found in (
        [user for user in users if user.username == subject],
        [user for user in users if user.full_name == subject],
    ):
        if len(found) > 1:
            ids = ", ".join(f"{user.user_id} ({user.username})" for user in found)
            raise NoSuchUserError(f"several users have this name, give an id: {ids}")
        if found and is_complete:
            return found[0].user_id
    if is_complete:
        raise NoSuchUserError("no user has this id or name: see `users list`")
    raise NoSuchUserError(f"not all names could be compared ({len(users)} were read): give the id")
