import { relative } from 'node:path'
import { serverErrors } from '../../errors.ts'

/** Throws 'server.output-in-archive': the packer would sweep it away. Both are absolute. */
export function refuseInside(basePath: string, output: string): void {
  const path = relative(basePath, output)
  if (path === '..' || path.startsWith('../')) return
  throw serverErrors.create('server.output-in-archive', { output, archive: basePath })
}
