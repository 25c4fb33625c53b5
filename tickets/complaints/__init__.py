"""Complaints to the end: steps, causes, escalation, compensation, recovery."""
