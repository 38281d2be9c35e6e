/**
 * K8. The words that a wire message is declared with. A declaration is data: the compiler (`compile.ts`) turns it into a
 * reader and a writer for each version, the types below turn it into the TypeScript types of its values.
 */

/** A type on the wire. `T` is its value in memory; `Optional` says that a writer may leave the field out (its default is sent). */
export type WireType<T = unknown, Optional extends boolean = boolean> = {
  readonly kind: Kind
  /** Field is on the wire from this version … */
  readonly since: number
  /** … to this one. */
  readonly until: number
  /** Null is allowed from this version on; undefined = never. */
  readonly nullableSince?: number
  /** The tag number of a tagged field (KIP-482), present in flexible versions only. */
  readonly tag?: number
  /** Value of the field where the wire does not carry it; what a writer sends when it is left out. */
  readonly defaultValue?: unknown
  /** Elements of an array, fields of a struct. */
  readonly element?: WireType
  readonly fields?: Fields
  /** A writer may leave the field out. */
  readonly optional?: Optional
  /** Only for the type system: never set. */
  readonly value?: T
}

export type Kind =
  | 'bool'
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'float64'
  | 'uuid'
  | 'string'
  | 'bytes'
  | 'records'
  | 'array'
  | 'struct'

export type Fields = { readonly [name: string]: WireType }

/** The value that a reader returns: every field present, defaults filled in. */
export type Read<F extends Fields> = { [K in keyof F]: F[K] extends WireType<infer T, boolean> ? ReadValue<T> : never }
type ReadValue<T> =
  T extends StructOf<infer F>
    ? Read<F>
    : T extends ArrayOf<infer E>
      ? ReadValue<E>[]
      : T extends readonly Uint8Array[]
        ? never
        : T

/** The value that a writer takes: fields that have a default may be left out. */
export type Write<F extends Fields> = {
  [K in keyof F as F[K] extends WireType<infer _T, true> ? never : K]: WriteValue<ValueIn<F[K]>>
} & { [K in keyof F as F[K] extends WireType<infer _T, true> ? K : never]?: WriteValue<ValueIn<F[K]>> }
type ValueIn<W> = W extends WireType<infer T, boolean> ? T : never
type WriteValue<T> = T extends StructOf<infer F> ? Write<F> : T extends ArrayOf<infer E> ? readonly WriteValue<E>[] : T

declare const structBrand: unique symbol
declare const arrayBrand: unique symbol
export type StructOf<F extends Fields> = { readonly [structBrand]: F }
export type ArrayOf<E> = { readonly [arrayBrand]: E }

const forEver = 32767
/** `flexible` of an API that has no flexible version. */
export const neverFlexible = 32767
const plain = <T>(kind: Kind, defaultValue: T): WireType<T, false> => ({ kind, since: 0, until: forEver, defaultValue })

export const bool = plain<boolean>('bool', false)
export const int8 = plain<number>('int8', 0)
export const int16 = plain<number>('int16', 0)
export const uint16 = plain<number>('uint16', 0)
export const int32 = plain<number>('int32', 0)
export const uint32 = plain<number>('uint32', 0)
/**
 * A whole number. Beyond ±2^53 it is the nearest that a double can hold: no offset or time of ours gets there. What was read
 * can be written: 2^63 stands for the largest int64.
 */
export const int64 = plain<number>('int64', 0)
export const float64 = plain<number>('float64', 0)
/** In Kafka's text form: 22 characters of URL-safe base64. All zeros: `AAAAAAAAAAAAAAAAAAAAAA`. */
export const uuid = plain<string>('uuid', 'AAAAAAAAAAAAAAAAAAAAAA')
export const string = plain<string>('string', '')
/** A copy: it may be kept. */
export const bytes = plain<Buffer>('bytes', Buffer.alloc(0))
/**
 * Record batches. Read: a view into the frame, valid only while the frame is. Written: pieces that are sent as they are,
 * without a copy. Null where the wire says so.
 */
export const records: WireType<RecordsField, false> = {
  kind: 'records',
  since: 0,
  until: forEver,
  nullableSince: 0,
  defaultValue: null,
}
export type RecordsField = Buffer | readonly Uint8Array[] | null

export function array<T>(element: WireType<T, boolean>): WireType<ArrayOf<T>, false>
export function array<const F extends Fields>(fields: F): WireType<ArrayOf<StructOf<F>>, false>
export function array(of: WireType | Fields): WireType<unknown, false> {
  const element = isWireType(of) ? of : struct(of)
  return { kind: 'array', since: 0, until: forEver, element, defaultValue: [] }
}

export function struct<const F extends Fields>(fields: F): WireType<StructOf<F>, false> {
  return { kind: 'struct', since: 0, until: forEver, fields }
}

/** Null is a value, from version `since` on. The default becomes null only with `withDefault(null, …)`. */
export function nullable<T, O extends boolean>(type: WireType<T, O>, since = 0): WireType<T | null, O> {
  return { ...type, nullableSince: since } as WireType<T | null, O>
}

/** Null is a value, and the one that a writer sends when the field is left out. */
export function nullByDefault<T>(type: WireType<T, boolean>, since = 0): WireType<T | null, true> {
  return { ...type, nullableSince: since, defaultValue: null, optional: true } as WireType<T | null, true>
}

/** On the wire from `version` on; earlier its default is read and nothing is written. */
export function since<T>(version: number, type: WireType<T, boolean>): WireType<T, true> {
  return { ...type, since: version, optional: true } as WireType<T, true>
}

/** On the wire up to `version`. */
export function until<T>(version: number, type: WireType<T, boolean>): WireType<T, true> {
  return { ...type, until: version, optional: true } as WireType<T, true>
}

export function between<T>(first: number, last: number, type: WireType<T, boolean>): WireType<T, true> {
  return { ...type, since: first, until: last, optional: true } as WireType<T, true>
}

/** The value where the wire has none, instead of zero, empty or false. */
export function withDefault<T>(value: T, type: WireType<T, boolean>): WireType<T, true> {
  return { ...type, defaultValue: value, optional: true } as WireType<T, true>
}

/** A tagged field: sent only in flexible versions and only when it is not its default. */
export function tagged<T>(tag: number, type: WireType<T, boolean>): WireType<T, true> {
  return { ...type, tag, optional: true } as WireType<T, true>
}

function isWireType(of: WireType | Fields): of is WireType {
  return typeof (of as WireType).kind === 'string'
}

/** One API of the protocol: everything else about it derives from this. */
export type Api<Req extends Fields = Fields, Res extends Fields = Fields> = {
  readonly key: number
  readonly name: string
  /** First and last version served, both included. */
  readonly versions: readonly [number, number]
  /** First flexible version (compact types, tagged fields; KIP-482). */
  readonly flexible: number
  /** One line for the protocol table: what it is and what is refused. */
  readonly about: string
  readonly request: Req
  readonly response: Res
  /** ApiVersions alone: its response header is version 0 in every version (KIP-511). */
  readonly plainResponseHeader?: boolean
}

export function api<const Req extends Fields, const Res extends Fields>(declaration: Api<Req, Res>): Api<Req, Res> {
  return declaration
}

/** What a handler is given. */
export type RequestOf<A> = A extends Api<infer Req, Fields> ? Read<Req> : never
/** What a handler answers. */
export type ResponseOf<A> = A extends Api<Fields, infer Res> ? Write<Res> : never
/** What a client sends, and what it is answered. */
export type RequestToSend<A> = A extends Api<infer Req, Fields> ? Write<Req> : never
export type ResponseReceived<A> = A extends Api<Fields, infer Res> ? Read<Res> : never
