import type { Wal } from './contract.ts'
import type { Disk } from './disk.ts'
import { DiskWal, type Opened } from './disk-wal.ts'
import { walErrors } from './errors.ts'
import { fileHeaderBytes, saltOf } from './file-header.ts'
import { checkWalLimits } from './limits.ts'
import { LogFiles } from './log-files.ts'
import { recordRecovery } from './metrics.ts'
import type { DiskWalOptions } from './options.ts'
import { checkFiles, type Recovered, recover } from './recovery.ts'
import { readFully, type Survey, surveyLog } from './survey.ts'

const rewriteBytes = 1024 * 1024

/** Opens the log in `options.directory`, or makes a new one. Resolves once all that is readable is durable. */
export async function openDiskWal(options: DiskWalOptions): Promise<Wal> {
  const { directory, disk, limits } = options
  checkWalLimits(limits)
  disk.makeDirectory(directory)
  const survey = surveyLog(directory, disk)
  const opened = survey.files.length === 0 ? await createLog(options) : await openLog(options, survey)
  const wal = new DiskWal(options, opened)
  await wal.start()
  return wal
}

async function createLog(options: DiskWalOptions): Promise<Opened> {
  const { directory, random, replayFrom, disk, logger } = options
  if (replayFrom > 0) throw walErrors.create('wal.file-missing', { directory, missing: `all, up to lsn ${replayFrom}` })
  await removeSpares(surveyLog(directory, disk), disk)
  const uuid = Buffer.from(random.uuid().replaceAll('-', ''), 'hex')
  const files = new LogFiles({ ...options, uuid })
  await files.begin(0, [])
  logger.debug({ directory }, 'new write-ahead log')
  return { files, salt: saltOf(uuid), endLsn: 0, sealed: false }
}

async function openLog(options: DiskWalOptions, survey: Survey): Promise<Opened> {
  const { directory, disk, clock, logger, replayFrom, onReplay, registry, defer = setImmediate } = options
  const startedAt = clock.monotonic()
  checkFiles(survey)
  const turn = () => new Promise<void>(resolve => void defer(resolve))
  const recovered = await recover(survey, disk, replayFrom, onReplay, turn)
  await removeSpares(survey, disk)
  await settle(survey, disk, recovered)
  const uuid = survey.uuid!
  const files = new LogFiles({ ...options, uuid })
  for (const { firstLsn, header } of survey.files) files.adopt(firstLsn, header!.createdAt)
  const { startLsn, endLsn, tornBytes, replayedBytes, replayedEntries, sealed } = recovered
  const seconds = (clock.monotonic() - startedAt) / 1000
  recordRecovery(registry, { seconds, bytes: replayedBytes, entries: replayedEntries, tornBytes })
  const facts = { directory, startLsn, endLsn, tornBytes, replayedBytes, replayedEntries, seconds, sealed }
  if (tornBytes > 0) logger.warn(facts, 'write-ahead log recovered; bytes that were never acknowledged were cut off')
  else logger.info(facts, 'write-ahead log recovered')
  return { files, salt: saltOf(uuid), endLsn, sealed }
}

/** Spares may hold a group that was never acknowledged: used again at the same position it would come back to life (W7). */
async function removeSpares(survey: Survey, disk: Disk): Promise<void> {
  for (const name of survey.spares) disk.remove(`${survey.directory}/${name}`)
  if (survey.spares.length > 0) await disk.syncDirectory(survey.directory)
}

/**
 * Makes what recovery found the truth for every later one, before anything is served: the tail is cut (W7), and what only
 * the page cache may have is written again, for after a failed sync the cache holds as clean what the disk does not have (W2).
 */
async function settle(survey: Survey, disk: Disk, { endLsn, provenLsn }: Recovered): Promise<void> {
  const last = survey.files.at(-1)!
  const file = disk.open(last.path, 'write')
  try {
    const end = fileHeaderBytes + endLsn - last.firstLsn
    if (file.size() > end) file.truncate(end)
    for (let at = fileHeaderBytes + provenLsn - last.firstLsn; at < end; at += rewriteBytes) {
      const bytes = Buffer.alloc(Math.min(rewriteBytes, end - at))
      readFully(file, bytes, at)
      file.writeSync([bytes], at)
    }
    await file.datasync()
  } finally {
    file.close()
  }
  await disk.syncDirectory(survey.directory)
}
