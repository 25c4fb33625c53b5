"""Pages: the doors for people with a browser."""
