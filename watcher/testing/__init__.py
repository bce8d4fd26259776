"""What tests and the demo run on: doubles of chain, clock and channel, and a real local chain."""
