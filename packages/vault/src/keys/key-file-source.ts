import { createSecretKey, type KeyObject } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, link, mkdir, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Random, systemRandom } from '@chronicle/base'
import { vaultErrors } from '../errors.ts'
import type { MasterSource } from './contract.ts'
import { syncDirectory } from './sync-directory.ts'
import type { SourceParameters } from './vault-record.ts'
import { keyBytes } from './wrap.ts'

/**
 * A master key in a file of 32 bytes that its owner alone may read. `make` takes the file that is there, which is what an interrupted start leaves, or
 * makes one. `open` reads the file that the vault names, or, where that is gone (the directory was moved), the one at `path`. Rejects with
 * 'vault.master-missing', 'vault.key-file-exposed', 'vault.damaged'.
 */
export function keyFileSource({ path, random = systemRandom }: { path: string; random?: Random }): MasterSource {
  return {
    kind: 'file',
    async make() {
      await makeKeyFile(path, random)
      return { master: await readKeyFile([path]), parameters: { path } }
    },
    open: ({ path: named }: SourceParameters) => readKeyFile(typeof named === 'string' ? [named, path] : [path]),
  }
}

/** The file gets its name whole, synced and 0600, unless there is one already. */
async function makeKeyFile(path: string, random: Random): Promise<void> {
  const directory = dirname(path)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const partial = `${path}.${random.uuid()}.new`
  const bytes = random.bytes(keyBytes)
  try {
    const file = await open(partial, 'wx', 0o600)
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await link(partial, path)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  } finally {
    bytes.fill(0)
    await rm(partial, { force: true })
  }
  await syncDirectory(directory)
}

/** The first of `paths` that exists. */
async function readKeyFile(paths: readonly string[]): Promise<KeyObject> {
  for (const path of paths) {
    const file = await openIfThere(path)
    if (!file) continue
    try {
      return await readKey(file, path)
    } finally {
      await file.close()
    }
  }
  throw vaultErrors.create('vault.master-missing', { source: 'file', path: paths[0] })
}

async function readKey(file: FileHandle, path: string): Promise<KeyObject> {
  const { mode, size } = await file.stat()
  // Windows has no such bits.
  if (process.platform !== 'win32' && (mode & 0o077) !== 0)
    throw vaultErrors.create('vault.key-file-exposed', { path, mode: (mode & 0o777).toString(8).padStart(4, '0') })
  const bytes = Buffer.alloc(keyBytes)
  const { bytesRead } = await file.read(bytes, 0, keyBytes, 0)
  if (size !== keyBytes || bytesRead !== keyBytes)
    throw vaultErrors.create('vault.damaged', { record: path, part: `${size} bytes instead of ${keyBytes}` })
  const key = createSecretKey(bytes)
  bytes.fill(0)
  return key
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDONLY)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
