import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'node:test'
import { type Clock, systemRandom } from '@chronicle/base'
import { type ListOptions, type ObjectStore, openLocalStore } from '../src/index.ts'

/** A new directory for each test of a file, and stores in it that are closed at its end. */
export function testDirectory() {
  let root = ''
  let stores: ObjectStore[] = []
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'chronicle-objects-'))
    stores = []
  })
  afterEach(async () => {
    for (const store of stores) await store.close()
    rmSync(root, { recursive: true })
  })
  return {
    path: (...names: string[]): string => join(root, ...names),
    async open(directory = root, clock?: Clock): Promise<ObjectStore> {
      const store = await openLocalStore({ directory, random: systemRandom, ...(clock && { clock }) })
      stores.push(store)
      return store
    },
  }
}

export async function keysOf(store: ObjectStore, options?: ListOptions): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list(options)) keys.push(key)
  return keys
}

/** Bodies on their way, of all who have the store open. */
export function temporaryFiles(directory: string): string[] {
  const area = join(directory, '.store', 'temporary')
  return readdirSync(area).flatMap(owner => readdirSync(join(area, owner)).filter(name => name !== 'lock'))
}

/** What a writer says of each put that is durable. */
export type Said = { readonly key: string; readonly version: string }

/** A body that says how long it is and what it is made of, so that a half or a mixture of two is recognised. */
export function selfDescribing(name: string, bytes: number): Buffer {
  const head = Buffer.from(`${JSON.stringify({ name, bytes })}\n`)
  return Buffer.concat([head, Buffer.alloc(bytes, `${name} `)])
}

/** The name of a whole body; throws for any other. */
export function nameIn(body: Buffer): string {
  const { name, bytes } = JSON.parse(body.toString('utf8', 0, body.indexOf('\n')))
  assert.ok(selfDescribing(name, bytes).equals(body), `not a whole body: ${name}`)
  return name
}
