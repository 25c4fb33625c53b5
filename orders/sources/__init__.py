"""One pure file a platform: raw bytes and headers in, verified facts with times out."""
