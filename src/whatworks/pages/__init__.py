"""Pages for people: what is published, made into HTML.

A page is given an edition and what is asked of it, and comes as bytes. Nothing here knows the server or a file of the
collection, so that a static site can be made of the same pages.
"""

from whatworks.pages.site import Pages
from whatworks.pages.view import View

__all__ = ["Pages", "View"]
