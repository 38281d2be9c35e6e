import { resolve } from 'node:path'

/** Calls the function `name` that the file at `path` exports: what a package says about itself is not for its door. */
export async function loadExport(root: string, path: string, name: string): Promise<string> {
  const module: Record<string, unknown> = await import(resolve(root, path))
  const render = module[name]
  if (typeof render !== 'function') throw new Error(`${path} exports no function ${name}`)
  return render()
}
