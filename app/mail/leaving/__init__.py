"""Mail that goes out: written, kept in the outbox, handed to a mail server."""
