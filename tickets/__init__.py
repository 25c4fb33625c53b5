"""The work: tickets with a kind, a status, an assignee and links to orders."""
