"""What pages of HTML have in common: one file that opens offline, and one look."""
