"""Mail that comes in: stored, read, placed in a conversation or set aside."""
