/** An Arrow IPC stream from its first byte to its last: schema, dictionaries, batches (drawn in message.ts). */
import type { TextColumn } from '../contract.ts'
import { notArrow, RecordRefused } from '../refused.ts'
import { BatchArrays, type IntegerColumn } from './batch.ts'
import { type Allowance, expandedBytesMax, TextDictionary } from './dictionary.ts'
import type { ArrowField } from './fields.ts'
import { checkEnd, type Message, openMessage, type RawMessage, rawMessageAt } from './message.ts'
import { isNumberType } from './numbers.ts'

const batchesMax = 65_536
const dictionaryBatchesMax = 1024 * 1024

const dictionaryBatchField = { id: 0, data: 1, isDelta: 2 }

/** The columns of one batch by name, each with `rows` values. Binary values are laid out as text. */
export type Batch = {
  readonly rows: number
  readonly texts: ReadonlyMap<string, TextColumn>
  readonly integers: ReadonlyMap<string, IntegerColumn>
}

/** What reads the first message of a stream, and refuses columns that are not accepted: none but integers, text and binary reach a batch. */
export type SchemaReader = (payload: Uint8Array, message: RawMessage) => readonly ArrowField[]

/**
 * The columns of each batch, in order: views of `payload` wherever it has their layout. Throws `RecordRefused` for whatever is not a whole
 * stream with a schema that is accepted, after work and memory in proportion to the payload, and never anything else (PI3).
 */
export function readStream(payload: Uint8Array, readSchema: SchemaReader): Batch[] {
  checkEnd(payload)
  // A Buffer makes views at twice the cost.
  const bytes = new Uint8Array(payload.buffer, payload.byteOffset, payload.length)
  const first = rawMessageAt(bytes, 0)
  if (first === undefined) throw notArrow('it has no schema')
  const reader = new BatchReader(readSchema(bytes, first))
  const batches: Batch[] = []
  let raw = rawMessageAt(bytes, first.bodyAt)
  while (raw !== undefined) {
    const message = openMessage(bytes, raw)
    if (message.kind === 'schema') throw notArrow('it has two schemas')
    if (message.kind === 'dictionary') reader.takeDictionary(message)
    else if (batches.push(reader.batch(message)) > batchesMax) throw tooMany('batches', batchesMax)
    raw = rawMessageAt(bytes, message.end)
  }
  return batches
}

class BatchReader {
  readonly #fields: readonly ArrowField[]
  /** Of the fields of the schema, and no others. */
  readonly #dictionaries = new Map<bigint, { readonly type: string; entries: TextDictionary }>()
  readonly #allowance: Allowance = { bytes: expandedBytesMax }
  #dictionaryBatches = 0

  constructor(fields: readonly ArrowField[]) {
    this.#fields = fields
    for (const { type, dictionary } of fields) {
      if (dictionary === undefined) continue
      const known = this.#dictionaries.get(dictionary.id)
      if (known !== undefined && known.type !== type) throw notArrow('its schema has a dictionary of two types')
      if (known === undefined) this.#dictionaries.set(dictionary.id, { type, entries: new TextDictionary() })
    }
  }

  takeDictionary({ header, body }: Message): void {
    if (++this.#dictionaryBatches > dictionaryBatchesMax) throw tooMany('batches of dictionaries', dictionaryBatchesMax)
    const id = header.bigInt64(dictionaryBatchField.id)
    const dictionary = this.#dictionaries.get(id)
    const data = header.table(dictionaryBatchField.data)
    if (dictionary === undefined || data === undefined) throw notArrow(`a dictionary ${id} that is not in its schema`)
    const arrays = new BatchArrays(data, body)
    const column = arrays.text(`of dictionary ${id}`, isLarge(dictionary.type))
    arrays.end()
    if (header.uint8(dictionaryBatchField.isDelta) === 0) dictionary.entries = new TextDictionary()
    dictionary.entries.append(column, arrays.rows)
  }

  batch({ header, body }: Message): Batch {
    const arrays = new BatchArrays(header, body)
    const texts = new Map<string, TextColumn>()
    const integers = new Map<string, IntegerColumn>()
    for (const { name, type, dictionary } of this.#fields) {
      if (dictionary !== undefined) {
        const { entries } = this.#dictionaries.get(dictionary.id)!
        texts.set(name, entries.expand(name, indicesOf(arrays, name, dictionary.indexType), this.#allowance))
      } else if (isNumberType(type)) integers.set(name, arrays.integers(name, type))
      else texts.set(name, arrays.text(name, isLarge(type)))
    }
    arrays.end()
    return { rows: arrays.rows, texts, integers }
  }
}

function indicesOf(arrays: BatchArrays, name: string, type: string): IntegerColumn {
  if (!isNumberType(type)) throw notArrow(`the indices of ${name} are ${type}`)
  return arrays.integers(name, type)
}

function isLarge(type: string): boolean {
  return type.startsWith('large_')
}

function tooMany(what: string, countMax: number): RecordRefused {
  return new RecordRefused('too-large', `accepted are at most ${countMax} ${what} in a stream`)
}
