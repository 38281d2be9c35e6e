/** The formats that are read, told by how a file begins: only the decoder of the format that was found ever sees the bytes. */

export const imageFormats = ['png', 'jpeg', 'webp', 'avif'] as const
export type ImageFormat = (typeof imageFormats)[number]

type Mark = { readonly at: number; readonly text: string }

/** Latin-1, at offsets in bytes. */
const marks: Readonly<Record<ImageFormat, readonly Mark[]>> = {
  // PNG (W3C), 5.2
  png: [{ at: 0, text: '\x89PNG\r\n\x1a\n' }],
  // JPEG (T.81): SOI, and the first byte of the next marker
  jpeg: [{ at: 0, text: '\xff\xd8\xff' }],
  // WebP (RFC 9649): RIFF, its length, WEBP
  webp: [
    { at: 0, text: 'RIFF' },
    { at: 8, text: 'WEBP' },
  ],
  // AVIF: a box ftyp with the brand avif (ISO 14496-12)
  avif: [{ at: 4, text: 'ftypavif' }],
}

export function imageFormatOf(image: Uint8Array): ImageFormat | undefined {
  return imageFormats.find(format =>
    marks[format].every(
      ({ at, text }) => Buffer.from(image.subarray(at, at + text.length)).toString('latin1') === text,
    ),
  )
}
