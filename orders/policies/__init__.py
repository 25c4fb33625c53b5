"""What may be given back: laws and the shop's own rules as versioned data."""
