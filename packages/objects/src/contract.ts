/**
 * What everything that keeps objects sees of an object store. One contract over a local disk, S3, Google Cloud Storage and Azure:
 * whole objects under keys, read after write and list after write strongly consistent, an object seen whole or not at all.
 */

/**
 * An object store, or a part of one: keys are relative to `location`. A key is 1 to 1,000 bytes of UTF-8 in parts joined by single slashes, see
 * `checkKey`. No two keys may be such that one is the other with a slash and more behind it: a local disk has a directory there.
 */
export type ObjectStore = {
  /** For messages and `status`: `file:///var/lib/chronicle/objects`, `s3://bucket/prefix`. Never a credential. */
  readonly location: string

  /** What is known about an object; undefined when there is none. */
  head(key: string): Promise<ObjectInfo | undefined>

  /**
   * One object, or a range of its bytes. All bytes come from the one version that `info` names. The caller reads `body` to its end, or
   * leaves its loop, or calls `cancel`; until then a file or a connection is held.
   * Rejects with 'objects.not-found', 'objects.invalid-range' (the start lies behind the end of the object).
   */
  get(key: string, range?: ByteRange): Promise<ObjectRead>

  /**
   * Stores one object whole: durable, and visible to every process, when it resolves. A body that fails, or a `signal` that aborts,
   * leaves no trace. With 'absent' it rejects with 'objects.exists' when there is one; with a version with 'objects.changed' when the object
   * is not that version any more, or gone. 'objects.outcome-unknown': an answer never came; read the object back before trying again.
   */
  put(key: string, body: ObjectBody, options?: PutOptions): Promise<ObjectInfo>

  /**
   * Objects whose keys begin with `prefix`, in the order of their keys' UTF-8 bytes, from the first one after `startAfter`; each as it was at
   * some moment of the listing. `prefix` and `startAfter` may be any text; rejects with 'objects.invalid-key' where one is not well-formed Unicode.
   */
  list(options?: ListOptions): AsyncIterable<ObjectInfo>

  /** Removes an object; durable when it resolves. Removing what is not there succeeds. */
  delete(key: string): Promise<void>

  close(): Promise<void>
}

/** An object store for who reads alone. */
export type ObjectReader = Pick<ObjectStore, 'location' | 'head' | 'get' | 'list'>

/**
 * `version` is opaque: two reads with the same version had the same bytes, and no later content of this key ever has it again (O3).
 */
export type ObjectInfo = {
  readonly key: string
  readonly bytes: number
  readonly version: string
  /** Milliseconds since the epoch, by the clock of the store. For people, not for order. */
  readonly modifiedMs: number
}

/** Bytes from `start` (inclusive) to `end` (exclusive; the end of the object when left out, cut down to it when behind it). A negative start counts from the end. */
export type ByteRange = { readonly start: number; readonly end?: number }

export type ObjectRead = {
  readonly info: ObjectInfo
  /** The range that came, after cutting down. */
  readonly start: number
  readonly end: number
  readonly body: AsyncIterable<Uint8Array>
  cancel(): Promise<void>
}

/** What is stored: bytes at hand, or pieces as they come. Pieces may be reused by their maker once the next one is asked for. */
export type ObjectBody = Uint8Array | AsyncIterable<Uint8Array>

export type PutOptions = {
  readonly condition?: 'absent' | { readonly version: string }
  readonly signal?: AbortSignal
}

export type ListOptions = { readonly prefix?: string; readonly startAfter?: string; readonly limit?: number }
