"""What the desk talks to: each gateway is an interface with the real one and its twins in one file."""
