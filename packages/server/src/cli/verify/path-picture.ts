import { nodeHash } from '@chronicle/vault'
import { count, short } from '../format.ts'

/** One step up the tree: the sibling, the side it stands on, and the hash of both. */
type Step = { readonly side: 'left' | 'right'; readonly sibling: Uint8Array; readonly parent: Uint8Array }

/**
 * The way from a leaf up to the root, as an inclusion proof (RFC 6962, section 2.1.1) has it. For a picture: what a proof is worth,
 * `verifyInclusion` says.
 */
function steps(index: number, size: number, leaf: Uint8Array, proof: readonly Uint8Array[]): Step[] {
  let [at, last, hash] = [index, size - 1, leaf]
  return proof.map(sibling => {
    // A last node without a sibling is lifted to the level where it has one.
    while (at % 2 === 0 && at === last && last > 0) [at, last] = [at / 2, Math.floor(last / 2)]
    const side = at % 2 === 1 ? 'left' : 'right'
    hash = side === 'left' ? nodeHash(sibling, hash) : nodeHash(hash, sibling)
    ;[at, last] = [Math.floor(at / 2), Math.floor(last / 2)]
    return { side, sibling, parent: hash }
  })
}

/** The way from the leaf to the root as lines of text. */
export function drawPath(place: {
  readonly index: number
  readonly size: number
  readonly leafHash: Uint8Array
  readonly proof: readonly Uint8Array[]
  readonly root: Uint8Array
}): string[] {
  const { index, size, leafHash, proof, root } = place
  const title = `leaf ${count(index)}`
  const end = `root of ${count(size)}`
  const width = Math.max(title.length, end.length, 3 + shown(root).length)
  const lines = steps(index, size, leafHash, proof).map(({ side, sibling, parent }) => {
    return `   ├ ${shown(sibling).padEnd(width - 3)}  ${side.padEnd(5)}  →  ${shown(parent)}`
  })
  return [
    `  ${title.padEnd(width)}            ${shown(leafHash)}`,
    ...lines,
    `  ${end.padEnd(width)}            ${shown(root)}  as it was signed`,
  ]
}

function shown(hash: Uint8Array): string {
  return short(Buffer.from(hash).toString('hex'))
}
