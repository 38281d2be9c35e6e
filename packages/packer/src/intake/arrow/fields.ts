/** The schema of an Arrow IPC stream: its columns with their names and types. The tables are drawn in message.ts. */
import { notArrow, RecordRefused } from '../refused.ts'
import type { FlatTable } from './flat-table.ts'
import type { Message } from './message.ts'

const fieldsMax = 256
const nameBytesMax = 1024

const schemaField = { endianness: 0, fields: 1 }
const fieldField = { name: 0, typeId: 2, type: 3, dictionary: 4, children: 5 }
const dictionaryField = { id: 0, indexType: 1 }
const intField = { bits: 0, isSigned: 1 }

/** By the number in `Field.type`, as Arrow's documentation names them. */
const typeNames = (
  'none null int float binary utf8 bool decimal date time timestamp interval list struct union fixed_size_binary fixed_size_list map ' +
  'duration large_binary large_utf8 large_list run_end_encoded binary_view utf8_view list_view large_list_view'
).split(' ')

export type ArrowField = {
  readonly name: string
  /** For example `int64`, `uint8`, `utf8`, `large_binary`; with a dictionary, of its values. */
  readonly type: string
  readonly dictionary?: { readonly id: bigint; readonly indexType: string } | undefined
}

export function readFields({ kind, header, body }: Message): ArrowField[] {
  if (kind !== 'schema') throw notArrow('its first message is not a schema')
  if (body.length > 0) throw notArrow('its schema has a body')
  if (header.int16(schemaField.endianness) !== 0) {
    throw new RecordRefused('wrong-schema', 'the numbers are big-endian, accepted are little-endian ones')
  }
  return header.tables(schemaField.fields, fieldsMax).map(readField)
}

function readField(field: FlatTable): ArrowField {
  const name = field.text(fieldField.name, nameBytesMax)
  const id = field.uint8(fieldField.typeId)
  const children = field.vector(fieldField.children, 4).count
  const isInt = typeNames[id] === 'int'
  const type = isInt ? intType(field.table(fieldField.type)) : (typeNames[id] ?? `type ${id}`)
  const dictionary = field.table(fieldField.dictionary)
  // Types with children never get further than the check of the schema; one that should have none and has some must not either.
  return { name, type: children > 0 ? `${type} with children` : type, dictionary: dictionary && encodingOf(dictionary) }
}

function encodingOf(dictionary: FlatTable): NonNullable<ArrowField['dictionary']> {
  const indices = dictionary.table(dictionaryField.indexType)
  return { id: dictionary.bigInt64(dictionaryField.id), indexType: indices ? intType(indices) : 'int32' }
}

function intType(int: FlatTable | undefined): string {
  if (int === undefined) throw notArrow('its schema has an integer of no width')
  return `${int.uint8(intField.isSigned) === 0 ? 'uint' : 'int'}${int.int32(intField.bits)}`
}
