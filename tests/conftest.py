"""Settings shared by all tests."""

from hypothesis import settings

# The same examples on every run, and no time limit: a red test is then always a wrong result.
settings.register_profile("book", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("book")
