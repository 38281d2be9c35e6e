import type { ValuesOf } from '@chronicle/config'
import type { packerSettings } from './settings.ts'

/** Every setting of the packer with its value, as `settings.ts` declares them: bytes in bytes, times in milliseconds, spans of days in days. */
export type PackerSettings = ValuesOf<typeof packerSettings>
