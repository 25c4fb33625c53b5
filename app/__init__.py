"""The roof: doors and wiring."""
