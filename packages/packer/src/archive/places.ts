/** Where things lie in an archive, relative to its base. */
export const manifestPath = 'metadata/files.json'
export const idsDirectory = 'metadata/ids'
/** Of these every file is one that the manifest names (PA3). */
export const sweptDirectories = ['parquet', 'heif', 'quarantine', idsDirectory]

/** Where the ids of a day lie once the manifest of that generation names them. */
export function idsPathOf(day: string, generation: number): string {
  return `${idsDirectory}/${day}.${generation}.ids`
}

/** 0 of what is no file of ids. A commit that was not finished leaves some of the generation behind that of the manifest; later ones say that the manifest is not the newest. */
export function generationOfIds(path: string): number {
  return Number(/^metadata\/ids\/[\d-]+\.(\d{1,15})\.ids$/.exec(path)?.[1] ?? 0)
}
