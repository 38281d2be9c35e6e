/** Producers that keep sending numbered records while the server comes and goes. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Producer } from '@platformatic/kafka'
import { systemPython } from '../clients/python.ts'

/** A record that the server has acknowledged. Numbers rise within a partition. */
export type Acknowledged = { readonly partition: number; readonly offset: number; readonly number: number }

export type Load = {
  readonly name: string
  /** In the order of arrival. Grows. */
  readonly acknowledged: readonly Acknowledged[]
  /** What went wrong for good. */
  readonly failures: readonly string[]
  /** Sends nothing more, and resolves when everything sent is answered. */
  finish(): Promise<void>
}

export type Target = { readonly bootstrap: string; readonly topic: string; readonly partitions: number }

const recordsPerSecond = 5000

/** librdkafka through Debian's Python module. It retries without end: everything that it sends is acknowledged some day. */
export function librdkafkaLoad({ bootstrap, topic, partitions }: Target): Load {
  const program = join(import.meta.dirname, '../clients/python/steady_producer.py')
  const child = spawn(systemPython, [program, bootstrap, topic, String(partitions), String(recordsPerSecond)])
  const acknowledged: Acknowledged[] = []
  const failures: string[] = []
  createInterface({ input: child.stdout }).on('line', line => {
    const [word, ...rest] = line.split(' ')
    if (word !== 'acknowledged') return void failures.push(line)
    const [partition, offset, number] = rest.map(Number)
    acknowledged.push({ partition: partition!, offset: offset!, number: number! })
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    // librdkafka logs every broken connection, which is what the test is about.
    if (/Traceback/.test(text)) failures.push(text)
  })
  const ended = new Promise<void>(resolve => child.on('close', () => resolve()))
  const finish = () => {
    child.stdin.end()
    return ended
  }
  return { name: 'librdkafka', acknowledged, failures, finish }
}

/** Where librdkafka is missing. A send that is given up may or may not have reached the log; its records are not sent again. */
export function platformaticLoad({ bootstrap, topic, partitions }: Target): Load {
  const producer = new Producer({
    clientId: 'steady',
    bootstrapBrokers: [bootstrap],
    idempotent: true,
    acks: -1,
    retries: 100,
    retryDelay: 50,
  })
  producer.on('error', () => {})
  const acknowledged: Acknowledged[] = []
  const batch = 20
  let stopped = false
  let number = 0
  const sendOne = async () => {
    const partition = Math.floor(number / batch) % partitions
    const first = number
    const messages = Array.from({ length: batch }, () => ({ topic, partition, value: Buffer.from(`${number++} `) }))
    try {
      const { offsets } = await producer.send({ messages })
      const base = Number(offsets![0]!.offset)
      for (let at = 0; at < batch; at++) acknowledged.push({ partition, offset: base + at, number: first + at })
    } catch {
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }
  const running = (async () => {
    while (!stopped) await sendOne()
    await producer.close()
  })()
  const finish = () => {
    stopped = true
    return running
  }
  return { name: '@platformatic/kafka', acknowledged, failures: [], finish }
}
