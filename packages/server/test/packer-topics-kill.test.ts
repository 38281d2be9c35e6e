/** S18: `chronicle-packer process --topic` is killed between the commits of partitions, again and again; no record is missing or there twice. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type ArchivedFile, readEvents } from '@chronicle/packer'
import { runChronicle, spawnChronicle, startChronicle } from '@chronicle/testing'
import { Admin, Producer } from '@platformatic/kafka'

const partitions = 4
const recordsOfPartition = 500
const kills = 2
const pollMs = 2

test('S18: killed between the commits of partitions, every record is packed once', async t => {
  const home = mkdtempSync(join(tmpdir(), 'chronicle-topics-kill-'))
  const broker = await startChronicle()
  t.after(async () => {
    await broker.stop()
    rmSync(home, { recursive: true, force: true })
  })
  await fill(broker.bootstrap)
  const base = join(home, 'archive')
  const config = join(home, 'packer.toml')
  const settings = {
    'storage.base_path': base,
    'storage.retention_days': 0,
    'ring_buffer.path': join(home, 'ring'),
    'ring_buffer.size': 65_536,
    'encryption.enabled': false,
    'logging.file_path': join(home, 'packer.log'),
    'topics.bootstrap_servers': broker.bootstrap,
  }
  writeFileSync(
    config,
    Object.entries(settings)
      .map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`)
      .join(''),
  )
  const args = ['packer', '--config', config, 'process', '--topic', 'killed']
  for (let kill = 1; kill <= kills; kill++) {
    const child = spawnChronicle(args, { HOME: home })
    const gone = once(child, 'exit')
    while (filesBelow(base).length < kill && child.exitCode === null)
      await new Promise(done => setTimeout(done, pollMs))
    child.kill('SIGKILL')
    await gone
  }
  const { code, stdout, stderr } = await runChronicle([...args, '--json'], { env: { HOME: home } })
  assert.equal(code, 0, stderr)
  const last = JSON.parse(stdout)
  assert.ok(last.eventsProcessed < partitions * recordsOfPartition, 'killed runs have packed something')
  assert.equal(last.duplicates, 0, 'it is the manifest that knows what was packed, not the ids')
  const { files } = JSON.parse(readFileSync(join(base, 'metadata/files.json'), 'utf8')) as { files: ArchivedFile[] }
  assert.deepEqual(files.map(({ path }) => path).sort(), filesBelow(base).sort(), 'what is in place is in the manifest')
  const found: number[] = []
  for (const { path } of files) {
    const file = readFileSync(join(base, path))
    const ranges = { bytes: file.length, read: async (start: number, end: number) => file.subarray(start, end) }
    for await (const events of readEvents(path, ranges)) found.push(...events.map(({ data }) => JSON.parse(data).value))
  }
  assert.deepEqual(
    found.sort((a, b) => a - b),
    Array.from({ length: partitions * recordsOfPartition }, (_, at) => at),
  )
})

/** Every number once, as its value. */
async function fill(bootstrap: string): Promise<void> {
  const options = { clientId: 'test', bootstrapBrokers: [bootstrap], retries: 20, retryDelay: 100 }
  const admin = new Admin(options)
  const producer = new Producer({ ...options, acks: -1 })
  await admin.createTopics({ topics: ['killed'], partitions, replicas: 1 })
  for (let partition = 0; partition < partitions; partition++) {
    const messages = Array.from({ length: recordsOfPartition }, (_, at) => {
      return { topic: 'killed', partition, value: Buffer.from(`${partition * recordsOfPartition + at}`) }
    })
    await producer.send({ messages })
  }
  await producer.close()
  await admin.close()
}

function filesBelow(base: string): string[] {
  try {
    return readdirSync(join(base, 'parquet'), { recursive: true, withFileTypes: true })
      .filter(each => each.isFile())
      .map(({ parentPath, name }) => join(parentPath, name).slice(base.length + 1))
  } catch {
    // The archive is not there yet.
    return []
  }
}
