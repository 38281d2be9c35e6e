"""What Pillow, with libavif, finds in a picture: a parser of boxes and a decoder that share nothing with libheif.

The argument is the path; standard output gets JSON.
"""

import base64
import json
import sys

from PIL import ExifTags, Image

with Image.open(sys.argv[1]) as image:
    exif = image.getexif()
    details = exif.get_ifd(ExifTags.IFD.Exif)
    print(
        json.dumps(
            {
                "format": image.format,
                "size": image.size,
                "exif": {
                    "Software": exif.get(ExifTags.Base.Software),
                    "DateTimeOriginal": details.get(ExifTags.Base.DateTimeOriginal),
                    "OffsetTimeOriginal": details.get(ExifTags.Base.OffsetTimeOriginal),
                    "SubSecTimeOriginal": details.get(ExifTags.Base.SubsecTimeOriginal),
                    "ImageUniqueID": details.get(ExifTags.Base.ImageUniqueID),
                },
                "xmp": image.info["xmp"].decode(),
                "rgba": base64.b64encode(image.convert("RGBA").tobytes()).decode(),
            }
        )
    )
