"""Showing the app to a class: the code that lets a guest in, who is host and who guest, and what a guest may use up.

Everything here lives in the memory of one serving (`share.ClassShare`) and ends with it: nothing is kept on disk, so a
code, a link or a cookie of an earlier serving opens nothing. No web server and no page is known here.
"""
