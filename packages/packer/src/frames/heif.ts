/**
 * HEIF files (ISO/IEC 23008-12) with AV1 images (AVIF, https://aomediacodec.github.io/av1-avif/), as they are written here.
 *
 * ```text
 * ftyp                      brands: avif, mif1, avif, miaf, as the encoder gives them
 * meta                      full box: what is in the file (ISO/IEC 14496-12, 8.11)
 * ├─ hdlr                   the handler "pict"
 * ├─ pitm                   id of the primary item
 * ├─ iloc                   where the bytes of each item lie: offset from the begin of the file, length
 * ├─ iinf                   the items
 * │  ├─ infe  1  av01       the frame
 * │  ├─ infe  2  av01       its alpha, where a pixel is not opaque
 * │  ├─ infe  3  av01       the thumbnail (and its alpha), where the frame is larger than one
 * │  ├─ infe  4  Exif       4 bytes: where in what follows the TIFF header is (0); then that
 * │  └─ infe  5  mime       application/rdf+xml: the XMP packet
 * ├─ iref                   references from item to item
 * │  ├─ auxl  2 → 1         is the alpha of
 * │  ├─ thmb  3 → 1         is a thumbnail of
 * │  ├─ cdsc  4 → 1         describes
 * │  └─ cdsc  5 → 1
 * └─ iprp                   properties (ISO/IEC 23008-12, 6.5)
 *    ├─ ipco                each once: av1C decoder settings, ispe width and height, pixi bits of a channel, auxC "alpha"
 *    └─ ipma                which item has which, by place in ipco
 * mdat                      the items' bytes from the last item to the first: the frame ends the file, and its beginning is enough for the thumbnail
 * ```
 * libheif, in the image library, encodes and writes no thumbnails. So frame and thumbnail are encoded as a file each, taken apart, and put together as one.
 */

export type HeifProperty = {
  readonly type: string
  /** The whole box. */
  readonly box: Uint8Array
  /** A reader that does not know this property must not show the item. */
  readonly essential: boolean
}

export type HeifItem = {
  readonly id: number
  readonly type: string
  /** Of items of the type `mime`. */
  readonly contentType?: string | undefined
  readonly hidden: boolean
  readonly properties: readonly HeifProperty[]
  /** The pieces of its data, as views. They may overlap: what is joined is bounded first. */
  readonly extents: readonly Uint8Array[]
}

export type HeifReference = { readonly type: string; readonly from: number; readonly to: readonly number[] }

export type Heif = {
  /** The box as it stands, and the brands in it, the major one first. */
  readonly fileType: Uint8Array
  readonly brands: readonly string[]
  readonly primaryId: number
  readonly items: readonly HeifItem[]
  readonly references: readonly HeifReference[]
}

export const xmpContentType = 'application/rdf+xml'

export function itemBytes(item: HeifItem): number {
  return item.extents.reduce((sum, extent) => sum + extent.length, 0)
}

/** Items that refer to `id` with a reference of this type. */
export function referrers(heif: Heif, type: string, id: number): HeifItem[] {
  const from = new Set<number>()
  for (const reference of heif.references) {
    if (reference.type === type && reference.to.includes(id)) from.add(reference.from)
  }
  return heif.items.filter(item => from.has(item.id))
}
