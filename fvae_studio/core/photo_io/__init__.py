"""Photos from files and back: formats, bit depth, metadata, orientation, and writes that leave no broken file.

Which library does what, and why, is told in `docs/adr/0002-image-libraries.md`; no other module of the program imports
an image library for reading or writing files.
"""

from fvae_studio.core.photo_io.atomic import atomic_write
from fvae_studio.core.photo_io.reading import ReadLimits, read_photo
from fvae_studio.core.photo_io.several_pictures import num_pictures
from fvae_studio.core.photo_io.writing import WriteOptions, WrittenPhoto, write_and_report, write_photo

__all__ = [
    "ReadLimits",
    "WriteOptions",
    "WrittenPhoto",
    "atomic_write",
    "num_pictures",
    "read_photo",
    "write_and_report",
    "write_photo",
]
