"""A mail's bytes to a frozen value. Pure: no database, no network, no clock."""
