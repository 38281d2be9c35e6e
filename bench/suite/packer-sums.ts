/** Sealing and checksums as the packer does them, in pieces of 256 KiB, beside OpenSSL and the bare library. */
import { createSecretKey, randomBytes, randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import { systemRandom } from '@chronicle/base'
import { checksum, Opener, type SealedPlace, Sealer, type SealKey, seal } from '@chronicle/vault'
import { alternate, atLeast, type Benchmark, compare, kibibyte, mebibyte, megabyte, single } from '../harness.ts'
import { opensslGcmSpeed } from '../peers/openssl.ts'

const pieceBytes = 256 * kibibyte
const fileBytes = 64 * mebibyte
const cipherChunkBytes = 16 * kibibyte
const place: SealedPlace = { kind: 'parquet', place: 'parquet/bench' }

export const packerSums: Benchmark = {
  name: 'packer-sums',
  about: `files of ${fileBytes / mebibyte} MiB in pieces of ${pieceBytes / kibibyte} KiB, one thread`,
  async run(context) {
    const seconds = context.secondsPerRound
    const key: SealKey = { id: randomUUID(), epoch: 0, secret: createSecretKey(randomBytes(32)) }
    const piece = randomBytes(pieceBytes)
    const sealed = seal(randomBytes(fileBytes), key, place, systemRandom)
    const blake3 = bareBlake3()
    const figures = await alternate(context, {
      seal: async () => speed(seconds, () => sealFile(key, piece)),
      openssl: async () => (await opensslGcmSpeed(cipherChunkBytes, seconds)) / megabyte,
      open: async () => speed(seconds, () => openFile(key, sealed)),
      blake3: async () => speed(seconds, () => checksumOfFile(piece)),
      bare: async () => speed(seconds, () => piecesOfFile(() => void blake3(piece))),
    })
    const unit = 'MB/s'
    const openssl = { unit, peer: figures.openssl, peerName: 'openssl speed' }
    return [
      single('sealing, AES-256-GCM', figures.seal, unit, atLeast(100)),
      compare({ what: 'sealing, AES-256-GCM', ours: figures.seal, ...openssl }),
      compare({ what: 'opening, AES-256-GCM', ours: figures.open, ...openssl }),
      single('checksum, BLAKE3', figures.blake3, unit, atLeast(200)),
      compare({
        what: 'checksum, BLAKE3',
        unit,
        ours: figures.blake3,
        peer: figures.bare,
        peerName: 'the library, each piece by itself',
      }),
    ]
  },
}

/** Megabytes a second of what works through a whole file each time. */
function speed(seconds: number, work: () => void): number {
  const started = performance.now()
  let bytes = 0
  while (performance.now() - started < seconds * 1000) {
    work()
    bytes += fileBytes
  }
  return bytes / megabyte / ((performance.now() - started) / 1000)
}

/** Each piece is let go of at once, as in the packer. */
function sealFile(key: SealKey, piece: Uint8Array): void {
  const sealer = new Sealer(key, place, systemRandom)
  sealer.begin()
  piecesOfFile(() => letGo(sealer.push(piece)))
  sealer.end()
}

function openFile(key: SealKey, sealed: Uint8Array): void {
  const opener = new Opener(key, place)
  for (let at = 0; at < sealed.length; at += pieceBytes) letGo(opener.push(sealed.subarray(at, at + pieceBytes)))
  opener.end()
}

function letGo(piece: Uint8Array): void {
  const memory = piece.buffer as ArrayBuffer
  memory.transfer(0)
}

function checksumOfFile(piece: Uint8Array): void {
  const sum = checksum('blake3')
  piecesOfFile(() => sum.update(piece))
  sum.digest()
}

function piecesOfFile(take: () => void): void {
  for (let at = 0; at < fileBytes; at += pieceBytes) take()
}

/** The library that the vault uses, from there: nothing else here needs it. */
function bareBlake3(): (bytes: Uint8Array) => unknown {
  const requireThere = createRequire(import.meta.resolve('@chronicle/vault'))
  return requireThere('@napi-rs/blake-hash').blake3
}
