import type { Random } from '@chronicle/base'
import type { SealedHeader, SealedPlace, SealKey } from './contract.ts'
import { parseSealedHeader } from './header.ts'
import { Opener } from './opener.ts'
import { PrefixGatherer } from './prefix.ts'
import { Sealer } from './sealer.ts'

/** A key, or how to find the one that a header names. */
export type KeyChoice = SealKey | ((header: SealedHeader) => Promise<SealKey>)

export function keyFor(choice: KeyChoice, header: SealedHeader): SealKey | Promise<SealKey> {
  return typeof choice === 'function' ? choice(header) : choice
}

/** Seals a stream: takes the next piece when what came of the one before was taken. */
export async function* sealStream(
  pieces: AsyncIterable<Uint8Array>,
  key: SealKey,
  place: SealedPlace,
  random: Random,
): AsyncIterable<Buffer> {
  const sealer = new Sealer(key, place, random)
  yield sealer.begin()
  for await (const piece of pieces) {
    const sealed = sealer.push(piece)
    if (sealed.length > 0) yield sealed
  }
  yield sealer.end()
}

/** Opens a stream. What it yields is authenticated; only when it has ended without an error is it known to be all. Throws as {@link Opener} does. */
export async function* openStream(
  pieces: AsyncIterable<Uint8Array>,
  key: KeyChoice,
  expected?: Partial<SealedPlace>,
): AsyncIterable<Buffer> {
  const gatherer = new PrefixGatherer()
  let opener: Opener | undefined
  for await (const piece of pieces) {
    let next: Uint8Array = piece
    if (!opener) {
      const found = gatherer.push(piece)
      if (!found) continue
      opener = new Opener(await keyFor(key, parseSealedHeader(found.prefix)), expected)
      opener.push(found.prefix)
      next = found.rest
    }
    const plain = opener.push(next)
    if (plain.length > 0) yield plain
  }
  if (!opener) throw gatherer.endMissing()
  const last = opener.end()
  if (last.length > 0) yield last
}
