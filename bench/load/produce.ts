/** Loads of produce requests: as fast as answers come, or one at a time at a steady pace. */
import { connect } from './ask.ts'
import { recordBatch } from './batch.ts'
import { produceErrorAt, produceRequest } from './frames.ts'
import { type Load, runLoads } from './pipe.ts'

export type ProduceLoad = {
  readonly topic: string
  readonly partitions: number
  /** Connection c produces to partition c modulo `partitions`. */
  readonly connections: number
  /** Requests under way on each connection. */
  readonly inFlight: number
  readonly recordsPerBatch: number
  readonly valueBytes: number
  readonly seconds: number
  /** The load ends early at this many bytes, which bounds the disk that it takes. */
  readonly bytesMax: number
}

export type ProduceFlow = {
  readonly bytesPerSecond: number
  readonly requestsPerSecond: number
  readonly bytes: number
}

/** Produces with acks=all and counts what is acknowledged. Rejects at the first refusal. */
export async function produce(port: number, load: ProduceLoad): Promise<ProduceFlow> {
  const batch = recordBatch(load.recordsPerBatch, load.valueBytes)
  const loads = produceLoads(load, batch)
  const flow = await runLoads(port, loads, load.seconds)
  const bytes = flow.answers * batch.length
  return { bytesPerSecond: bytes / flow.seconds, requestsPerSecond: flow.answers / flow.seconds, bytes }
}

export function produceLoads(load: Omit<ProduceLoad, 'recordsPerBatch' | 'valueBytes'>, batch: Buffer): Load[] {
  let bytesLeft = load.bytesMax
  return Array.from({ length: load.connections }, (_, connection) => {
    const request = produceRequest(load.topic, connection % load.partitions, batch)
    return {
      inFlight: load.inFlight,
      next: () => ((bytesLeft -= batch.length) >= 0 ? request : undefined),
      check: produceCheck(load.topic),
    }
  })
}

export function produceCheck(topic: string): (head: Buffer) => void {
  const at = produceErrorAt(topic)
  return head => {
    const code = head.readInt16BE(at)
    if (code !== 0) throw new Error(`a produce request to ${topic} was refused with Kafka's error ${code}`)
  }
}

/** Sends one request every `everyMs` on one connection and returns how long each took to be acknowledged, in milliseconds. */
export async function producePaced(
  port: number,
  options: { topic: string; batch: Buffer; everyMs: number; seconds: number },
): Promise<number[]> {
  const request = produceRequest(options.topic, 0, options.batch)
  const check = produceCheck(options.topic)
  const times: number[] = []
  const { ask, close } = await connect(port)
  const end = performance.now() + options.seconds * 1000
  for (let due = performance.now(); due < end; due += options.everyMs) {
    await new Promise(resolve => setTimeout(resolve, Math.max(0, due - performance.now())))
    const sent = performance.now()
    check(await ask(request))
    times.push(performance.now() - sent)
  }
  close()
  return times
}
