"""Headless orchestration of core and model."""
