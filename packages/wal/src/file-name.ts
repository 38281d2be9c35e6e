/**
 * Names in the log's directory: `{first lsn, 16 digits}.wal` is a file of the log; `{number}.spare` is one that is being
 * made or waits to be reused: it holds nothing that was acknowledged, and none outlives the process.
 */
const digits = 16
const lsnMax = 2 ** 53

export function logFileName(firstLsn: number): string {
  return `${String(firstLsn).padStart(digits, '0')}.wal`
}

/** The first lsn that a log file's name states; undefined for any other name. */
export function parseLogFileName(name: string): number | undefined {
  if (!/^\d{16}\.wal$/.test(name)) return undefined
  const lsn = Number(name.slice(0, digits))
  return lsn < lsnMax ? lsn : undefined
}

export function spareFileName(number: number): string {
  return `${number}.spare`
}

export function isSpareFileName(name: string): boolean {
  return /^\d+\.spare$/.test(name)
}
