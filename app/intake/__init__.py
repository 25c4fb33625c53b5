"""The doors for mail that comes in."""
