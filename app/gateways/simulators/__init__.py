"""Stand-ins for shops and carriers: they speak the real wire formats, so that the demo takes the real way in."""
