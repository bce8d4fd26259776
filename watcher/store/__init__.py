"""The database: tables and the transactions that write them."""
