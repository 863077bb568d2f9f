"""Bad files by the thousand, and faults at random moments: `python -m tests.torture`, a program for developers."""
