"""Deciding: pure functions from what was seen, what was agreed and the rules to a plan.

Same arguments, same answer, network cable out.
"""
