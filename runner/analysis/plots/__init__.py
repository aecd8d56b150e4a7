"""Pictures of a run, drawn with matplotlib."""

import logging

# Before it is imported: that it builds a font cache, and where, is no news of the run's.
logging.getLogger("matplotlib").setLevel(logging.ERROR)
