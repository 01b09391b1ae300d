"""Requests at this console: asked, decided on, watched, carried out."""
