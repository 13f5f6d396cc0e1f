"""What is seen from outside: health, readiness and metrics over HTTP, on this machine only unless told otherwise."""
