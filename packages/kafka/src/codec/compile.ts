import * as input from './input.ts'
import type { Layout } from './layout.ts'
import * as output from './output.ts'
import { readerSource } from './read.ts'
import type { Api, Fields } from './schema.ts'
import { type Purpose, readFailure, writeFailure } from './sites.ts'
import { writerSource } from './write.ts'

/** Reads the value in `bytes[start, end)`: all of it when `exact`. Throws 'kafka.malformed' or 'kafka.too-many-elements'. */
export type Reader = (bytes: Buffer, start: number, end: number, exact: boolean) => unknown
/** Writes a value. Throws 'kafka.unwritable'. */
export type Writer = (output: output.Output, value: unknown) => void

/** The compiled readers and writers of one API in one version, each made when it is first used. */
export class CompiledVersion {
  readonly #api: Api
  readonly #layout: Layout
  #requestReader: Reader | undefined
  #requestWriter: Writer | undefined
  #responseReader: Reader | undefined
  #responseWriter: Writer | undefined

  constructor(api: Api, version: number) {
    this.#api = api
    this.#layout = { version, flexible: version >= api.flexible }
  }

  get flexible(): boolean {
    return this.#layout.flexible
  }

  get requestReader(): Reader {
    return (this.#requestReader ??= compileReader(this.#api.request, this.#layout, this.#purpose('request')))
  }

  get requestWriter(): Writer {
    return (this.#requestWriter ??= compileWriter(this.#api.request, this.#layout, this.#purpose('request')))
  }

  get responseReader(): Reader {
    return (this.#responseReader ??= compileReader(this.#api.response, this.#layout, this.#purpose('response')))
  }

  get responseWriter(): Writer {
    return (this.#responseWriter ??= compileWriter(this.#api.response, this.#layout, this.#purpose('response')))
  }

  #purpose(direction: Purpose['direction']): Purpose {
    return { api: this.#api.name, version: this.#layout.version, direction }
  }
}

const compiled = new Map<Api, (CompiledVersion | undefined)[]>()

/** K7. What is compiled of `api` in `version`; `undefined` for a version that is not declared. */
export function compiledVersion(api: Api, version: number): CompiledVersion | undefined {
  let versions = compiled.get(api)
  if (versions === undefined) compiled.set(api, (versions = []))
  const found = versions[version]
  if (found !== undefined) return found
  const [first, last] = api.versions
  if (!Number.isInteger(version) || version < first || version > last) return undefined
  return (versions[version] = new CompiledVersion(api, version))
}

/** Generated code comes from declarations alone: nothing that arrives from outside is ever part of it. */
function compileReader(fields: Fields, layout: Layout, purpose: Purpose): Reader {
  const elementsMax = purpose.direction === 'request' ? input.requestElementsMax : input.responseElementsMax
  const { source, sites } = readerSource(functionName('read', purpose), fields, layout, elementsMax)
  return instantiate(source, { ...input, fail: readFailure(purpose, sites.all) }) as Reader
}

function compileWriter(fields: Fields, layout: Layout, purpose: Purpose): Writer {
  const { source, sites } = writerSource(functionName('write', purpose), fields, layout)
  const names = { ...output, stringBytesMax: input.stringBytesMax, noBytes: input.noBytes }
  return instantiate(source, { ...names, fail: writeFailure(purpose, sites.all) }) as Writer
}

/** Shows in profiles: `readProduceRequestV9`. */
function functionName(verb: string, { api, version, direction }: Purpose): string {
  return `${verb}${api}${direction === 'request' ? 'Request' : 'Response'}V${version}`
}

function instantiate(source: string, names: Readonly<Record<string, unknown>>): unknown {
  return new Function(...Object.keys(names), `'use strict'\n${source}`)(...Object.values(names))
}
