/** What can lie in a ring, and what can become of it, while a packer runs. */
import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openRingWriter } from '@chronicle/packer'
import { Table, tableToIPC, Utf8, vectorFromArray } from 'apache-arrow'
import { eventStream, PackerHome } from './support/packer.ts'

const homes: PackerHome[] = []
after(async () => {
  for (const home of homes) await home.remove()
})

async function started(toml = ''): Promise<PackerHome> {
  const home = new PackerHome('2026-05-01T12:00:00Z', toml)
  homes.push(home)
  await home.start()
  return home
}

const at = '2026-05-01T11:00:00Z'
const ringHeaderBytes = 4096

/** `payload` with the first `text` in it replaced by bytes that are no UTF-8. */
function withoutUtf8(payload: Uint8Array, text: string): Buffer {
  const bytes = Buffer.from(payload)
  const from = bytes.indexOf(text)
  assert.ok(from > 0)
  return bytes.fill(0xff, from, from + text.length)
}

/** Flips a bit of the ring's file at `place`. */
function damage(ring: string, place: (bytes: Buffer) => number): void {
  const bytes = readFileSync(ring)
  bytes[place(bytes)]! ^= 1
  writeFileSync(ring, bytes)
}

test('PI1, PI2, PR4: what is wrong in a ring is in quarantine with its reason, is counted, and stops nothing else', async () => {
  const home = await started('encryption.enabled = false')
  const foreign = tableToIPC(new Table({ colour: vectorFromArray(['red'], new Utf8()) }), 'stream')
  await home.write({ id: 'torn-header', at })
  await home.write({ id: 'good-1', at })
  await home.write({ id: 'torn-payload', at })
  await home.writeBytes(foreign)
  await home.writeBytes(Buffer.from('this is no Arrow stream'))
  await home.writeBytes(withoutUtf8(eventStream([{ id: 'not-utf-8', at }]), 'not-utf-8'))
  await home.write({ id: 'bad-json', at, data: '{"open":' }, { id: 'good-2', at })
  damage(home.ring, () => ringHeaderBytes + 8)
  damage(home.ring, bytes => bytes.indexOf('torn-payload'))

  const { report } = (await home.ask('process')) as { report: Record<string, number> }
  assert.deepEqual(
    [report.eventsProcessed, report.eventsFailed, report.damagedRecords],
    [2, 6, 2],
    'two events, and six refusals of which two are torn records',
  )
  const { files } = JSON.parse(readFileSync(join(home.base, 'metadata/files.json'), 'utf8'))
  const quarantine = files.find(({ kind }: { kind: string }) => kind === 'quarantine')
  const lines = readFileSync(join(home.base, quarantine.path), 'utf8').trim().split('\n')
  const reasons = lines.map(line => JSON.parse(line).reason as string).sort()
  const torn = ['torn-record', 'torn-record', 'torn-record']
  assert.deepEqual(reasons, ['not-json', 'not-utf8', ...torn, 'wrong-schema'], 'bytes that are no stream are torn, too')
  assert.equal(await home.metric('chronicle_events_failed_total'), 6)
  assert.equal(await home.metric('chronicle_ring_buffer_errors_total'), 2)
  assert.equal(await home.metric('chronicle_storage_errors_total'), 0)
  assert.equal(await home.metric('chronicle_storage_duration_seconds_count'), 2, 'a table and a quarantine file')
  assert.equal((await home.health()).checks.last_run.status, 'ok')
  assert.equal((await home.status()).backlogBytes, 0)
})

test('a ring that is gone is made anew within a second, and health says so until a recorder has it', async () => {
  const home = await started()
  await home.clock.advance(1000)
  rmSync(home.ring)
  const gone = (await home.health()).checks.ring
  assert.equal(gone.status, 'failing')
  assert.match(gone.reason, /no ring at this path/)
  await home.clock.advance(1000)
  // Making it takes longer than the clock's step.
  await home.until(async () => (await home.status()).backlogBytes !== null)
  assert.equal(await home.metric('chronicle_ring_buffer_errors_total'), 1, 'one failure, however often it is seen')
  const anew = (await home.health()).checks.ring
  assert.equal(anew.status, 'degraded')
  assert.match(anew.reason, /start the recorder again/)
  const writer = await openRingWriter({ path: home.ring })
  assert.equal((await home.health()).checks.ring.status, 'ok')
  await writer.write('events', eventStream([{ id: 'a', at }]), 0)
  writer.close()
  const { report } = (await home.ask('process')) as { report: { eventsProcessed: number } }
  assert.equal(report.eventsProcessed, 1)
  assert.ok(home.log.some(({ level, message }) => level === 'warn' && /made anew/.test(String(message))))
})

test('ring_buffer.write_timeout stands in the ring that is made, and a change of it with the next run', async () => {
  const home = await started('ring_buffer.write_timeout = 250')
  const stored = () => readFileSync(home.ring).readUInt32LE(280)
  assert.equal(stored(), 250)
  await home.stop()
  const other = new PackerHome(
    '2026-05-01T12:00:00Z',
    `ring_buffer.write_timeout = 4000\nring_buffer.path = "${home.ring}"`,
  )
  homes.push(other)
  await other.start()
  await other.ask('process')
  assert.equal(stored(), 4000)
})

test('a threshold that the ring cannot hold is said at the start', async () => {
  const home = await started('scheduling.backup_threshold = "2MB"')
  const warning = home.log.find(({ level, message }) => level === 'warn' && /backup_threshold/.test(String(message)))
  assert.equal(warning?.capacityBytes, 1024 * 1024)
})

test('what lies in the place of the ring and is none is left alone, and health says what to do', async () => {
  const home = await started()
  rmSync(home.ring)
  writeFileSync(home.ring, 'a diary', { mode: 0o600 })
  await home.clock.advance(3000)
  assert.equal(readFileSync(home.ring, 'utf8'), 'a diary')
  const { ring } = (await home.health()).checks
  assert.equal(ring.status, 'failing')
  assert.match(ring.reason, /something else.*move the file away/)
  await assert.rejects(home.ask('process'), { code: 'packer.ring-foreign-file' })
  assert.equal((await home.health()).checks.last_run.status, 'degraded')
})

test('records that are lost to a full ring make health degraded', async () => {
  const home = await started()
  const writer = await openRingWriter({ path: home.ring })
  const payload = eventStream([{ id: 'a', at, data: JSON.stringify('x'.repeat(400_000)) }])
  const written = []
  for (let record = 0; record < 4; record++) written.push(await writer.write('events', payload, 0))
  writer.close()
  assert.deepEqual(written, [true, true, false, false])
  const { ring } = (await home.health()).checks
  assert.equal(ring.status, 'degraded')
  assert.match(ring.reason, /^2 records were lost to a full ring since the packer started: .*ring_buffer\.size/)
})
