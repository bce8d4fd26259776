"""The thorough profile: many more random chains, for a machine that has the time.

pytest tests/unit/core --hypothesis-profile=thorough
"""

from hypothesis import settings

settings.register_profile("thorough", settings.get_profile("watcher"), max_examples=4_000)
