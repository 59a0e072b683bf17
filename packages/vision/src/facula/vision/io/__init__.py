"""Reading and writing of pictures."""

from facula.vision.io.image import (
    ImageReadMode,
    decode_gif,
    decode_image,
    decode_jpeg,
    decode_png,
    decode_webp,
    encode_jpeg,
    encode_png,
    read_file,
    read_image,
    write_file,
    write_jpeg,
    write_png,
)

__all__ = ["read_image", "decode_image", "decode_jpeg", "decode_png", "decode_gif", "decode_webp",
           "encode_jpeg", "encode_png", "write_jpeg", "write_png", "read_file", "write_file",
           "ImageReadMode"]
