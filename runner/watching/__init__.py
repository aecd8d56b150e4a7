"""What runs now, as a page that follows and in a terminal: reads run folders and writes nothing."""
