"""The product as a whole: real processes, and HTTP to servers that the tests serve."""
