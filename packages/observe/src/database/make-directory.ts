/** Makes the directory of an embedded database: the program of a process of its own (`embedded-directory.ts`). Argument: a directory that is there and empty. */
import { PGlite } from '@electric-sql/pglite'

// Whoever asked is gone: nobody needs it any more.
process.on('disconnect', () => process.exit())

try {
  const lite = await PGlite.create(process.argv[2]!)
  await lite.close()
  process.disconnect()
} catch (error) {
  const { code } = error as { code?: unknown }
  process.send?.(typeof code === 'string' ? code : 'the module failed', () => process.exit(1))
}
