/**
 * Values of a result as text and as JSON, exact: no number goes through a double that is not one.
 *
 * Text is what DuckDB itself writes, but for floats, which have no more digits than they need, and for lists, structs, maps and unions, which are JSON. In JSON, numbers of every width are numbers with all of their digits,
 * and what JSON has no form for is a string with the text.
 */
import {
  type DuckDBArrayType,
  DuckDBArrayValue,
  type DuckDBListType,
  DuckDBListValue,
  type DuckDBMapType,
  DuckDBMapValue,
  type DuckDBStructType,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBUnionType,
  DuckDBUnionValue,
  type DuckDBValue,
  DuckDBVariantValue,
} from '@duckdb/node-api'
import type { ZoneOffset } from './zone-offset.ts'

const numberTypes: ReadonlySet<DuckDBTypeId> = new Set([
  ...[DuckDBTypeId.TINYINT, DuckDBTypeId.SMALLINT, DuckDBTypeId.INTEGER, DuckDBTypeId.BIGINT, DuckDBTypeId.HUGEINT],
  ...[DuckDBTypeId.UTINYINT, DuckDBTypeId.USMALLINT, DuckDBTypeId.UINTEGER, DuckDBTypeId.UBIGINT],
  ...[DuckDBTypeId.UHUGEINT, DuckDBTypeId.BIGNUM, DuckDBTypeId.FLOAT, DuckDBTypeId.DOUBLE, DuckDBTypeId.DECIMAL],
])
const proseTypes: ReadonlySet<DuckDBTypeId> = new Set([
  ...[DuckDBTypeId.VARCHAR, DuckDBTypeId.BLOB, DuckDBTypeId.LIST, DuckDBTypeId.STRUCT, DuckDBTypeId.MAP],
  ...[DuckDBTypeId.ARRAY, DuckDBTypeId.UNION, DuckDBTypeId.VARIANT],
])
/** Digits that tell any two 32-bit floats apart. */
const floatDigitsMax = 9
const millisOfYear9999 = 253_402_300_799_999n

export function isNumeric({ typeId }: DuckDBType): boolean {
  return numberTypes.has(typeId)
}

/** Of which a part is of use too. A part of a number or of a time is another one. */
export function isProse({ typeId }: DuckDBType): boolean {
  return proseTypes.has(typeId)
}

export class ValueWriter {
  readonly #zone: ZoneOffset

  constructor(zone: ZoneOffset) {
    this.#zone = zone
  }

  /** undefined for NULL. */
  text(value: DuckDBValue, type: DuckDBType): string | undefined {
    if (value === null) return undefined
    if (isNested(value)) return this.json(value, type)
    return this.#scalar(value, type)
  }

  json(value: DuckDBValue, type: DuckDBType): string {
    if (value === null) return 'null'
    if (isNested(value)) return this.#nested(value, type)
    if (typeof value === 'boolean') return `${value}`
    const text = this.#scalar(value, type)
    // A line feed between the parts of a JSON text means nothing, and one inside of a string cannot be there.
    if (type.alias === 'JSON') return text.replace(/[\r\n]/g, ' ')
    return isNumeric(type) && /\d$/.test(text) ? text : JSON.stringify(text)
  }

  #scalar(value: NonNullable<DuckDBValue>, type: DuckDBType): string {
    if (value instanceof DuckDBTimestampTZValue) return this.#instant(value)
    if (value instanceof DuckDBVariantValue) return this.#variant(value)
    if (type.typeId === DuckDBTypeId.FLOAT && Number.isFinite(value)) return shortestFloat(value as number)
    return `${value}`
  }

  /** As the zone's clocks show it, with their offset. */
  #instant(value: DuckDBTimestampTZValue): string {
    const { micros } = value
    const ms = micros / 1000n
    if (!value.isFinite || ms > millisOfYear9999 || ms < -millisOfYear9999) return `${new DuckDBTimestampValue(micros)}`
    const minutes = this.#zone.minutesAt(Number(ms))
    const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60]
    const offset = `${minutes < 0 ? '-' : '+'}${two(hours)}${rest === 0 ? '' : `:${two(rest)}`}`
    return `${new DuckDBTimestampValue(micros + BigInt(minutes) * 60_000_000n)}${offset}`
  }

  #variant({ value, type }: DuckDBVariantValue): string {
    return value === null || !type ? `${value}` : (this.text(value, type) ?? 'null')
  }

  #nested(value: Nested, type: DuckDBType): string {
    if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) {
      const { valueType } = type as DuckDBListType | DuckDBArrayType
      return `[${value.items.map(item => this.json(item, valueType)).join(',')}]`
    }
    if (value instanceof DuckDBUnionValue) {
      return this.json(value.value, (type as DuckDBUnionType).memberTypeForTag(value.tag))
    }
    if (value instanceof DuckDBMapValue) {
      const { keyType, valueType } = type as DuckDBMapType
      const name = (key: DuckDBValue) => JSON.stringify(this.text(key, keyType) ?? 'null')
      return `{${value.entries.map(each => `${name(each.key)}:${this.json(each.value, valueType)}`).join(',')}}`
    }
    const { entryNames, entryTypes } = type as DuckDBStructType
    const parts = entryNames.map((name, at) => {
      return `${JSON.stringify(name)}:${this.json(value.entries[name] ?? null, entryTypes[at]!)}`
    })
    return `{${parts.join(',')}}`
  }
}

type Nested = DuckDBListValue | DuckDBArrayValue | DuckDBStructValue | DuckDBMapValue | DuckDBUnionValue

function isNested(value: DuckDBValue): value is Nested {
  if (typeof value !== 'object') return false
  return (
    value instanceof DuckDBListValue ||
    value instanceof DuckDBArrayValue ||
    value instanceof DuckDBStructValue ||
    value instanceof DuckDBMapValue ||
    value instanceof DuckDBUnionValue
  )
}

/** The fewest digits that read back as the same 32-bit float. */
function shortestFloat(value: number): string {
  for (let digits = 1; digits < floatDigitsMax; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return `${short}`
  }
  return `${Number(value.toPrecision(floatDigitsMax))}`
}

function two(value: number): string {
  return `${value}`.padStart(2, '0')
}
