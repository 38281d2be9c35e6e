/**
 * Puts one record into the ring: its bytes first, then the write position, in this order and by calls of their own (PR1). Whoever dies
 * between the two leaves bytes that nobody looks at, in room that is still free.
 */
import { crc32c } from '@chronicle/base'
import { pressed, type RingFile } from './file.ts'
import { putRecordHeader, recordBytes, recordHeaderBytes, wrapKind } from './layout.ts'

/** Up to this size header and payload are copied together and written in one call: measured, that is the faster way. */
const copiedBytesMax = 256 * 1024

export class Publisher {
  readonly #file: RingFile
  readonly #capacityBytes: number
  readonly #scratch: Buffer
  #writePosition: number
  /** As last seen: the reader may have released more since. */
  #readPosition: number
  #thresholdBytes: number
  #isPressed: boolean
  #sequence: number
  #lostRecords: number
  #lostBytes: number

  constructor(file: RingFile) {
    this.#file = file
    this.#capacityBytes = file.header.capacityBytes
    this.#scratch = Buffer.alloc(Math.min(copiedBytesMax, this.#capacityBytes))
    const words = file.updatePressure()
    this.#isPressed = pressed(words)
    this.#writePosition = words.writePosition!
    // Not known, or impossible: nothing is free until the reader has set it right.
    this.#readPosition = words.readPosition ?? this.#writePosition - this.#capacityBytes
    this.#thresholdBytes = words.thresholdBytes
    this.#sequence = words.sequence
    this.#lostRecords = words.lostRecords
    this.#lostBytes = words.lostBytes
  }

  /** False, and nothing changed, where there is no room. */
  tryPublish(kind: number, payload: Uint8Array, nowMs: number): boolean {
    const bytes = recordBytes(payload.length)
    const rest = this.#capacityBytes - (this.#writePosition % this.#capacityBytes)
    const skipped = rest < bytes ? rest : 0
    if (!this.#hasRoom(skipped + bytes)) return false
    const sequence = this.#sequence + 1
    const position = this.#writePosition + skipped
    if (skipped >= recordHeaderBytes) this.#writeWrapMarker(skipped - recordHeaderBytes, sequence)
    this.#writeRecord(position, sequence, kind, payload)
    this.#file.storeWritePosition(position + bytes, sequence, nowMs)
    this.#writePosition = position + bytes
    this.#sequence = sequence
    if (this.#isPressed || this.#writePosition - this.#readPosition > this.#thresholdBytes) this.#look()
    return true
  }

  /** Counts a record that was not written (PR3): it takes a sequence number, so that the reader sees the gap. */
  lose(payloadBytes: number, nowMs: number): void {
    this.#sequence++
    this.#lostRecords++
    this.#lostBytes += payloadBytes
    this.#file.storeLosses(this.#sequence, nowMs, this.#lostRecords, this.#lostBytes)
  }

  #hasRoom(bytes: number): boolean {
    if (this.#writePosition + bytes - this.#readPosition <= this.#capacityBytes) return true
    this.#look()
    return this.#writePosition + bytes - this.#readPosition <= this.#capacityBytes
  }

  /** Sees what the reader has released, and sets the flag as it should be. */
  #look(): void {
    const words = this.#file.updatePressure()
    const { readPosition } = words
    this.#isPressed = pressed(words)
    this.#thresholdBytes = words.thresholdBytes
    // A position beyond what was written is no reader's: taken for room, it would have records overwritten that nobody read (PR2).
    if (readPosition !== undefined && readPosition <= this.#writePosition) this.#readPosition = readPosition
  }

  #writeWrapMarker(length: number, sequence: number): void {
    const header = { position: this.#writePosition, sequence, length, kind: wrapKind, payloadCrc: 0 }
    putRecordHeader(this.#scratch, 0, header, this.#file.salt)
    this.#file.writeArea(this.#scratch, recordHeaderBytes, this.#writePosition)
  }

  #writeRecord(position: number, sequence: number, kind: number, payload: Uint8Array): void {
    const { length } = payload
    const header = { position, sequence, length, kind, payloadCrc: crc32c(payload) }
    putRecordHeader(this.#scratch, 0, header, this.#file.salt)
    if (recordHeaderBytes + length <= this.#scratch.length) {
      this.#scratch.set(payload, recordHeaderBytes)
      this.#file.writeArea(this.#scratch, recordHeaderBytes + length, position)
      return
    }
    this.#file.writeArea(this.#scratch, recordHeaderBytes, position)
    this.#file.writeArea(payload, length, position + recordHeaderBytes)
  }
}
