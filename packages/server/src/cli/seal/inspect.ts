import { open } from 'node:fs/promises'
import { parseSealedHeader, sealedHeaderBytesMax } from '@chronicle/vault'
import { printable, size } from '../format.ts'
import type { Terminal } from '../terminal.ts'
import { unreadable } from './input.ts'

/** Of C2SP chunked-encryption: salt and commitment, a whole chunk, and what each adds to its plain bytes. */
const prefixBytes = 56
const sealedChunkBytes = 16_400
const tagBytes = 16

/** What the clear header of a sealed file says. Needs no key, so nothing of it is certain. */
export type InspectedFile = {
  readonly path: string
  readonly kind: string
  readonly place: string
  readonly keyId: string
  readonly epoch: number
  readonly sealedBytes: number
  readonly plainBytes: number
}

/** Throws 'vault.not-sealed', 'vault.newer-version', 'vault.truncated', 'vault.tampered'. */
export async function inspectFile(path: string): Promise<InspectedFile> {
  const file = await open(path, 'r').catch(error => {
    throw unreadable(path, error)
  })
  try {
    const { size: sealedBytes } = await file.stat()
    const { buffer, bytesRead } = await file.read(Buffer.alloc(sealedHeaderBytesMax), 0, sealedHeaderBytesMax, 0)
    const { headerBytes, kind, place, keyId, epoch } = parseSealedHeader(buffer.subarray(0, bytesRead))
    const chunksBytes = Math.max(tagBytes, sealedBytes - headerBytes - prefixBytes)
    const chunks = Math.floor(chunksBytes / sealedChunkBytes) + 1
    return { path, kind, place, keyId, epoch, sealedBytes, plainBytes: chunksBytes - chunks * tagBytes }
  } finally {
    await file.close()
  }
}

export async function inspectFiles(terminal: Terminal, paths: readonly string[], json: boolean): Promise<void> {
  const inspected = await Promise.all(paths.map(inspectFile))
  if (json) {
    terminal.out(JSON.stringify(inspected, null, 2))
    return
  }
  for (const { path, kind, place, keyId, epoch, sealedBytes, plainBytes } of inspected) {
    terminal.out(terminal.style('bold', path))
    const facts = [
      ['sealed', `${kind}${place === '' ? '' : `, as ${printable(place)}`}`],
      ['key', epoch === 0 ? keyId : `${keyId}, epoch ${epoch}`],
      ['cipher', 'Cobblestone-256: AES-256-GCM in chunks of 16 KiB (C2SP chunked-encryption)'],
      ['size', `${size(sealedBytes)}, of them ${size(plainBytes)} plain bytes`],
    ] as const
    for (const [name, value] of facts) terminal.out(`  ${terminal.style('dim', name.padEnd(6))}  ${value}`)
  }
  terminal.note(
    'Nothing of this is certain before the file is opened; `chronicle verify` does that and writes nothing.',
  )
}
