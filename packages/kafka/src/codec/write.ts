import { assert } from '@chronicle/base'
import {
  defaultSource,
  fixedSize,
  isNullable,
  type Layout,
  type NamedType,
  plainFields,
  taggedFields,
} from './layout.ts'
import { nullLength, outOfRange, storeInteger } from './numbers.ts'
import type { Fields, Kind, WireType } from './schema.ts'
import { Sites } from './sites.ts'
import { Source } from './source.ts'

/**
 * Generates the writer of one message in one version: a function `(w, v)` that writes the value `v` to the Output `w` or
 * throws, naming the field (K4). What a value leaves out is its default, where it has one.
 *
 * In the generated code `b` and `p` are copies of the Output's, `t` is the value at hand.
 */
export function writerSource(name: string, fields: Fields, layout: Layout): { source: string; sites: Sites } {
  const writer = new WriterSource(layout)
  return { source: writer.function(name, fields), sites: writer.sites }
}

type Place = { readonly path: string; readonly indexes: readonly string[] }

class WriterSource {
  readonly sites = new Sites()
  readonly #out = new Source()
  readonly #layout: Layout

  constructor(layout: Layout) {
    this.#layout = layout
  }

  function(name: string, fields: Fields): string {
    const out = this.#out
    out.block(`return function ${name}(w, v)`, () => {
      out.line('let b = w.b, p = w.p, n = 0, t')
      this.#struct('v', fields, { path: '', indexes: [] })
      out.line('w.p = p')
    })
    return out.toString()
  }

  #struct(value: string, fields: Fields, place: Place): void {
    const site = this.sites.add(place.path === '' ? 'the message' : place.path)
    this.#out.line(
      `if (typeof ${value} !== 'object' || ${value} === null) ${this.#failAt(site, 'not an object', value, place)}`,
    )
    const plain = plainFields(fields, this.#layout)
    for (let at = 0; at < plain.length; ) {
      const run = this.#fixedRun(plain.slice(at))
      if (run.length > 0) this.#writeRun(value, run, place)
      else this.#field(value, plain[at]!, place)
      at += Math.max(run.length, 1)
    }
    if (this.#layout.flexible) this.#tagSection(value, taggedFields(fields, this.#layout), place)
  }

  #fixedRun(fields: readonly NamedType[]): readonly NamedType[] {
    const end = fields.findIndex(([, type]) => type.kind === 'struct' || fixedSize(type, this.#layout) === undefined)
    return end === -1 ? fields : fields.slice(0, end)
  }

  #writeRun(value: string, run: readonly NamedType[], place: Place): void {
    const sizes = run.map(([, type]) => fixedSize(type, this.#layout)!)
    this.#room(String(sizes.reduce((sum, size) => sum + size, 0)))
    for (const [i, [name, type]] of run.entries()) {
      this.#load(`${value}.${name}`, type)
      this.#writeFixed(type.kind, inside(place, name))
      this.#out.line(`p += ${sizes[i]}`)
    }
  }

  /** Puts the value of a field into `t`. */
  #load(value: string, type: WireType): void {
    this.#out.line(`t = ${value}`)
    if (type.optional === true) this.#out.line(`if (t === undefined) t = ${defaultSource(type)}`)
  }

  #field(value: string, [name, type]: NamedType, place: Place): void {
    this.#load(`${value}.${name}`, type)
    this.#write(type, inside(place, name))
  }

  /** Writes `t`. */
  #write(type: WireType, place: Place): void {
    if (type.kind === 'struct') this.#writeStruct(type, place)
    else if (type.kind === 'array') this.#writeArray(type, place)
    else if (type.kind === 'string') this.#writeString(type, place)
    else if (type.kind === 'bytes') this.#writeBytes(type, place)
    else if (type.kind === 'records') this.#writeRecords(type, place)
    else {
      const size = fixedSize(type, this.#layout)!
      this.#room(String(size))
      this.#writeFixed(type.kind, place)
      this.#out.line(`p += ${size}`)
    }
  }

  #writeStruct(type: WireType, place: Place): void {
    const value = this.#out.name('v')
    this.#out.line(`const ${value} = t`)
    if (!isNullable(type, this.#layout)) {
      this.#struct(value, type.fields!, place)
      return
    }
    this.#room('1')
    this.#out.line(`b[p++] = ${value} === null ? 255 : 1`)
    this.#out.block(`if (${value} !== null)`, () => this.#struct(value, type.fields!, place))
  }

  #writeArray(type: WireType, place: Place): void {
    const out = this.#out
    const array = out.name('a')
    const index = out.name('i')
    out.line(`const ${array} = t`)
    this.#unlessNull(array, type, place, () => {
      out.line(`if (!Array.isArray(${array})) ${this.#fail('not an array', array, place)}`)
      this.#writeLength(`${array}.length`, 'int32')
      out.block(`for (let ${index} = 0; ${index} < ${array}.length; ${index}++)`, () => {
        out.line(`t = ${array}[${index}]`)
        this.#write(type.element!, { path: `${place.path}[]`, indexes: [...place.indexes, index] })
      })
    })
  }

  #writeString(type: WireType, place: Place): void {
    const out = this.#out
    const put = this.#layout.flexible ? 'putCompactText' : 'putText'
    this.#unlessNull('t', type, place, () => {
      out.line(`if (typeof t !== 'string') ${this.#fail('not a string', 't', place)}`)
      out.line(`if (t.length > stringBytesMax) ${this.#fail('a string is too long', 't', place)}`)
      this.#room('t.length * 3 + 5')
      out.line(`n = ${put}(b, p, t)`)
      out.line(`if (n < 0) ${this.#fail('a string is too long', 't', place)}`)
      out.line('p = n')
    })
  }

  #writeBytes(type: WireType, place: Place): void {
    const out = this.#out
    this.#unlessNull('t', type, place, () => {
      out.line(`if (!(t instanceof Uint8Array)) ${this.#fail('not bytes', 't', place)}`)
      this.#writeLength('t.length', 'int32')
      this.#room('t.length')
      out.line('b.set(t, p)')
      out.line('p += t.length')
    })
  }

  #writeRecords(type: WireType, place: Place): void {
    const out = this.#out
    this.#unlessNull('t', type, place, () => {
      out.line('n = recordsBytes(t)')
      out.line(`if (n < 0) ${this.#fail('neither bytes nor a list of bytes', 't', place)}`)
      this.#writeLength('n', 'int32')
      out.line('w.p = p')
      out.line('attachRecords(w, t)')
    })
  }

  /** A length: in its own type, or plus one as a varint. */
  #writeLength(length: string, kind: 'int16' | 'int32'): void {
    const out = this.#out
    this.#room('5')
    if (this.#layout.flexible) {
      out.line(`if (${length} < 127) b[p++] = ${length} + 1`)
      out.line(`else p = putVarint(b, p, ${length} + 1)`)
      return
    }
    for (const line of storeInteger(kind, length)) out.line(line)
    out.line(`p += ${kind === 'int16' ? 2 : 4}`)
  }

  #unlessNull(value: string, type: WireType, place: Place, write: () => void): void {
    if (!isNullable(type, this.#layout)) {
      this.#out.line(`if (${value} === null) ${this.#fail('null where null is not allowed', value, place)}`)
      write()
      return
    }
    this.#out.block(`if (${value} === null)`, () => {
      this.#room('4')
      if (this.#layout.flexible) this.#out.line('b[p++] = 0')
      else for (const line of type.kind === 'string' ? nullLength.int16 : nullLength.int32) this.#out.line(line)
    })
    this.#out.block('else', write)
  }

  /** Writes `t` at `p`; the room is there. */
  #writeFixed(kind: Kind, place: Place): void {
    const out = this.#out
    if (kind === 'bool') {
      out.line(`if (typeof t !== 'boolean') ${this.#fail('not a boolean', 't', place)}`)
      out.line('b[p] = t ? 1 : 0')
    } else if (kind === 'uuid') {
      out.line(`if (!putUuid(b, p, t)) ${this.#fail('not a UUID in base64', 't', place)}`)
    } else if (kind === 'float64') {
      out.line(`if (typeof t !== 'number') ${this.#fail('not a number', 't', place)}`)
      out.line('b.writeDoubleBE(t, p)')
    } else {
      out.line(`if (${outOfRange(kind)}) ${this.#fail(`not an ${kind}`, 't', place)}`)
      for (const line of storeInteger(kind, 't')) out.line(line)
    }
  }

  /** Tagged fields are sent when they are not their default, by ascending tag, each behind its tag and its size. */
  #tagSection(value: string, tagged: readonly NamedType[], place: Place): void {
    const out = this.#out
    this.#room('1')
    if (tagged.length === 0) {
      out.line('b[p++] = 0')
      return
    }
    assert(
      tagged.every(([, type]) => type.tag! < 128) && tagged.length < 128,
      'tags and their number take one byte here',
    )
    const sent = tagged.map(() => out.name('s'))
    for (const [i, [name, type]] of tagged.entries())
      out.line(`const ${sent[i]} = !(${isDefault(`${value}.${name}`, type)})`)
    out.line(`b[p++] = ${sent.map(each => `(${each} ? 1 : 0)`).join(' + ')}`)
    for (const [i, [name, type]] of tagged.entries()) {
      out.block(`if (${sent[i]})`, () => {
        out.line(`t = ${value}.${name}`)
        this.#taggedField(type, inside(place, name))
      })
    }
  }

  #taggedField(type: WireType, place: Place): void {
    const out = this.#out
    const size = fixedSize(type, this.#layout)
    if (size !== undefined) {
      this.#room(String(2 + size))
      out.line(`b[p++] = ${type.tag}`)
      out.line(`b[p++] = ${size}`)
      this.#write(type, place)
      return
    }
    this.#room('1')
    out.line(`b[p++] = ${type.tag}`)
    out.line('w.p = p; w.enter(); b = w.b; p = w.p')
    this.#write(type, place)
    out.line('w.p = p; w.leave(); b = w.b; p = w.p')
  }

  #room(bytes: string): void {
    this.#out.line(`if (b.length - p < ${bytes}) { w.p = p; w.more(${bytes}); b = w.b; p = w.p }`)
  }

  #fail(reason: string, value: string, place: Place): string {
    return this.#failAt(this.sites.add(place.path), reason, value, place)
  }

  #failAt(site: number, reason: string, value: string, place: Place): string {
    return `throw fail(${site}, '${reason}', ${value}, [${place.indexes.join(', ')}])`
  }
}

function inside(place: Place, name: string): Place {
  return { path: place.path === '' ? name : `${place.path}.${name}`, indexes: place.indexes }
}

/** An expression that holds when a value is its type's default, or left out. */
function isDefault(value: string, type: WireType): string {
  const absent = `${value} === undefined`
  if (type.defaultValue !== undefined && type.kind !== 'array')
    return `${absent} || ${value} === ${defaultSource(type)}`
  if (type.kind === 'array') {
    return `${absent} || (Array.isArray(${value}) && ${value}.length === 0)`
  }
  const fields = Object.entries(type.fields!).map(([name, field]) => `(${isDefault(`${value}.${name}`, field)})`)
  return `${absent} || (${value} !== null && ${fields.join(' && ')})`
}
