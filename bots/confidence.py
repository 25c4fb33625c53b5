"""What a confidence from 0 to 1 leads to."""

ACT = 0.5  # act at or above this confidence
GUESS = 0.35  # name the guess at or above this, below ask openly
