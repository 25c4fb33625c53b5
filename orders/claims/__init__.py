"""One decision for each line about cancelling, readdressing and keeping back what has not left."""
