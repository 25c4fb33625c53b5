"""The talk with a customer over all channels: messages, notes, proof and who speaks."""
