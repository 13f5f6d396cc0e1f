"""What survives a restart: the journal, dossiers, what was last seen, watermarks."""
