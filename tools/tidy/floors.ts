/** The floors of the house. A package imports only from floors below its own: never sideways, never up. */
export const floors: Readonly<Record<string, number>> = {
  base: 0,
  config: 1,
  telemetry: 1,
  objects: 1,
  vault: 1,
  wal: 2,
  log: 3,
  kafka: 4,
  search: 4,
  packer: 4,
  capture: 4,
  observe: 4,
  sessions: 4,
  server: 5,
  console: 6,
}

/** Stands beside the floors: used from tests only, and may start anything. */
export const testingPackage = 'testing'
