/** The modules of an encrypted file, found and opened as the format says it, and not with the code that is tested. */
import assert from 'node:assert/strict'
import { createDecipheriv } from 'node:crypto'
import { readStruct, type Struct } from './parquet-support.ts'

export type Module = { readonly at: number; readonly type: number; readonly ordinals: readonly number[] }

/** The bytes of the key, and those that are the file's own. */
export type Keys = { readonly secret: Uint8Array; readonly unique: Uint8Array }

export function openModule(file: Buffer, { at, type, ordinals }: Module, { secret, unique }: Keys): Buffer {
  const length = file.readUInt32LE(at)
  const nonce = file.subarray(at + 4, at + 16)
  const decipher = createDecipheriv('aes-256-gcm', secret, nonce)
  decipher.setAAD(Buffer.from([...unique, type, ...ordinals.flatMap(ordinal => [ordinal & 0xff, ordinal >> 8])]))
  decipher.setAuthTag(file.subarray(at + 4 + length - 16, at + 4 + length))
  return Buffer.concat([decipher.update(file.subarray(at + 16, at + 4 + length - 16)), decipher.final()])
}

/** Every module of a file with the fields of the footer that lead to it; opens what has to be opened on the way. */
export function modulesOf(file: Buffer, keys: Keys): { modules: Module[]; footer: Struct; crypto: Struct } {
  const footerLength = file.readUInt32LE(file.length - 8)
  const { struct: crypto, end: footerAt } = readStruct(file, file.length - 8 - footerLength)
  const footerModule = { at: footerAt, type: 0, ordinals: [] }
  const footer = readStruct(openModule(file, footerModule, keys)).struct
  const modules: Module[] = [footerModule]
  for (const [group, rowGroup] of (footer[4] as Struct[]).entries()) {
    for (const [column, chunk] of (rowGroup[1] as Struct[]).entries())
      modules.push(...chunkModules(file, chunk, [group, column]))
  }
  return { modules, footer, crypto }
}

function chunkModules(file: Buffer, chunk: Struct, ordinals: number[]): Module[] {
  const meta = chunk[3] as Struct
  const modules: Module[] = []
  const after = (at: number) => at + 4 + file.readUInt32LE(at)
  let at = (meta[11] ?? meta[9]) as number
  const end = at + (meta[7] as number)
  for (let page = 0; at < end; ) {
    const isDictionary = at === meta[11]
    const place = isDictionary ? ordinals : [...ordinals, page++]
    modules.push({ at, type: isDictionary ? 5 : 4, ordinals: place })
    modules.push({ at: after(at), type: isDictionary ? 3 : 2, ordinals: place })
    at = after(after(at))
  }
  assert.equal(at, end)
  if (meta[14] !== undefined) {
    modules.push({ at: meta[14] as number, type: 8, ordinals })
    modules.push({ at: after(meta[14] as number), type: 9, ordinals })
    assert.equal(after(after(meta[14] as number)), (meta[14] as number) + (meta[15] as number))
  }
  if (chunk[6] !== undefined) modules.push({ at: chunk[6] as number, type: 6, ordinals })
  modules.push({ at: chunk[4] as number, type: 7, ordinals })
  return modules
}
