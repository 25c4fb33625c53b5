"""The public HTTP interface for programs."""
