import type { Disk, DiskFile } from '@chronicle/wal'

/** A disk that tells how many bytes each read brought: what progress is shown from while a log is read. */
export function watchedDisk(disk: Disk, onRead: (bytes: number) => void): Disk {
  return { ...disk, open: (path, mode) => watchedFile(disk.open(path, mode), onRead) }
}

function watchedFile(file: DiskFile, onRead: (bytes: number) => void): DiskFile {
  return {
    path: file.path,
    size: () => file.size(),
    writeSync: (pieces, position) => file.writeSync(pieces, position),
    write: (pieces, position) => file.write(pieces, position),
    readSync(target, targetStart, length, position) {
      const bytes = file.readSync(target, targetStart, length, position)
      onRead(bytes)
      return bytes
    },
    async read(target, targetStart, length, position) {
      const bytes = await file.read(target, targetStart, length, position)
      onRead(bytes)
      return bytes
    },
    truncate: length => file.truncate(length),
    datasync: () => file.datasync(),
    close: () => file.close(),
  }
}
