/** The ids of a day (PA5) from the pieces of their file (drawn in `id-set.ts`): each table is read into its place, and nothing else is held. */
import { packerErrors } from '../errors.ts'
import { IdSet, idsHeaderBytes, idsMagic, slotsMax, slotsMin, tablesMax } from './id-set.ts'
import { IdTable } from './id-table.ts'
import { sipKeyBytes } from './siphash.ts'

const tableHeaderBytes = 8

/** Throws `packer.ids-damaged`. */
export function readIdSet(pieces: Iterable<Uint8Array>): IdSet {
  const source = new Pieces(pieces)
  const header = source.read(Buffer.alloc(idsHeaderBytes))
  const tables: IdTable[] = []
  const count = header.readUInt32LE(4 + sipKeyBytes)
  if (header.readUInt32LE() !== idsMagic || count > tablesMax) throw damaged()
  for (let left = count; left > 0; left--) {
    const tableHeader = source.read(Buffer.alloc(tableHeaderBytes))
    const table = readTable(source, tableHeader.readUInt32LE(), tableHeader.readUInt32LE(4))
    if (left > 1) table.close()
    tables.push(table)
  }
  source.end()
  return new IdSet(header.subarray(4, 4 + sipKeyBytes), tables)
}

/** A table that has no free slot, or whose slots are no power of two, would keep a probe going for ever. */
function readTable(source: Pieces, slots: number, used: number): IdTable {
  const isSize = slots >= slotsMin && slots <= slotsMax && Number.isInteger(Math.log2(slots))
  if (!isSize || used >= slots) throw damaged()
  const table = new IdTable(slots)
  source.read(new Uint8Array(table.slots.buffer))
  for (let at = 0; at < table.slots.length; at += 2) {
    if (table.slots[at] !== 0 || table.slots[at + 1] !== 0) table.used++
  }
  if (table.used !== used) throw damaged()
  return table
}

class Pieces {
  readonly #pieces: Iterator<Uint8Array>
  #piece: Uint8Array = Buffer.alloc(0)

  constructor(pieces: Iterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.iterator]()
  }

  /** Fills `into`. */
  read<T extends Uint8Array>(into: T): T {
    for (let at = 0; at < into.length; ) {
      if (this.#piece.length === 0 && !this.#next()) throw damaged()
      const part = this.#piece.subarray(0, into.length - at)
      into.set(part, at)
      at += part.length
      this.#piece = this.#piece.subarray(part.length)
    }
    return into
  }

  /** Nothing comes any more; asks until the source has said so itself. */
  end(): void {
    while (this.#piece.length === 0) if (!this.#next()) return
    throw damaged()
  }

  #next(): boolean {
    const { done, value } = this.#pieces.next()
    if (!done) this.#piece = value
    return !done
  }
}

function damaged(): Error {
  return packerErrors.create('packer.ids-damaged')
}
