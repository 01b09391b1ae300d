"""The embedded pool: a separate program that speaks XAPI and shares no code with what it tests."""
