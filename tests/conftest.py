"""Settings of the whole suite."""

from hypothesis import settings

# No deadline: a busy machine is not a failure. The same cases every time: a red test is news.
settings.register_profile("suite", deadline=None, derandomize=True)
settings.load_profile("suite")
