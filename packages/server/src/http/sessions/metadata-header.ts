import type { ChunkMetadata } from '@chronicle/sessions'
import { checkMetadata, invalidChunk } from './checks.ts'

export const metadataHeader = 'x-chunk-metadata'

/** Longer metadata would pass what clients take as headers. */
const sentCharsMax = 8 * 1024

/** The metadata in a header: JSON, in ASCII or UTF-8. */
export function parseMetadataHeader(header: string | undefined): ChunkMetadata | undefined {
  if (header === undefined) return undefined
  // Node gives the bytes of a header as Latin-1.
  return checkMetadata(parse(Buffer.from(header, 'latin1').toString()), metadataHeader)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) throw invalidChunk(metadataHeader, text, 'a JSON object')
    throw error
  }
}

/** The header for `metadata`, in ASCII; undefined where there is none, or too much of it. */
export function metadataHeaderOf(metadata: ChunkMetadata | undefined): string | undefined {
  if (metadata === undefined) return undefined
  const header = JSON.stringify(metadata).replace(/[\u007f-\uffff]/g, escaped)
  return header.length > sentCharsMax ? undefined : header
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
