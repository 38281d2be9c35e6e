/** What durable small objects cost at least: each a file of its own, written and synced. Names are not synced, nothing is hashed or sealed. */
import { open } from 'node:fs/promises'
import path from 'node:path'

/** Files a second, `inFlight` at once. */
export async function syncedFiles(
  directory: string,
  content: Uint8Array,
  { inFlight, seconds }: { inFlight: number; seconds: number },
): Promise<number> {
  const started = performance.now()
  const elapsed = (): number => (performance.now() - started) / 1000
  let files = 0
  const writer = async (): Promise<void> => {
    while (elapsed() < seconds) {
      const file = await open(path.join(directory, `${started}-${files++}`), 'wx')
      await file.writeFile(content)
      await file.sync()
      await file.close()
    }
  }
  await Promise.all(Array.from({ length: inFlight }, writer))
  return files / elapsed()
}
