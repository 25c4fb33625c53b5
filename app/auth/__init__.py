"""Who is knocking: passwords, sessions, visitor tokens and form tokens."""
