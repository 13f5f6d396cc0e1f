"""Jira as the place where tickets live: Cloud and Data Center behind one role."""

from bridge.connectors.jira.tracker import JiraTracker

__all__ = ["JiraTracker"]
