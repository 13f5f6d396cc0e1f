"""The only part that touches the other systems: one file per system, one role each."""
