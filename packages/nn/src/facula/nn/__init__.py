"""Modules, layers, losses and initialisation."""
