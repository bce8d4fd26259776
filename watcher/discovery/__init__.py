"""Ways to find an application's contracts, one a file."""
