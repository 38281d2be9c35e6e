/** Where things lie in an archive, relative to its base. */
export const manifestPath = 'metadata/files.json'
export const idsDirectory = 'metadata/ids'
/** Of these every file is one that the manifest names (PA3). */
export const sweptDirectories = ['parquet', 'heif', 'quarantine', idsDirectory]
