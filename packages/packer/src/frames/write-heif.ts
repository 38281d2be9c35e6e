/** Puts items together as one HEIF file (drawn in `heif.ts`). */
import { assert } from '@chronicle/base'
import { box, fullBox, text, type, uint } from './boxes.ts'
import { type Heif, type HeifItem, type HeifReference, itemBytes } from './heif.ts'

/** Ids, places and counts of 16 bits, a place in `ipco` of 7 bits: what is put together here is far below. */
const itemsMax = 64
const propertiesMax = 127
const fileBytesMax = 0xffff_ffff
const dataHeaderBytes = 8

export function writeHeif({ fileType, primaryId, items: unordered, references }: Omit<Heif, 'brands'>): Buffer {
  assert(unordered.length <= itemsMax, 'a frame has few items')
  // The associations of properties have to be in the order of ids (ISO/IEC 23008-12, 9.3.1); so is everything here.
  const items = unordered.toSorted((a, b) => a.id - b.id)
  const fixed = [handler(), fullBox('pitm', 0, uint(primaryId, 2))]
  const described = [itemInfos(items), itemReferences(references), itemProperties(items)]
  const meta = (dataAt: number) => fullBox('meta', 0, ...fixed, itemLocations(items, dataAt), ...described)
  // The locations take the same room wherever the data begin.
  const dataAt = fileType.length + meta(0).length + dataHeaderBytes
  const data = items.toReversed().flatMap(item => item.extents)
  const fileBytes = data.reduce((sum, extent) => sum + extent.length, dataAt)
  assert(fileBytes <= fileBytesMax, 'a frame is smaller than 4 GiB')
  const dataHeader = [uint(fileBytes - dataAt + dataHeaderBytes, 4), type('mdat')]
  return Buffer.concat([fileType, meta(dataAt), ...dataHeader, ...data], fileBytes)
}

/** The items and references with ids above `offset`. */
export function withIdsAbove(offset: number, heif: Heif): Heif {
  const items = heif.items.map(item => ({ ...item, id: item.id + offset }))
  const references = heif.references.map(reference => {
    return { ...reference, from: reference.from + offset, to: reference.to.map(id => id + offset) }
  })
  return { ...heif, primaryId: heif.primaryId + offset, items, references }
}

function handler(): Buffer {
  return fullBox('hdlr', 0, uint(0, 4), type('pict'), Buffer.alloc(12), text(''))
}

/** Version 0: offsets and lengths of 4 bytes, no base. The data begin with those of the last item. */
function itemLocations(items: readonly HeifItem[], dataAt: number): Buffer {
  let at = dataAt + items.reduce((sum, item) => sum + itemBytes(item), 0)
  const entries = items.map(item => {
    const length = itemBytes(item)
    at -= length
    return Buffer.concat([uint(item.id, 2), uint(0, 2), uint(1, 2), uint(at, 4), uint(length, 4)])
  })
  return fullBox('iloc', 0, uint(0x4400, 2), uint(items.length, 2), ...entries)
}

function itemInfos(items: readonly HeifItem[]): Buffer {
  const entries = items.map(({ id, type: itemType, contentType, hidden }) => {
    const tail = contentType === undefined ? [] : [text(contentType)]
    return box('infe', uint(2, 1), uint(hidden ? 1 : 0, 3), uint(id, 2), uint(0, 2), type(itemType), text(''), ...tail)
  })
  return fullBox('iinf', 0, uint(items.length, 2), ...entries)
}

function itemReferences(references: readonly HeifReference[]): Buffer {
  const entries = references.map(({ type: referenceType, from, to }) =>
    box(referenceType, uint(from, 2), uint(to.length, 2), ...to.map(id => uint(id, 2))),
  )
  return fullBox('iref', 0, ...entries)
}

function itemProperties(items: readonly HeifItem[]): Buffer {
  const boxes: Uint8Array[] = []
  const places = new Map<string, number>()
  const entries = items.map(({ id, properties }) => {
    const associations = properties.map(({ box: property, essential }) => {
      const key = Buffer.from(property).toString('latin1')
      const place = places.get(key) ?? boxes.push(property)
      places.set(key, place)
      return uint(place | (essential ? 0x80 : 0), 1)
    })
    return associations.length === 0 ? [] : [uint(id, 2), uint(associations.length, 1), ...associations]
  })
  assert(boxes.length <= propertiesMax, 'a place in ipco has 7 bits')
  const having = entries.filter(entry => entry.length > 0)
  return box('iprp', box('ipco', ...boxes), fullBox('ipma', 0, uint(having.length, 4), ...having.flat()))
}
