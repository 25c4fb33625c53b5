"""The live parts: frames, connections, the hub and the two sockets. The database is the truth, a frame is a hint."""
