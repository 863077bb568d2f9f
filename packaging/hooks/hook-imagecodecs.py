"""The codecs of photos and of TIFF files; those of scientific arrays and 3-D meshes stay out."""

from __future__ import annotations

from PyInstaller.utils.hooks import collect_submodules

_NOT_OF_PHOTOS = frozenset(
    {
        "aec", "bcn", "bitshuffle", "blosc", "blosc2", "bz2", "h5checksum", "lz4", "lz4f", "lzf", "lzham", "lzo",
        "meshopt", "pglz", "quantize", "rcomp", "snappy", "sperr", "sz3", "szip", "zfp", "zopfli",
    }
)  # fmt: skip

hiddenimports = collect_submodules(
    "imagecodecs", filter=lambda name: name.rpartition("._")[2] not in _NOT_OF_PHOTOS and not name.endswith("__main__")
)
excludedimports = ["imagecodecs.numcodecs", "matplotlib", "tifffile"]
