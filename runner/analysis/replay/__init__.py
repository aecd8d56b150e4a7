"""A training to look at: its moments, computed again, as a page, a GIF or a film."""
