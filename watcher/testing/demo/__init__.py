"""The demo: a whole programme, from the first app to the end of the countdown, on a chain in this process.

    cast, script ─▶ local chain ─▶ JSON-RPC ─▶ the watcher's own stages ─▶ signed webhooks ─▶ receiver
                                                                                                  │
                                                    promises: did everything come that had to? ◀──┘

How it is told to people is the command line's business.
"""
