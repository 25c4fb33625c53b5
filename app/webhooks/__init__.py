"""Doors for what platforms push to us. Each verifies, stores and answers; reading is a job."""
