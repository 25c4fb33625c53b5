"""How the database became what it is, in numbered steps that never change once released."""
