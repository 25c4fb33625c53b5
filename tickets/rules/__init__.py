"""Rules that work on tickets by themselves."""
