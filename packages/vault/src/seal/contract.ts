import type { KeyObject } from 'node:crypto'

/** What kinds of bytes are sealed. The number stands in the header and is never used for anything else. */
export const sealedKinds = {
  file: 1,
  chunk: 2,
  parquet: 3,
  image: 4,
  screenshot: 5,
  segment: 6,
  index: 7,
  record: 8,
} as const
export type SealedKind = keyof typeof sealedKinds

/** What the bytes are and where they belong. Both are authenticated: bytes that were moved do not open where they do not belong. */
export type SealedPlace = {
  readonly kind: SealedKind
  /** A path in an archive, `<session id>/<chunk index>`, …: at most 1,000 bytes of UTF-8; may be empty. Readable without a key. */
  readonly place: string
}

/** The 256-bit key that one message's key, nonce and commitment are derived from, and how a ciphertext names it. */
export type SealKey = {
  /** A UUID: the data key's id. */
  readonly id: string
  /** Which key derived from that data key: 0 is the data key itself. */
  readonly epoch: number
  readonly secret: KeyObject
}

/** The clear header of something sealed, as it was found. Nothing of it is true before the message has been opened. */
export type SealedHeader = SealedPlace & {
  readonly keyId: string
  readonly epoch: number
  /** Bytes of the header; the message begins behind them. */
  readonly headerBytes: number
}
