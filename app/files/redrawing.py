"""Run as a program of its own, with little memory and time: draws a picture anew, without anything but its pixels.

A decoder is the largest surface for a hostile file. Here it can only end this process, which knows no secret.
"""

import io
import json
import resource
import sys
from typing import Any

from PIL import Image, ImageCms, ImageOps

MEGA = 1 << 20
MEMORY_BYTES, SECONDS, FILE_BYTES = 1_280 * MEGA, 20, 64 * MEGA
LONGEST_SIDE, THUMBNAIL_SIDE = 4_096, 480  # pixels
TOO_LARGE, BROKEN = 3, 4  # exit codes


def main(source: str, target: str, thumbnail: str, pixels: str, *decoders: str) -> int:
    """Draw `source` into `target` and `thumbnail`; prints the media type and the size in pixels as JSON."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
    Image.MAX_IMAGE_PIXELS = None  # we count ourselves, before anything is unpacked
    try:
        with Image.open(source, formats=decoders) as picture:
            if picture.width * picture.height > int(pixels):
                return TOO_LARGE
            picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            form = picture.format or ""
            drawn = _plain(picture)
    except MemoryError:
        return TOO_LARGE
    except Exception:  # noqa: BLE001  # whatever a decoder stumbles over, the file is not a picture
        return BROKEN
    media_type, options = _format(form, drawn)
    drawn.save(target, **options)
    small = drawn.copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    _, options = _format(form, small)
    small.save(thumbnail, **options | ({"quality": 78} if "quality" in options else {}))
    print(json.dumps({"type": media_type, "width": drawn.width, "height": drawn.height}))  # noqa: T201  # the answer
    return 0


def _plain(picture: Image.Image) -> Image.Image:
    """The first image, upright, in sRGB, in RGB or RGBA, at most 4,096 pixels wide and high."""
    profile = picture.info.get("icc_profile")
    upright = ImageOps.exif_transpose(picture)
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    clear = upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info
    drawn = upright.convert("RGBA" if clear else "RGB") if not profile else _in_srgb(upright, profile, clear)
    bare = Image.new(drawn.mode, drawn.size)
    bare.paste(drawn)
    return bare


def _in_srgb(picture: Image.Image, profile: bytes, clear: bool) -> Image.Image:
    """Telephones photograph in wider colours; without their profile the picture would be pale."""
    mode = "RGBA" if clear else "RGB"
    source = picture if picture.mode in ("RGB", "RGBA", "CMYK", "L") else picture.convert(mode)
    try:
        own, common = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
        turned = ImageCms.profileToProfile(source, own, common, outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError):
        turned = None
    return turned or picture.convert(mode)


def _format(form: str, drawn: Image.Image) -> tuple[str, dict[str, Any]]:
    """Photographs stay photographs; what has sharp edges or is partly clear stays exact."""
    if form == "WEBP":
        return "image/webp", {"format": "WEBP", "quality": 86, "method": 3}
    if form in ("JPEG", "MPO") and drawn.mode == "RGB":
        return "image/jpeg", {"format": "JPEG", "quality": 88, "progressive": True}
    return "image/png", {"format": "PNG"}


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
