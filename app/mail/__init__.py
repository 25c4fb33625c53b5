"""Mail in and out: stored first, parsed and sent by jobs."""
