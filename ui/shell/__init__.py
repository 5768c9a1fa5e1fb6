"""The frame around every page: navigation, sidebar, what the server needs."""
