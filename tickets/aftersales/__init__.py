"""After-sales cases: from the wish to the refund or the replacement."""
