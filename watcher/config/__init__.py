"""The two files, program and deployment: read, validated as a whole, frozen."""
