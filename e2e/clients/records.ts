import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { seededRandom } from '@chronicle/base'
import type { ClientRecord, Driver, ReceivedRecord } from './client.ts'

const bigValueBytes = 600_000

/** Records that try every corner: null and empty, text and bytes, small and big, headers twice under one name, all partitions. */
export function recordsOf(driver: Driver, partitions: number): ClientRecord[] {
  const timestamp = 1_750_000_000_000
  const headers: ClientRecord['headers'] = [
    ['trace', Buffer.from('4bf92f35')],
    ['lang', Buffer.from('grüßen')],
  ]
  const corner = (at: number, fields: Partial<ClientRecord>): ClientRecord => ({
    partition: at % partitions,
    key: Buffer.from(`key ${at}`),
    value: Buffer.from(`value ${at}`),
    headers: [],
    timestamp: timestamp + at,
    ...fields,
  })
  const corners: Partial<ClientRecord>[] = [
    {},
    { headers },
    { key: null },
    { value: null },
    { key: Buffer.from('ключ'), value: Buffer.from('日本語 🙂') },
    { value: bigValue() },
  ]
  if (!driver.lacks.includes('empty values')) corners.push({ value: Buffer.alloc(0) })
  const plain: Partial<ClientRecord>[] = Array.from({ length: 40 }, () => ({}))
  return [...corners, ...plain].map((fields, at) => corner(at, fields))
}

/** Text, as every client can send it, that codecs cannot make small: it takes several of their blocks. */
function bigValue(): Buffer {
  return Buffer.from(Buffer.from(seededRandom(1).bytes((bigValueBytes / 4) * 3)).toString('base64'))
}

/** Every record came once, in the order of its partition, at offsets from 0 on, and as it was sent. */
export function assertReceived(
  driver: Driver,
  sent: readonly ClientRecord[],
  received: readonly ReceivedRecord[],
): void {
  assert.equal(received.length, sent.length, 'as many records came as were sent')
  for (const partition of new Set(sent.map(record => record.partition))) {
    const wanted = sent.filter(record => record.partition === partition)
    const came = received.filter(record => record.partition === partition)
    assert.deepEqual(
      came.map(({ offset }) => offset),
      wanted.map((_, at) => at),
    )
    assert.deepEqual(
      came.map(record => shown(driver, record)),
      wanted.map(record => shown(driver, record)),
    )
  }
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16)
}

/** A record in a form whose difference can be read. */
function shown(driver: Driver, { key, value, headers, timestamp }: ClientRecord): object {
  const text = (bytes: Buffer | null) =>
    bytes && bytes.length > 100 ? `${bytes.length} bytes, ${digest(bytes)}` : bytes?.toString()
  const fields = { key: text(key), value: text(value), headers: headers.map(([name, bytes]) => `${name}=${bytes}`) }
  return driver.lacks.includes('timestamps') ? fields : { ...fields, timestamp }
}
