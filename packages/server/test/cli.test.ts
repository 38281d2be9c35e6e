import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type ChronicleProcess, runChronicle, startChronicle } from '@chronicle/testing'
import { type CommandResult, runCommand } from './support/command-line.ts'
import { createTopics, produce } from './support/records.ts'

const scratch = mkdtempSync(join(tmpdir(), 'chronicle-cli-'))
let server: ChronicleProcess
before(async () => {
  server = await startChronicle()
})
after(async () => {
  await server.stop()
  rmSync(scratch, { recursive: true, force: true })
})

/** Runs a command against the server; it has to end well. Resolves with its standard output. */
async function run(args: readonly string[], input?: string | Uint8Array): Promise<string> {
  const { code, stdout, stderr } = await runChronicle(
    [...args, '--bootstrap', server.bootstrap],
    input ? { input } : {},
  )
  assert.equal(code, 0, stderr)
  return stdout
}

async function refusal(args: readonly string[], input?: string): Promise<{ code: number | null; stderr: string }> {
  return runChronicle([...args, '--bootstrap', server.bootstrap], input === undefined ? {} : { input })
}

/** As `run`, in this process: for commands that read no input and wait for nothing. */
async function here(args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await refusalHere(args)
  assert.equal(code, 0, stderr)
  return stdout
}

function refusalHere(args: readonly string[]): Promise<CommandResult> {
  return runCommand([...args, '--bootstrap', server.bootstrap])
}

test('what produce reads, consume prints, byte by byte and in order', async () => {
  const lines = Array.from({ length: 3000 }, (_, at) => `${at}:${'ü'.repeat(at % 50)}`)
  const told = await run(['produce', 'bytes'], `${lines.join('\n')}\n`)
  assert.match(told, /^Wrote 3,000 records \([\d.]+ KB\) to bytes in /)
  assert.equal(await run(['consume', 'bytes']), `${lines.join('\n')}\n`)
  const raw = Buffer.from([0, 255, 254, 13, 10])
  await run(['produce', 'raw'], raw)
  assert.equal(await run(['consume', 'raw', '--format', 'json']), await run(['consume', 'raw', '--format', 'json']))
})

test('keys, headers, partitions, files and compression', async () => {
  const file = join(scratch, 'lines.txt')
  writeFileSync(file, 'a::1\nb::2::3')
  await createTopics(server, 3, 'keyed')
  const options = ['--key-separator', '::', '--header', 'source=test', '--header', 'n=1', '--partition', '2']
  await run(['produce', 'keyed', '--file', file, '--compression', 'zstd', ...options])
  const printed = await run(['consume', 'keyed', '--format', '%p %o %k %v %h'])
  assert.equal(printed, '2 0 a 1 source=test,n=1\n2 1 b 2::3 source=test,n=1\n')
  const summary = JSON.parse(await run(['produce', 'keyed', '--json'], 'x\n'))
  assert.deepEqual([summary.topic, summary.records, summary.bytes], ['keyed', 1, 1])
  const refused = await refusal(['produce', 'keyed', '--key-separator', '::'], 'k::v\nno separator\n')
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /line of the input is not accepted[\s\S]*no "::" in the line/)
})

test('consume begins and ends where it is told', async () => {
  await produce(
    server,
    'numbers',
    Array.from({ length: 10 }, (_, at) => `${at}`),
  )
  assert.equal(await run(['consume', 'numbers', '--offset', '7']), '7\n8\n9\n')
  assert.equal(await run(['consume', 'numbers', '--offset', '-2']), '8\n9\n')
  assert.equal(await run(['consume', 'numbers', '--max-messages', '1']), '0\n')
  assert.equal(
    await run(['consume', 'numbers', '--follow', '--from-beginning', '--max-messages', '10']),
    '0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n',
  )
  assert.equal(await run(['consume', 'numbers', '--offset', '10']), '')
  const outside = await refusal(['consume', 'numbers', '--offset', '11'])
  assert.equal(outside.code, 1)
  assert.match(outside.stderr, /accepted +0 to 10/)
  const partition = await refusal(['consume', 'numbers', '--partition', '1'])
  assert.equal(partition.code, 2)
})

test('consume --follow prints what comes', async () => {
  await produce(server, 'live', ['before'])
  let ended = false
  const following = run(['consume', 'live', '--follow', '--max-messages', '2']).finally(() => {
    ended = true
  })
  // The reader begins at the end; what is written until it is there does not count.
  for (let at = 0; !ended; at++) await produce(server, 'live', [`${at}`])
  const printed = (await following).trim().split('\n')
  assert.equal(printed.length, 2)
  assert.equal(Number(printed[1]), Number(printed[0]) + 1)
})

test('a group goes on where it left off, and can be looked at and deleted', async () => {
  await produce(server, 'work', ['a', 'b', 'c'])
  assert.equal(await run(['consume', 'work', '--group', 'readers', '--max-messages', '2']), 'a\nb\n')
  assert.equal(await run(['consume', 'work', '--group', 'readers']), 'c\n')
  assert.equal(await run(['consume', 'work', '--group', 'readers']), '')
  await produce(server, 'work', ['d'])
  const groups = JSON.parse(await run(['groups', 'list', '--json']))
  assert.deepEqual(
    groups.map((group: { group: string }) => group.group),
    ['readers'],
  )
  const { offsets } = JSON.parse(await here(['groups', 'describe', 'readers', '--json']))
  assert.deepEqual(offsets, [{ topic: 'work', partition: 0, committed: 3, end: 4, lag: 1 }])
  assert.match(await here(['groups', 'describe', 'readers']), /^readers {2}empty, 0 members[\s\S]*work +0 +3 +4 +1/)
  const unasked = await refusalHere(['groups', 'delete', 'readers'])
  assert.equal(unasked.code, 2)
  await here(['groups', 'delete', 'readers', '--yes'])
  assert.equal(await here(['groups', 'list', '--names']), '')
  const gone = await refusalHere(['groups', 'describe', 'readers'])
  assert.match(gone.stderr, /There is no such consumer group/)
})

test('topics are listed, described and deleted', async () => {
  await here(['topics', 'create', 'orders', '--partitions', '2', '--config', 'retention.ms=3600000'])
  await produce(server, 'orders', ['x'], 1)
  assert.match(await run(['topics', 'list']), /^TOPIC +PARTITIONS +RECORDS\n[\s\S]*^orders +2 +1$/m)
  assert.ok((await here(['topics', 'list', '--names'])).split('\n').includes('orders'))
  const described = JSON.parse(await here(['topics', 'describe', 'orders', '--json']))
  assert.deepEqual(described.partitions, [
    { partition: 0, start: 0, end: 0 },
    { partition: 1, start: 0, end: 1 },
  ])
  const retention = described.configs.find((config: { name: string }) => config.name === 'retention.ms')
  assert.deepEqual(retention, { name: 'retention.ms', value: '3600000', isDefault: false })
  assert.match(await here(['topics', 'describe', 'orders']), /retention\.ms +3600000/)

  const twice = await refusalHere(['topics', 'create', 'orders'])
  assert.equal(twice.code, 1)
  assert.match(twice.stderr, /TOPIC_ALREADY_EXISTS/)
  assert.match(await here(['topics', 'create', 'orders', '--if-not-exists']), /there already/)
  assert.match((await refusalHere(['topics', 'create', 'a b'])).stderr, /error: /)
  assert.match((await refusalHere(['topics', 'describe', 'ordres'])).stderr, /did you mean +orders/)
  assert.match(await here(['topics', 'delete', 'orders', '--yes']), /Deleted orders \(1 record\)/)
  assert.ok(!(await here(['topics', 'list', '--names'])).split('\n').includes('orders'))
})

test('a reader that goes away ends the command in peace', async () => {
  await run(['produce', 'many'], 'line\n'.repeat(200_000))
  const { spawn } = await import('node:child_process')
  const program = new URL('../bin/chronicle.js', import.meta.url).pathname
  const script = `'${process.execPath}' '${program}' consume many --bootstrap ${server.bootstrap} | head -1; exit "\${PIPESTATUS[0]}"`
  const shell = spawn('bash', ['-c', script])
  let stderr = ''
  shell.stderr.on('data', piece => {
    stderr += piece
  })
  const code = await new Promise(resolve => shell.on('close', resolve))
  assert.equal(stderr, '')
  assert.equal(code, 0)
})
