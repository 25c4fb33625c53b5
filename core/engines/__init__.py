"""Tortoise engines that survive cancellation. A configuration names `core.engines.sqlite` or `core.engines.asyncpg`."""
