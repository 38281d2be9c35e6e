/** The schemas that a record may have. A column too many is refused like one too few: what it holds would be lost without a word. */
import { type ArrowField, readFields } from './arrow/fields.ts'
import { openMessage } from './arrow/message.ts'
import { isNumberType } from './arrow/numbers.ts'
import type { SchemaReader } from './arrow/stream.ts'
import { RecordRefused } from './refused.ts'

type Kind = { readonly words: string; readonly types: readonly string[]; readonly takesDictionary?: true }

const int64: Kind = { words: 'int64', types: ['int64'] }
const text: Kind = {
  words: 'utf8, large_utf8 or a dictionary of them',
  types: ['utf8', 'large_utf8'],
  takesDictionary: true,
}
const binary: Kind = { words: 'binary or large_binary', types: ['binary', 'large_binary'] }
const whole: Kind = { words: 'int32 or int64', types: ['int32', 'int64', 'uint32', 'uint64'] }

type Columns = Readonly<Record<string, { readonly kind: Kind; readonly isOptional?: boolean }>>

const eventColumns: Columns = {
  timestamp_ns: { kind: int64 },
  event_type: { kind: text },
  app_bundle_id: { kind: text },
  window_title: { kind: text },
  data: { kind: text },
  session_id: { kind: text },
  event_id: { kind: text },
}

const frameColumns: Columns = {
  timestamp_ns: { kind: int64 },
  session_id: { kind: text },
  event_id: { kind: text },
  format: { kind: text },
  image: { kind: binary },
  metadata: { kind: text },
  width: { kind: whole, isOptional: true },
  height: { kind: whole, isOptional: true },
  stride: { kind: whole, isOptional: true },
}

/** Larger ones are read anew each time. */
const rememberedBytesMax = 64 * 1024

export const eventSchema = remembering(eventColumns)
export const frameSchema = remembering(frameColumns)

/** Recorders repeat their schema in every record: the one that was read last is known by its bytes. */
function remembering(expected: Columns): SchemaReader {
  let known = Buffer.alloc(0)
  let fields: readonly ArrowField[] = []
  return (payload, message) => {
    if (known.equals(message.metadata)) return fields
    const read = readFields(openMessage(payload, message))
    checkFields(read, expected)
    if (message.metadata.length <= rememberedBytesMax) {
      known = Buffer.from(message.metadata)
      fields = read
    }
    return read
  }
}

/** Throws `RecordRefused` unless the columns are those, each once and of its type, in whatever order. */
function checkFields(fields: readonly ArrowField[], expected: Columns): void {
  for (const [at, field] of fields.entries()) {
    const { name } = field
    const column = Object.hasOwn(expected, name) ? expected[name] : undefined
    if (column === undefined) throw refused(`the column ${JSON.stringify(name)} is not one of ${Object.keys(expected)}`)
    if (!accepts(column.kind, field)) throw refused(`${name} is ${typeOf(field)}, accepted is ${column.kind.words}`)
    if (fields.findIndex(other => other.name === name) < at) throw refused(`there are two columns ${name}`)
  }
  for (const [name, { isOptional }] of Object.entries(expected)) {
    if (!isOptional && !fields.some(field => field.name === name)) throw refused(`the column ${name} is missing`)
  }
}

function accepts({ types, takesDictionary }: Kind, { type, dictionary }: ArrowField): boolean {
  if (!types.includes(type)) return false
  return dictionary === undefined || (takesDictionary === true && isNumberType(dictionary.indexType))
}

function typeOf({ type, dictionary }: ArrowField): string {
  return dictionary ? `a dictionary of ${type}, by ${dictionary.indexType}` : type
}

function refused(detail: string): RecordRefused {
  return new RecordRefused('wrong-schema', detail)
}
