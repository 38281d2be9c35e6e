/** What lies in an archive whose packer is gone, file by file, with the keys that its key store holds. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock, systemRandom } from '@chronicle/base'
import {
  checksum,
  type KeyStorage,
  keyFileSource,
  open,
  openVault,
  parseSealedHeader,
  sealKeyOf,
} from '@chronicle/vault'
import { tableFromIPC } from 'apache-arrow'
import type { ArchivedFile } from '../src/archive/contract.ts'
import { nodeDisk } from '../src/archive/disk.ts'
import { decodeManifest, type Manifest } from '../src/archive/manifest-file.ts'
import { frameDefaults, openRingReader, readHeif } from '../src/index.ts'
import { idsOf, isRefused, numberedEvent, numberOf, payloadOf, rowsOfRecord } from './crash-records.ts'
import { readRows } from './parquet-support.ts'
import { readAll } from './ring-support.ts'

/** The records of a key store as its object store has them on the disk; nothing is written. */
function storedKeys(directory: string): KeyStorage {
  const refuse = () => Promise.reject(new Error('the test changes no keys'))
  const read = async (name: string) => {
    const bytes = nodeDisk.readFile(join(directory, name))
    return bytes && { bytes, version: bytes.toString() }
  }
  return { location: directory, read, write: refuse, remove: refuse, list: () => assert.fail('no keys are listed') }
}

export class CrashedArchive {
  readonly #base: string
  readonly #keyFile: string
  #keyOf: ((id: string) => Promise<ReturnType<typeof sealKeyOf>>) | undefined
  /** Files never change: each is looked into once. */
  readonly #idsOfFiles = new Map<string, readonly string[]>()

  constructor(base: string, keyFile: string) {
    this.#base = base
    this.#keyFile = keyFile
  }

  /** undefined before the first manifest was written. */
  async manifest(): Promise<Manifest | undefined> {
    const path = join(this.#base, 'metadata/files.json')
    const bytes = nodeDisk.readFile(path)
    return bytes && decodeManifest(bytes, path, await this.#keys())
  }

  /** Every file but for the manifest itself and what belongs to keys and processes. */
  inPlace(): string[] {
    return ['parquet', 'heif', 'quarantine', 'metadata/ids', 'temp'].flatMap(root =>
      nodeDisk.list(join(this.#base, root)).map(name => `${root}/${name}`),
    )
  }

  /** Whatever has its name is whole: it opens, to its last byte, as the file of that name. */
  async checkWhole(): Promise<void> {
    for (const path of this.inPlace().filter(path => !path.startsWith('temp/') && !this.#idsOfFiles.has(path))) {
      await this.#plain(path)
    }
  }

  /** In place is what the manifest names, and nothing else. */
  async checkPlaces(): Promise<void> {
    const { files, ids } = (await this.manifest())!
    assert.deepEqual(this.inPlace().sort(), [...files.map(file => file.path), ...Object.values(ids)].sort())
  }

  /** The ids of everything in the files that the manifest names. Each file is what the manifest says of it. */
  async archivedIds(): Promise<string[]> {
    const found: string[] = []
    for (const file of (await this.manifest())!.files) {
      if (!this.#idsOfFiles.has(file.path)) this.#idsOfFiles.set(file.path, await this.#lookInto(file))
      for (const id of this.#idsOfFiles.get(file.path)!) found.push(id)
    }
    return found
  }

  /** The ids of what the ring holds behind that which the manifest says is packed. */
  async ringIds(path: string): Promise<string[]> {
    const reader = openRingReader({ path })
    const { id, lostRecords } = reader.status()
    const committed = (await this.manifest())?.sources[`ring/${id}`] ?? 0
    const { records, damage } = readAll(reader, 1024 * 1024)
    reader.close()
    assert.deepEqual([damage, lostRecords], [[], 0])
    return records
      .filter(({ position }) => position >= committed)
      .flatMap(({ payload }) => {
        const first = tableFromIPC(payload).getChild('event_id')!.get(0) as string
        const record = numberOf(first) / rowsOfRecord
        assert.ok(payload.equals(payloadOf(record)), `record ${record} is in the ring as it was written`)
        return idsOf(record)
      })
  }

  async #lookInto(file: ArchivedFile): Promise<string[]> {
    const bytes = readFileSync(join(this.#base, file.path))
    const sum = checksum(file.algorithm)
    sum.update(bytes)
    assert.deepEqual([bytes.length, sum.digest().toString('hex')], [file.bytes, file.checksum], file.path)
    assert.equal(parseSealedHeader(bytes).keyId, file.keyId)
    const plain = await this.#plain(file.path)
    if (file.kind === 'heif') return [(await readHeif(plain, frameDefaults)).identity!.eventId]
    return file.kind === 'parquet' ? eventsOf(file, plain) : refusedOf(file, plain)
  }

  async #plain(path: string): Promise<Buffer> {
    const bytes = readFileSync(join(this.#base, path))
    const { keyId, kind } = parseSealedHeader(bytes)
    return open(bytes, await (await this.#keys())(keyId), { kind, place: path })
  }

  async #keys() {
    if (!this.#keyOf) {
      const vault = await openVault({
        storage: storedKeys(join(this.#base, 'metadata/keys/objects/vault')),
        audit: { record: async () => undefined },
        clock: systemClock,
        random: systemRandom,
        sources: [keyFileSource({ path: this.#keyFile })],
      })
      this.#keyOf = async id => sealKeyOf(await vault.key(id))
    }
    return this.#keyOf
  }
}

async function eventsOf(file: ArchivedFile, plain: Buffer): Promise<string[]> {
  const rows = await readRows(plain)
  const times = rows.map(row => row.timestamp_ns as bigint)
  const bounds = [times.reduce((a, b) => (a < b ? a : b)), times.reduce((a, b) => (a > b ? a : b))]
  assert.deepEqual([rows.length, bounds.map(String)], [file.rows, [file.firstTimestampNs, file.lastTimestampNs]])
  const day = file.path.slice('parquet/'.length, 'parquet/YYYY/MM/DD'.length).replaceAll('/', '-')
  return rows.map(row => {
    const number = numberOf(row.event_id as string)
    assert.deepEqual(row, numberedEvent(number))
    assert.equal(new Date(Number((row.timestamp_ns as bigint) / 1_000_000n)).toISOString().slice(0, 10), day)
    return row.event_id as string
  })
}

function refusedOf(file: ArchivedFile, plain: Buffer): string[] {
  const lines = plain.toString().trim().split('\n')
  assert.equal(lines.length, file.rows)
  return lines.map(line => {
    const { reason, content } = JSON.parse(line)
    const id = JSON.parse(Buffer.from(content, 'base64').toString()).event_id as string
    assert.ok(reason === 'not-json' && isRefused(numberOf(id)), `${id} was refused: ${reason}`)
    return id
  })
}
