/** What the machine allows without any of our code: the figures that ratios are taken against. */
import { crc32c } from '@chronicle/base'
import { type Benchmark, type Context, kibibyte, mebibyte, megabyte, type Row, single } from '../harness.ts'
import { appendAndSync } from '../peers/disk.ts'
import { socketFlow, startSocketPeer } from '../peers/socket.ts'

export const limits: Benchmark = {
  name: 'limits',
  about: 'bare disk, socket and checksum',
  async run(context) {
    return [...(await disk(context)), ...(await sockets(context)), ...checksums(context)]
  },
}

async function disk(context: Context): Promise<Row[]> {
  const rows: Row[] = []
  const seconds = context.secondsPerRound / 4
  for (const bytes of [16 * kibibyte, 64 * kibibyte, 256 * kibibyte, mebibyte, 4 * mebibyte]) {
    for (const recycled of [false, true]) {
      context.progress(`append and fdatasync, ${size(bytes)}`)
      const times = await appendAndSync(context.directory, { bytes, seconds, recycled })
      const what = `append ${size(bytes)} + fdatasync${recycled ? ', file written over' : ''}`
      rows.push(
        single(`${what}: p50`, [times.p50Ms], 'ms'),
        single(`${what}: p99`, [times.p99Ms], 'ms'),
        single(`${what}: rate`, [times.bytesPerSecond / megabyte], 'MB/s'),
      )
    }
  }
  return rows
}

async function sockets(context: Context): Promise<Row[]> {
  const rows: Row[] = []
  const peer = await startSocketPeer()
  const seconds = context.secondsPerRound / 2
  try {
    for (const answerBytes of [64 * kibibyte, 256 * kibibyte, mebibyte]) {
      context.progress(`loopback TCP, answers of ${size(answerBytes)}`)
      const load = { connections: 4, inFlight: 2, requestBytes: 100, answerBytes, seconds }
      const { bytesPerSecond } = await socketFlow(peer, load)
      rows.push(
        single(`loopback TCP, Node to Node, answers of ${size(answerBytes)}`, [bytesPerSecond / megabyte], 'MB/s'),
      )
    }
    context.progress('loopback TCP, headers only')
    const load = { connections: 4, inFlight: 32, requestBytes: 230, answerBytes: 60, seconds }
    const { answersPerSecond } = await socketFlow(peer, load)
    rows.push(single('loopback TCP, requests of 230 B, answers of 60 B', [answersPerSecond / 1000], 'k/s'))
  } finally {
    await peer.stop()
  }
  return rows
}

function checksums(context: Context): Row[] {
  return [kibibyte, 64 * kibibyte].map(bytes => {
    context.progress(`CRC-32C of ${size(bytes)}`)
    return single(
      `CRC-32C, pieces of ${size(bytes)}`,
      [crcBytesPerSecond(bytes, context.secondsPerRound / 4) / 1e9],
      'GB/s',
    )
  })
}

/** Speed of the checksum alone over memory larger than the processor's caches. */
export function crcBytesPerSecond(pieceBytes: number, seconds: number): number {
  const memory = Buffer.alloc(64 * mebibyte, 3)
  const started = performance.now()
  let bytes = 0
  while (performance.now() - started < seconds * 1000) {
    for (let at = 0; at < memory.length; at += pieceBytes) crc32c(memory.subarray(at, at + pieceBytes))
    bytes += memory.length
  }
  return (bytes * 1000) / (performance.now() - started)
}

function size(bytes: number): string {
  return bytes >= mebibyte ? `${bytes / mebibyte} MiB` : `${bytes / kibibyte} KiB`
}
