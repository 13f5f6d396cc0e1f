"""One cycle: look, decide, write it down, act, then look again."""
