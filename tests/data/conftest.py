"""Property tests judge answers, not the speed of a machine that others use as well."""

from hypothesis import settings

settings.register_profile("any-machine", deadline=None)
settings.load_profile("any-machine")
