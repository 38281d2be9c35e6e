import { assert } from '@chronicle/base'
import {
  defaultSource,
  fixedSize,
  isNullable,
  type Layout,
  leastSize,
  type NamedType,
  plainFields,
  taggedFields,
} from './layout.ts'
import { fixedExpression } from './numbers.ts'
import type { Fields, Kind, WireType } from './schema.ts'
import { Sites } from './sites.ts'
import { Source } from './source.ts'

/**
 * Generates the reader of one message in one version: a function `(b, start, end, exact)` over the bytes `b[start, end)`
 * that returns the value or throws; bytes behind the message are refused when `exact`. Each array adds a loop; nesting is
 * that of the declaration, so it is bounded.
 *
 * In the generated code `p` is the position, `left` what remains of the elements that a message may hold (K3), and a
 * check stands before every read (K1): once for a run of fields of fixed size.
 */
export function readerSource(
  name: string,
  fields: Fields,
  layout: Layout,
  elementsMax: number,
): { source: string; sites: Sites } {
  const reader = new ReaderSource(layout, elementsMax)
  return { source: reader.function(name, fields), sites: reader.sites }
}

/** What a struct, an array or a message is inside of: its path and the loop variables around it. */
type Place = { readonly path: string; readonly indexes: readonly string[] }

class ReaderSource {
  readonly sites = new Sites()
  readonly #out = new Source()
  readonly #layout: Layout
  readonly #elementsMax: number

  constructor(layout: Layout, elementsMax: number) {
    this.#layout = layout
    this.#elementsMax = elementsMax
  }

  function(name: string, fields: Fields): string {
    const out = this.#out
    const top = { path: '', indexes: [] }
    out.block(`return function ${name}(b, start, end, exact)`, () => {
      out.line(`let p = start, n = 0, left = ${this.#elementsMax}`)
      const value = this.#struct(fields, top, false)
      out.line(`if (p !== end && exact) ${this.#fail('the message', 'bytes are left over', top)}`)
      out.line(`return ${value}`)
    })
    return out.toString()
  }

  /** Reads the fields of a struct and returns an expression for it. `checked`: all of it is known to be there. */
  #struct(fields: Fields, place: Place, checked: boolean): string {
    const values = new Map<string, string>()
    const plain = plainFields(fields, this.#layout)
    for (let at = 0; at < plain.length; ) {
      const run = this.#fixedRun(plain.slice(at))
      if (run.length > 0) this.#readRun(run, values, place, checked)
      else values.set(plain[at]![0], this.#value(plain[at]![1], inside(place, plain[at]![0])))
      at += Math.max(run.length, 1)
    }
    if (this.#layout.flexible) this.#tagSection(taggedFields(fields, this.#layout), values, place)
    // K6: every field, in the order of the declaration, whatever the version: one shape for all objects of the struct.
    const entries = Object.entries(fields).map(([name, type]) => `${name}: ${values.get(name) ?? defaultSource(type)}`)
    return `{ ${entries.join(', ')} }`
  }

  #fixedRun(fields: readonly NamedType[]): readonly NamedType[] {
    const end = fields.findIndex(([, type]) => type.kind === 'struct' || fixedSize(type, this.#layout) === undefined)
    return end === -1 ? fields : fields.slice(0, end)
  }

  #readRun(run: readonly NamedType[], values: Map<string, string>, place: Place, checked: boolean): void {
    const sizes = run.map(([, type]) => fixedSize(type, this.#layout)!)
    const total = sizes.reduce((sum, size) => sum + size, 0)
    if (!checked) {
      const fields = run.map(([name], i) => ({ path: inside(place, name).path, bytes: sizes[i]! }))
      const site = this.sites.add(fields[0]!.path, fields)
      this.#out.line(`if (end - p < ${total}) ${this.#failAt(site, endsEarly, place)}`)
    }
    let offset = 0
    for (const [i, [name, type]] of run.entries()) {
      const variable = this.#out.name('v')
      this.#out.line(`const ${variable} = ${fixedExpression(type.kind, offset)}`)
      values.set(name, variable)
      offset += sizes[i]!
    }
    this.#out.line(`p += ${total}`)
  }

  /** Reads one value that is not of a fixed size into a variable of its own and returns its name. */
  #value(type: WireType, place: Place): string {
    const variable = this.#out.name('v')
    this.#out.line(`let ${variable}`)
    this.#readInto(variable, type, place)
    return variable
  }

  #readInto(target: string, type: WireType, place: Place): void {
    if (type.kind === 'struct') this.#readStruct(target, type, place)
    else if (type.kind === 'array') this.#readArray(target, type, place)
    else if (fixedSize(type, this.#layout) !== undefined) this.#readFixed(target, type, place)
    else this.#readBytes(target, type, place)
  }

  /** A string, bytes or records. */
  #readBytes(target: string, type: WireType, place: Place): void {
    this.#readLength(type, place)
    this.#unlessNull(target, type, place, () => {
      const out = this.#out
      if (type.kind === 'string') {
        out.line(`if (n > stringBytesMax) ${this.#fail(place.path, 'a string is too long', place)}`)
      }
      out.line(`if (n > end - p) ${this.#fail(place.path, 'a length passes the end', place)}`)
      out.line(`${target} = ${sliceExpression(type.kind)}`)
      out.line('p += n')
    })
  }

  #readFixed(target: string, type: WireType, place: Place): void {
    const size = fixedSize(type, this.#layout)!
    this.#out.line(`if (end - p < ${size}) ${this.#fail(place.path, endsEarly, place)}`)
    this.#out.line(`${target} = ${fixedExpression(type.kind, 0)}`)
    this.#out.line(`p += ${size}`)
  }

  #readStruct(target: string, type: WireType, place: Place): void {
    if (!isNullable(type, this.#layout)) {
      this.#out.line(`${target} = ${this.#struct(type.fields!, place, false)}`)
      return
    }
    this.#out.line(`if (end - p < 1) ${this.#fail(place.path, endsEarly, place)}`)
    this.#out.line('n = (b[p++] << 24) >> 24')
    this.#unlessNull(target, type, place, () => {
      this.#out.line(`${target} = ${this.#struct(type.fields!, place, false)}`)
    })
  }

  #readArray(target: string, type: WireType, place: Place): void {
    const out = this.#out
    const element = type.element!
    const least = leastSize(element, this.#layout)
    assert(least > 0, `an element of ${place.path} may take no bytes`)
    const known = fixedSize(element, this.#layout) !== undefined
    this.#readLength(type, place)
    this.#unlessNull(target, type, place, () => {
      // K2: a count that cannot be true is refused before anything is allocated for it.
      out.line(`if (n * ${least} > end - p) ${this.#fail(place.path, 'a count passes the end', place)}`)
      out.line(`if ((left -= n) < 0) ${this.#fail(place.path, 'too many elements in all', place)}`)
      const index = out.name('i')
      const count = out.name('n')
      const array = out.name('a')
      out.line(`const ${count} = n, ${array} = new Array(n)`)
      out.block(`for (let ${index} = 0; ${index} < ${count}; ${index}++)`, () => {
        const each = { path: `${place.path}[]`, indexes: [...place.indexes, index] }
        this.#readElement(`${array}[${index}]`, element, each, known)
      })
      out.line(`${target} = ${array}`)
    })
  }

  #readElement(target: string, element: WireType, place: Place, known: boolean): void {
    if (!known) {
      this.#readInto(target, element, place)
    } else if (element.kind === 'struct') {
      this.#out.line(`${target} = ${this.#struct(element.fields!, place, true)}`)
    } else {
      this.#out.line(`${target} = ${fixedExpression(element.kind, 0)}`)
      this.#out.line(`p += ${fixedSize(element, this.#layout)}`)
    }
  }

  /** Reads the length of a string, bytes or array into `n`; negative for null. */
  #readLength(type: WireType, place: Place): void {
    if (this.#layout.flexible) {
      this.#readVarint('n', place)
      this.#out.line('n--')
      return
    }
    const kind = type.kind === 'string' ? 'int16' : 'int32'
    const size = type.kind === 'string' ? 2 : 4
    this.#out.line(`if (end - p < ${size}) ${this.#fail(place.path, endsEarly, place)}`)
    this.#out.line(`n = ${fixedExpression(kind, 0)}`)
    this.#out.line(`p += ${size}`)
  }

  #readVarint(target: string, place: Place): void {
    const out = this.#out
    out.block(`if (p < end && b[p] < 128)`, () => out.line(`${target} = b[p++]`))
    out.block('else', () => {
      out.line(`${target} = unsignedVarint(b, p, end)`)
      out.line(`if (${target} < 0) ${this.#fail(place.path, 'a varint does not end', place)}`)
      out.line('p = varint.end')
    })
  }

  #unlessNull(target: string, type: WireType, place: Place, read: () => void): void {
    if (isNullable(type, this.#layout)) {
      this.#out.line(`if (n < 0) ${target} = null`)
      this.#out.block('else', read)
    } else {
      this.#out.line(`if (n < 0) ${this.#fail(place.path, 'null where null is not allowed', place)}`)
      read()
    }
  }

  /** Tagged fields come in ascending order, each with its size; those that are unknown here are passed over. */
  #tagSection(tagged: readonly NamedType[], values: Map<string, string>, place: Place): void {
    const out = this.#out
    for (const [name, type] of tagged) {
      const variable = out.name('v')
      out.line(`let ${variable} = ${defaultSource(type)}`)
      values.set(name, variable)
    }
    const tags = inside(place, 'tagged fields')
    if (tagged.length === 0) {
      out.line('n = p < end && b[p] === 0 ? p + 1 : passTaggedFields(b, p, end)')
      out.line(`if (n < 0) ${this.#fail(tags.path, 'they are not tags and sizes', tags)}`)
      out.line('p = n')
      return
    }
    const count = out.name('n')
    out.line(`let ${count} = 0`)
    this.#readVarint(count, tags)
    out.block(`if (${count} !== 0)`, () => {
      out.line(`if (${count} * 2 > end - p) ${this.#fail(tags.path, 'a count passes the end', tags)}`)
      const last = out.name('t')
      out.line(`let ${last} = -1`)
      out.block(`for (; ${count} > 0; ${count}--)`, () => this.#taggedField(tagged, values, place, tags, last))
    })
  }

  #taggedField(
    tagged: readonly NamedType[],
    values: ReadonlyMap<string, string>,
    place: Place,
    tags: Place,
    last: string,
  ): void {
    const out = this.#out
    this.#readVarint('n', tags)
    out.line(`if (n <= ${last}) ${this.#fail(tags.path, 'tags are not in ascending order', tags)}`)
    out.line(`${last} = n`)
    this.#readVarint('n', tags)
    out.line(`if (n > end - p) ${this.#fail(tags.path, 'a length passes the end', tags)}`)
    const stop = out.name('s')
    out.line(`const ${stop} = p + n`)
    out.block(`switch (${last})`, () => {
      for (const [name, type] of tagged) {
        out.block(`case ${type.tag}:`, () => {
          this.#readInto(values.get(name)!, type, inside(place, name))
          out.line('break')
        })
      }
      out.line(`default: p = ${stop}`)
    })
    out.line(`if (p !== ${stop}) ${this.#fail(tags.path, 'a tagged field is not of its size', tags)}`)
  }

  #fail(path: string, reason: string, place: Place): string {
    return this.#failAt(this.sites.add(path), reason, place)
  }

  #failAt(site: number, reason: string, place: Place): string {
    return `throw fail(${site}, '${reason}', p - start, end - p, [${place.indexes.join(', ')}])`
  }
}

const endsEarly = 'it ends early'

function inside(place: Place, name: string): Place {
  return { path: place.path === '' ? name : `${place.path}.${name}`, indexes: place.indexes }
}

function sliceExpression(kind: Kind): string {
  if (kind === 'string') return 'text(b, p, p + n)'
  return kind === 'bytes' ? 'copyOf(b, p, p + n)' : 'b.subarray(p, p + n)'
}
