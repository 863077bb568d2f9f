"""The only place where threads and Qt meet: one thread owns the engine, the window talks to it through a service."""
