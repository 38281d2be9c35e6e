import { declareSettings } from '@chronicle/config'
import { archiveSettings, encryptionSettings } from './settings-archive.ts'
import { serviceSettings } from './settings-service.ts'
import { topicSettings } from './settings-topics.ts'

export const basePathDefault = '/ChronicleRaw'
export const logPathDefault = '/var/log/chronicle/packer.log'

/** Everything that can be set: in the file (`~/.config/chronicle/packer.toml` or `--config`), or by variables, which win over it. */
export const packerSettings = declareSettings({
  ...archiveSettings(basePathDefault),
  ...encryptionSettings,
  ...serviceSettings(logPathDefault),
  ...topicSettings,
})
