import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Installation } from './service-installation.ts'

const all: Installation[] = []
after(async () => {
  for (const each of all) await each.remove()
})

function installation(more: ConstructorParameters<typeof Installation>[0] = {}): Installation {
  const made = new Installation({ 'ring_buffer.size': 1024 * 1024, ...more })
  all.push(made)
  return made
}

const runLine =
  /^\{"timestamp":"\d{4}-\d\d-\d\dT[\d:.]+Z","level":"info","message":"run finished","events_processed":10,"files_created":1,"bytes_processed":\d+,"duration_ms":\d+,/

test('a finished run is one JSON line, its promised fields first and in order, in the file and on the console', async () => {
  const packer = installation()
  await packer.start()
  await packer.write(0, 10)
  await packer.ask('process')
  assert.equal(await packer.stop(), 0)
  const inFile = readFileSync(packer.log, 'utf8').split('\n')
  assert.equal(inFile.filter(line => runLine.test(line)).length, 1, inFile.join('\n'))
  for (const line of inFile.filter(line => line !== '')) assert.ok('timestamp' in JSON.parse(line), line)
  assert.deepEqual(packer.stderr.split('\n'), inFile, 'logging.console is on')
})

test('logging.console off: nothing on standard error; logging.level: what is less stays out of the file', async () => {
  const packer = installation({ 'logging.console': false, 'logging.level': 'ERROR' })
  await packer.start()
  await packer.write(0, 10)
  await packer.ask('process')
  assert.equal(readFileSync(packer.log, 'utf8'), '')
  rmSync(packer.ring)
  writeFileSync(packer.ring, 'no ring', { mode: 0o600 })
  await assert.rejects(packer.ask('process'))
  await packer.stop()
  assert.equal(packer.stderr, '')
  assert.deepEqual([...new Set(packer.lines.map(({ level }) => level))], ['error'])
  assert.ok(packer.lines.some(({ message }) => /^a run failed/.test(String(message))))
})

test('logging.structured off: the words alone; logging.format: lines for people, unless --json-logs asks for JSON', async () => {
  const words = installation({ 'logging.structured': false })
  assert.equal((await words.packer('process')).code, 0)
  for (const line of words.lines) assert.deepEqual(Object.keys(line), ['timestamp', 'level', 'message'])
  const people = installation({ 'logging.format': 'readable' })
  assert.equal((await people.packer('process')).code, 0)
  const readable = readFileSync(people.log, 'utf8')
  assert.match(readable, /run finished/)
  assert.throws(() => JSON.parse(readable.split('\n')[0]!), SyntaxError)
  rmSync(people.log)
  const { stderr } = await people.packer('--json-logs', 'process')
  assert.ok(people.lines.some(({ message }) => message === 'run finished'))
  assert.equal(stderr, readFileSync(people.log, 'utf8'), '--json-logs shows them as well')
})

test('PS3: a second process is refused while another has the archive, and told which; a log that cannot be written stops the start', async () => {
  const packer = installation()
  await packer.start()
  const { pid } = await packer.ask('status')
  // Without its socket it cannot be asked to do the run.
  rmSync(join(packer.base, 'metadata/packer.sock'))
  for (const command of ['process', 'start']) {
    const { code, stderr } = await packer.packer(command)
    assert.equal(code, 1)
    assert.match(stderr, /Another packer works on this archive/)
    assert.match(stderr, new RegExp(`pid +${pid}\\b`))
  }
  const unwritable = installation({ 'logging.file_path': join(packer.file, 'packer.log') })
  const { code, stderr } = await unwritable.packer('start')
  assert.equal(code, 1)
  assert.match(stderr, /log file cannot be written[\s\S]*logging\.file_path/)
})
