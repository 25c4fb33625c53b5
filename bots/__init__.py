"""Rules that answer. Pure: no database, no clock, no network."""
