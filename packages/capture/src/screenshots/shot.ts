import type { DeletionReason, ShotRecord } from './contract.ts'
import type { Deadline } from './deadline.ts'
import { nextState, type ShotEvent } from './lifecycle.ts'
import type { SealedFile } from './shot-files.ts'

/** A screenshot whose bytes are somewhere in the hands of this process. */
export class Shot {
  readonly deadline: Deadline
  record: ShotRecord
  /** The bytes in the clear; own memory, so that they can be overwritten. */
  memory: Buffer | undefined
  file: SealedFile | undefined
  /** What `memory` counts as, while there is some. */
  counted: 'waiting' | 'memory' = 'waiting'
  /** While a file of it is being written: resolves once it is, and is removed again if it has to be. */
  writing: Promise<void> | undefined
  /** Something of it may lie on the disk. */
  mayHaveFile = false
  /** While it is handed on: resolves once it is destroyed after that. */
  ending: Promise<void> | undefined
  /** Why it is being destroyed: decided once. */
  doom: DeletionReason | undefined
  /** It is one of those that are kept for who develops. */
  isKept = false
  /** Until its pixels are measured and its place is found. */
  readonly placed = Promise.withResolvers<void>()

  constructor(record: ShotRecord, memory: Buffer, deadline: Deadline) {
    this.record = record
    this.memory = memory
    this.deadline = deadline
  }

  take(event: ShotEvent, changes: Partial<ShotRecord> = {}): void {
    this.record = { ...this.record, ...changes, state: nextState(this.record.state, event) }
  }

  /** Overwrites what lies in memory; returns how much that was. */
  wipeMemory(): number {
    const bytes = this.memory?.length ?? 0
    this.memory?.fill(0)
    this.memory = undefined
    return bytes
  }
}
