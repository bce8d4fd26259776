"""Actors: a small number for each address that acted, so that counting them costs little.

Numbers are given by the one writer, in one transaction with the facts that name them; they are never reused
and mean nothing outside this database.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, func, insert, select
from sqlmodel import col

from watcher.core.types import ActorId, Address
from watcher.store.sql import among
from watcher.store.tables import Actor


def number_actors(connection: Connection, addresses: Sequence[Address]) -> list[ActorId]:
    """Give every address its number, in the same order, making new ones for those that have none.

    The addresses are all different; at most three statements.
    """
    if not addresses:
        return []
    query = select(col(Actor.address), col(Actor.id)).where(among(connection, col(Actor.address), addresses))
    known: dict[Address, ActorId] = dict(connection.execute(query).all())  # type: ignore[arg-type]  # pairs
    missing = [address for address in addresses if address not in known]
    if missing:
        highest = connection.execute(select(func.max(col(Actor.id)))).scalar() or 0
        new = {address: ActorId(number) for number, address in enumerate(missing, highest + 1)}
        connection.execute(insert(Actor), [{"id": number, "address": name} for name, number in new.items()])
        known |= new
    return [known[address] for address in addresses]


def actor_addresses(connection: Connection, ids: Iterable[ActorId]) -> dict[ActorId, Address]:
    """Give the addresses of some actors, for people to look at; unknown numbers are left out."""
    query = select(col(Actor.id), col(Actor.address)).where(among(connection, col(Actor.id), list(ids)))
    return {ActorId(number): Address(address) for number, address in connection.execute(query)}
