export { serverErrors } from './errors.ts'
export { type Addresses, type Running, type ServeOptions, serve } from './process/serve.ts'
export { renderSettingsTable, type ServerSettings, settings } from './settings.ts'
