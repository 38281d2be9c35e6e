/** A Parquet file on a disk, for whoever opens it part by part. */
import type { ParquetSource } from '../parquet/decrypt-contract.ts'
import type { Disk } from './disk.ts'

/** `file` is open, and stays so. All reads share one piece of memory. */
export function sourceOnDisk(disk: Disk, file: number, size: number): ParquetSource {
  let memory = Buffer.alloc(0)
  return {
    size,
    read(at, length) {
      if (memory.length < length) memory = Buffer.allocUnsafeSlow(length)
      let filled = 0
      while (filled < length) {
        const bytes = disk.read(file, memory.subarray(filled, length), at + filled)
        if (bytes === 0) break
        filled += bytes
      }
      return memory.subarray(0, filled)
    },
  }
}
