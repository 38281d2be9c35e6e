/** The known types of events and what their data hold. Further members are kept as they come; every other type takes any object. */
import {
  bytes,
  colours,
  count,
  type Field,
  finite,
  fraction,
  keyCode,
  notNegative,
  object,
  oneOf,
  optional,
  required,
  text,
  truth,
  uuid,
} from './fields.ts'

export const screenshotType = 'screenshot'

const position = [required('x', finite), required('y', finite)]

const modifiers = object(
  required('shift', truth),
  required('ctrl', truth),
  required('alt', truth),
  required('meta', truth),
)

const region = object(...position, required('width', notNegative), required('height', notNegative))

const screenshotMetadata = object(
  required('window_title', text),
  required('app_name', text),
  required('screen_region', region),
  required('privacy_masked', truth),
  // Measured from the pixels: a publisher may leave them out.
  optional('text_density', fraction),
  optional('dominant_colors', colours),
  optional('ui_element_count', count),
)

export const knownTypes: ReadonlyMap<string, readonly Field[]> = new Map([
  // Milliseconds since the key before.
  [
    'keystroke',
    [required('key_code', keyCode), required('modifiers', modifiers), optional('inter_key_interval_ms', notNegative)],
  ],
  // Pixels, and pixels a second.
  ['mouse_move', [...position, required('velocity', notNegative)]],
  [
    'mouse_click',
    [
      ...position,
      required('button', oneOf('left', 'right', 'middle')),
      required('click_type', oneOf('single', 'double', 'triple')),
    ],
  ],
  [
    'window_focus',
    [
      required('window_title', text),
      required('app_name', text),
      required('process_id', count),
      // In the window before.
      optional('duration_ms', notNegative),
    ],
  ],
  [
    screenshotType,
    [required('screenshot_id', uuid), required('image', bytes), required('metadata', screenshotMetadata)],
  ],
  [
    'process',
    [
      required('process_id', count),
      required('process_name', text),
      required('state', oneOf('started', 'stopped', 'crashed')),
    ],
  ],
  [
    'resource',
    [
      required('cpu_percent', notNegative),
      required('memory_mb', notNegative),
      required('disk_io_mb_per_sec', notNegative),
      required('network_io_mb_per_sec', notNegative),
    ],
  ],
])
