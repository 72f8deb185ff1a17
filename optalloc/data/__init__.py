"""Sheets become a typed, checked Dataset."""
