"""Assignments with variants: release, rebuild, run, judge, report. Not installed."""
