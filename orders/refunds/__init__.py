"""What may go back and how it gets there: quotes, limits, approval, sending, settling, statements."""
