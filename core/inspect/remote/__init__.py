"""Files at addresses (`s3://...`, `https://...`) as the Inspector reads them: by the ranges that are touched, and with
no network in the reader process.

location    the path of an object at an address, with the face of `pathlib.Path`, in either process
objects     in the caller's process: the objects, what is kept of them, what was transferred; what a reader may have
link        in the reader process: asks the caller for bytes through the pipe that answers go through
memory      in the reader process: a map of a whole object, whose parts are fetched when they are first touched
"""
