/** The schemas that a record may have. A column too many is refused like one too few: what it holds would be lost without a word. */
import { DataType, type Schema } from 'apache-arrow'
import { RecordRefused } from './arrow.ts'
import { isTextType } from './text-data.ts'

type Kind = { readonly words: string; accepts(type: DataType): boolean }

const int64: Kind = { words: 'int64', accepts: type => DataType.isInt(type) && type.bitWidth === 64 && type.isSigned }
const text: Kind = { words: 'utf8, large_utf8 or a dictionary of them', accepts: isTextType }
const binary: Kind = {
  words: 'binary or large_binary',
  accepts: type => DataType.isBinary(type) || DataType.isLargeBinary(type),
}
const whole: Kind = { words: 'int32 or int64', accepts: type => DataType.isInt(type) && type.bitWidth >= 32 }

type Columns = Readonly<Record<string, { readonly kind: Kind; readonly isOptional?: boolean }>>

export const eventSchema: Columns = {
  timestamp_ns: { kind: int64 },
  event_type: { kind: text },
  app_bundle_id: { kind: text },
  window_title: { kind: text },
  data: { kind: text },
  session_id: { kind: text },
  event_id: { kind: text },
}

export const frameSchema: Columns = {
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

/** Throws `RecordRefused` unless the columns are those, each once and of its type, in whatever order. */
export function checkSchema({ fields }: Schema, expected: Columns): void {
  for (const [at, { name, type }] of fields.entries()) {
    const column = Object.hasOwn(expected, name) ? expected[name] : undefined
    if (column === undefined) throw refused(`the column ${JSON.stringify(name)} is not one of ${Object.keys(expected)}`)
    if (!column.kind.accepts(type)) throw refused(`${name} is ${type}, accepted is ${column.kind.words}`)
    if (fields.findIndex(field => field.name === name) < at) throw refused(`there are two columns ${name}`)
  }
  for (const [name, { isOptional }] of Object.entries(expected)) {
    if (!isOptional && !fields.some(field => field.name === name)) throw refused(`the column ${name} is missing`)
  }
}

function refused(detail: string): RecordRefused {
  return new RecordRefused('wrong-schema', detail)
}
