export { configErrors } from './errors.ts'
export { type ConfigFile, parseConfigFile, readConfigFile } from './file.ts'
export { bySection, defaultOf, renderSettingsTable, type ShownSetting, showSettings } from './render.ts'
export { type Origin, type Resolved, resolveSettings, type Sources } from './resolve.ts'
export { Secret } from './secret.ts'
export { declareSettings, formatValue, type Setting, type Settings, setting, type ValuesOf } from './setting.ts'
export { suggest } from './suggest.ts'
export {
  address,
  boolean,
  bytes,
  decimal,
  duration,
  hostPorts,
  integer,
  oneOf,
  path,
  port,
  type SettingType,
  secret,
  string,
} from './types.ts'
