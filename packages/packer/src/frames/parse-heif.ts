/** Takes a HEIF file apart (drawn in `heif.ts`). Whatever the bytes are, the answer is a model that is in order or a `BadFrame`, after work that the limits bound (PF6). */
import { type Box, Cursor, printable } from './boxes.ts'
import type { Heif, HeifItem, HeifProperty, HeifReference } from './heif.ts'
import { checkAtMost, invalidImage } from './refusal.ts'

/** A phone's photo in tiles has some 60 items; 8K in tiles of 512 pixels has 144. */
const itemsMax = 4096
const propertiesMax = 16_384
const extentsMax = 65_536
const topBoxesMax = 1024
const metaBytesMax = 4 * 1024 * 1024

type Extents = Map<number, Uint8Array[]>
type ItemInfo = Pick<HeifItem, 'id' | 'type' | 'contentType' | 'hidden'>

export function parseHeif(bytes: Uint8Array): Heif {
  const top = new Cursor(bytes, 'file').boxes(topBoxesMax)
  const fileType = top[0]
  if (fileType?.type !== 'ftyp') invalidImage('the file does not begin with the box "ftyp"')
  const meta = only(top, 'meta')
  checkAtMost('bytes of the box "meta"', meta.bytes.length, 'metaBytesMax', metaBytesMax)
  meta.content.fullBoxHeader()
  const parts = meta.content.boxes(topBoxesMax)
  const handler = only(parts, 'hdlr').content
  handler.take(8)
  if (handler.type() !== 'pict') invalidImage('the box "meta" is not one of images')

  const infos = itemInfos(only(parts, 'iinf'))
  const idat = parts.find(part => part.type === 'idat')?.content
  const extents = itemExtents(only(parts, 'iloc'), bytes, idat?.take(idat.left))
  const properties = itemProperties(only(parts, 'iprp'))
  const items = infos.map(info => {
    return { ...info, properties: properties.get(info.id) ?? [], extents: extents.get(info.id) ?? [] }
  })
  const ids = new Set(items.map(item => item.id))
  const primaryId = primaryItem(only(parts, 'pitm'))
  if (ids.size < items.length) invalidImage('two items have the same id')
  if (!ids.has(primaryId)) invalidImage(`there is no item ${primaryId}, which is to be the primary one`)
  const references = parts.filter(part => part.type === 'iref').flatMap(itemReferences)
  return { fileType: fileType.bytes, brands: brandsOf(fileType), primaryId, items, references }
}

function only(boxes: readonly Box[], type: string): Box {
  const found = boxes.filter(box => box.type === type)
  if (found.length !== 1) invalidImage(`${found.length} boxes ${printable(type)} where one should be`)
  return found[0]!
}

function brandsOf({ content }: Box): string[] {
  const brands = [content.type()]
  content.take(4)
  while (content.left > 0) brands.push(content.type())
  return brands
}

function primaryItem({ content }: Box): number {
  return content.uint(content.fullBoxHeader().version === 0 ? 2 : 4)
}

function itemInfos({ content }: Box): ItemInfo[] {
  const count = content.uint(content.fullBoxHeader().version === 0 ? 2 : 4)
  checkAtMost('items', count, 'itemsMax', itemsMax)
  const entries = content.boxes(itemsMax)
  if (entries.length !== count) invalidImage(`${entries.length} entries of items where ${count} should be`)
  return entries.map(entry => {
    const { version, flags } = entry.content.fullBoxHeader()
    if (entry.type !== 'infe' || version < 2) invalidImage(`an entry of items is ${printable(entry.type)} ${version}`)
    const id = entry.content.uint(version === 2 ? 2 : 4)
    entry.content.take(2)
    const type = entry.content.type()
    entry.content.text()
    const contentType = type === 'mime' ? entry.content.text() : undefined
    return { id, type, contentType, hidden: (flags & 1) === 1 }
  })
}

/** Item locations (ISO/IEC 14496-12, 8.11.3), versions 0 to 2, in this file or in `idat`. */
function itemExtents({ content }: Box, file: Uint8Array, idat: Uint8Array | undefined): Extents {
  const { version } = content.fullBoxHeader()
  if (version > 2) invalidImage(`the box "iloc" is of version ${version}`)
  const sizes = content.uint(2)
  const [offsetSize, lengthSize, baseSize, indexSize] = [
    sizes >>> 12,
    (sizes >>> 8) & 15,
    (sizes >>> 4) & 15,
    sizes & 15,
  ]
  if ([offsetSize, lengthSize, baseSize, indexSize].some(size => size !== 0 && size !== 4 && size !== 8)) {
    invalidImage('the box "iloc" has numbers of a size that is not 0, 4 or 8')
  }
  const count = content.uint(version < 2 ? 2 : 4)
  checkAtMost('items', count, 'itemsMax', itemsMax)
  const extents: Extents = new Map()
  let total = 0
  for (let item = 0; item < count; item++) {
    const id = content.uint(version < 2 ? 2 : 4)
    const source = version === 0 ? file : sourceOf(content.uint(2) & 15, file, idat)
    if (content.uint(2) !== 0) invalidImage(`the data of item ${id} are in another file`)
    const base = content.uint(baseSize)
    const pieces = content.uint(2)
    checkAtMost('extents', (total += pieces), 'extentsMax', extentsMax)
    const found: Uint8Array[] = []
    for (let piece = 0; piece < pieces; piece++) {
      if (version > 0) content.take(indexSize)
      const from = base + content.uint(offsetSize)
      // A length of 0 is the whole source.
      const to = from + (content.uint(lengthSize) || source.length - from)
      if (from > to || to > source.length) invalidImage(`the data of item ${id} end at ${to} of ${source.length} bytes`)
      found.push(source.subarray(from, to))
    }
    extents.set(id, found)
  }
  return extents
}

function sourceOf(method: number, file: Uint8Array, idat: Uint8Array | undefined): Uint8Array {
  if (method === 0) return file
  if (method === 1 && idat) return idat
  return invalidImage(`data of an item are found by method ${method}`)
}

function itemProperties({ content }: Box): Map<number, HeifProperty[]> {
  const parts = content.boxes(topBoxesMax)
  const all = only(parts, 'ipco').content.boxes(propertiesMax)
  const found = new Map<number, HeifProperty[]>()
  let total = 0
  for (const part of parts) {
    if (part.type !== 'ipma') continue
    const { version, flags } = part.content.fullBoxHeader()
    const indexBytes = flags & 1 ? 2 : 1
    const essentialBit = flags & 1 ? 0x8000 : 0x80
    const count = part.content.uint(4)
    checkAtMost('items', count, 'itemsMax', itemsMax)
    for (let item = 0; item < count; item++) {
      const id = part.content.uint(version === 0 ? 2 : 4)
      const properties = found.get(id) ?? []
      found.set(id, properties)
      const associations = part.content.uint(1)
      checkAtMost('properties of items', (total += associations), 'propertiesMax', propertiesMax)
      for (let association = 0; association < associations; association++) {
        const word = part.content.uint(indexBytes)
        const index = word & (essentialBit - 1)
        // An index of 0 is no property.
        if (index === 0) continue
        const property = all[index - 1]
        if (!property) invalidImage(`item ${id} has property ${index} of ${all.length}`)
        properties.push({ type: property.type, box: property.bytes, essential: (word & essentialBit) !== 0 })
      }
    }
  }
  return found
}

function itemReferences({ content }: Box): HeifReference[] {
  const idBytes = content.fullBoxHeader().version === 0 ? 2 : 4
  return content.boxes(itemsMax).map(({ type, content: reference }) => {
    const from = reference.uint(idBytes)
    const to = Array.from({ length: reference.uint(2) }, () => reference.uint(idBytes))
    return { type, from, to }
  })
}
