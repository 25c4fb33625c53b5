"""Answers with blanks."""
