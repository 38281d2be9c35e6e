/**
 * What lies beside the database. Each has the name of the database and a suffix, as SQLite names its own: so that two databases may lie in one directory, and nothing that a
 * user keeps there is ever taken for capture's.
 */
export function pathsBeside(databasePath: string) {
  return {
    lock: `${databasePath}-lock`,
    screenshots: `${databasePath}-screenshots`,
    spill: `${databasePath}-spill`,
    socket: `${databasePath}.sock`,
    vault: `${databasePath}-vault`,
  } as const
}
