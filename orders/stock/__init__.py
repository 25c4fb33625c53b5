"""What is in stock, who gets it, and which open orders it does not reach."""
