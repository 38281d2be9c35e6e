/** Images that come encoded as HEIC, HEIF or AVIF: they are kept as they are, once it is sure that they are such files (PF3). */
import { Cursor } from './boxes.ts'
import { type Heif, type HeifItem, itemBytes } from './heif.ts'
import type { FrameOptions } from './options.ts'
import { parseHeif } from './parse-heif.ts'
import { checkDimensions } from './pixels.ts'
import { invalidImage } from './refusal.ts'

type EncodedFormat = 'heic' | 'heif' | 'avif'
export type Size = { readonly width: number; readonly height: number }

/** Brands (ISO/IEC 23008-12, annexes B and F; AVIF, section 8), one of which a file of the format has. */
const hevcBrands = ['heic', 'heix', 'heim', 'heis']
const brandsOf: Readonly<Record<EncodedFormat, readonly string[]>> = {
  heic: hevcBrands,
  avif: ['avif'],
  heif: ['mif1', 'mif2', 'avif', ...hevcBrands],
}

/** Throws where the image is not of this format, contradicts itself, or is too large. Nothing is decoded. */
export function checkEncoded(format: EncodedFormat, image: Uint8Array, limits: FrameOptions): Size {
  const heif = parseHeif(image)
  if (!brandsOf[format].some(brand => heif.brands.includes(brand))) {
    invalidImage(`the image has the brands ${JSON.stringify(heif.brands.slice(0, 8))}, none of which is of ${format}`)
  }
  const primary = primaryItem(heif)
  if (itemBytes(primary) === 0) invalidImage('the primary item has no data')
  const { width, height } = itemSize(primary)
  checkDimensions(width, height, limits)
  return { width, height }
}

export function primaryItem(heif: Heif): HeifItem {
  return heif.items.find(item => item.id === heif.primaryId)!
}

/** Width and height by the item's property `ispe` (ISO/IEC 23008-12, 6.5.3); rotated by `irot` they are exchanged. */
export function itemSize(item: HeifItem): Size {
  const spatial = item.properties.filter(property => property.type === 'ispe')
  if (spatial.length !== 1) invalidImage(`item ${item.id} has ${spatial.length} properties "ispe" where one should be`)
  const { content } = new Cursor(spatial[0]!.box, 'ispe').box()
  content.fullBoxHeader()
  const [width, height] = [content.uint(4), content.uint(4)]
  const rotation = item.properties.find(property => property.type === 'irot')
  const quarters = rotation ? new Cursor(rotation.box, 'irot').box().content.uint(1) & 3 : 0
  return quarters % 2 === 0 ? { width, height } : { width: height, height: width }
}
