"""Is this the chain, and the definition, that the database is about? Asked before anything is written."""

from datetime import datetime

from watcher.chain.source import ChainSource
from watcher.core.definition import Definition
from watcher.errors import DatabaseMismatch, WrongChain
from watcher.store.adoptions import FIRST_GENERATION, Adoption
from watcher.store.database import Store
from watcher.store.state import DatabaseIdentity


def check_definition(definition: Definition, store: Store) -> None:
    """Raise DatabaseMismatch, naming both hashes, where the database was made under another definition."""
    with store.reading() as tx:
        known = tx.state.identity()
    if known is not None and known.definition_hash != definition.hash:
        raise DatabaseMismatch(
            f"this database belongs to program {known.program_id}, definition {known.definition_hash}; "
            f"the program file is {definition.program_id}, definition {definition.hash}. "
            "`watcher what-if` with the changed file shows what would be different, `watcher database adopt` "
            "lets this database go over to it and keeps the old ledger; or set another `database` in the "
            "deployment file, or go back to the program that this one belongs to"
        )


def check_chain(definition: Definition, source: ChainSource, store: Store, now: datetime) -> None:
    """Raise WrongChain, naming both, where the endpoint serves another chain than program or database say.

    The first chain that an empty database meets is entered into it, with the definition. The source hears of
    the last block that was read: an endpoint whose head is far below it has lost its chain.
    """
    with store.reading() as tx:
        newest = tx.facts.extent().newest
    if newest is not None:
        source.expect(newest.number)
    seen = source.identity()
    if seen.chain_id != definition.chain.id:
        raise WrongChain(
            f"the endpoint serves chain {seen.chain_id}, the program is about chain {definition.chain.id}: "
            "point [[endpoint]] at the right chain, or choose the program of this chain"
        )
    with store.writing() as tx:
        known = tx.state.identity()
        if known is None:
            tx.state.set_identity(
                DatabaseIdentity(
                    chain_id=seen.chain_id,
                    genesis_hash=seen.genesis_hash,
                    program_id=definition.program_id,
                    definition_hash=definition.hash,
                    created_at=now,
                )
            )
        if not tx.adoptions.all():
            tx.adoptions.add(adoption(definition, FIRST_GENERATION, now))
        if known is not None and known.genesis_hash != seen.genesis_hash:
            raise WrongChain(
                f"the endpoint's genesis block is {seen.genesis_hash}, the database's {known.genesis_hash}: "
                "another chain of the same id (a devnet started anew?); use a new database for it"
            )


def adoption(definition: Definition, generation: int, now: datetime) -> Adoption:
    """Say that a definition is in force from a ledger on."""
    return Adoption(generation, definition.program_id, definition.hash, definition.canonical, now)
