"""Reading the chain: JSON-RPC in, windows of blocks out."""
