"""The schema's versions, run by ``bridge.state.migrate`` and never by hand."""
