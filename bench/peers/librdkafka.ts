/** librdkafka producing for real, from a process of its own: against a broker, or against the mock cluster within it. */
import { execFile } from 'node:child_process'
import { existsSync, globSync, mkdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { need } from '../harness.ts'

const runFile = promisify(execFile)
const cache = path.join(import.meta.dirname, '..', '.cache')
const source = path.join(import.meta.dirname, 'librdkafka.c')
const wheel = 'confluent-kafka==2.16.1'

export type Librdkafka = { readonly program: string; readonly library: string }

/**
 * Brings the newest librdkafka (out of the Python wheel, else the system's) and compiles the producer.
 * Rejects with what is missing.
 */
export async function librdkafka(): Promise<Librdkafka> {
  mkdirSync(cache, { recursive: true })
  const program = path.join(cache, 'librdkafka')
  if (!existsSync(program) || statSync(program).mtimeMs < statSync(source).mtimeMs) {
    const compile = ['-O2', '-Wall', '-o', program, source, '-ldl']
    await need('a C compiler (cc)', () => runFile('cc', compile, { timeout: 60_000 }))
  }
  const library = wheelLibrary() ?? (await installWheel()) ?? 'librdkafka.so.1'
  return { program, library }
}

async function installWheel(): Promise<string | undefined> {
  const venv = path.join(cache, 'venv')
  try {
    await runFile('python3', ['-m', 'venv', venv], { timeout: 60_000 })
    await runFile(path.join(venv, 'bin', 'pip'), ['install', '--quiet', wheel], { timeout: 120_000 })
  } catch {
    // Without Python or a registry the system's own library serves; where there is none, loading it says so.
    return undefined
  }
  return wheelLibrary()
}

function wheelLibrary(): string | undefined {
  return globSync(path.join(cache, 'venv/lib/python3*/site-packages/confluent_kafka.libs/librdkafka-*.so*'))[0]
}

export type Produced = { readonly recordsPerSecond: number; readonly version: string }

/** Settings of every run, so that only the broker differs. 64 KiB batches; queues large enough never to be the limit. */
const settings = {
  acks: 'all',
  'linger.ms': '5',
  'batch.size': '65536',
  'batch.num.messages': '10000',
  'queue.buffering.max.messages': '200000',
  'queue.buffering.max.kbytes': '131072',
  'socket.nagle.disable': 'true',
  log_level: '3',
}

/** `bootstrap` is `host:port`, or undefined for the mock cluster. */
export async function produce(
  peer: Librdkafka,
  options: {
    bootstrap: string | undefined
    topic: string
    partitions: number
    recordBytes: number
    seconds: number
    bytesMax: number
  },
): Promise<Produced> {
  const where =
    options.bootstrap === undefined ? { 'test.mock.num.brokers': '1' } : { 'bootstrap.servers': options.bootstrap }
  const pairs = Object.entries({ ...settings, ...where }).map(([name, value]) => `${name}=${value}`)
  const { topic, partitions, recordBytes, seconds, bytesMax } = options
  const numbers = [partitions, recordBytes, warmUpSeconds, seconds, bytesMax].map(String)
  const { stdout } = await runFile(peer.program, [peer.library, topic, ...numbers, ...pairs], {
    timeout: (seconds + 40) * 1000,
  })
  const result = JSON.parse(stdout) as {
    version: string
    records: number
    failed: number
    seconds: number
    error: string
  }
  if (result.failed > 0) throw new Error(`librdkafka: ${result.failed} records were refused: ${result.error}`)
  return { recordsPerSecond: result.records / result.seconds, version: result.version }
}

const warmUpSeconds = 0.3
