import { errorFamily } from '@chronicle/base'

/** Everything that can be wrong with what a person has set. */
export const configErrors = errorFamily('config', {
  'config.invalid-value': {
    summary: 'A setting has a value that is not accepted',
    remedy:
      'Correct the value where it was set. `chronicle config`, of the packer `chronicle-packer config`, of capture `chronicle capture config`, lists every setting with what it accepts.',
  },
  'config.unknown-key': {
    summary: 'The configuration file has a key that is not a setting',
    remedy:
      'Correct or remove the key. `chronicle config`, of the packer `chronicle-packer config`, of capture `chronicle capture config`, lists every setting.',
  },
  'config.invalid-file': {
    summary: 'The configuration file is not valid TOML',
    remedy: 'Correct the file at the line that is named.',
  },
  'config.unreadable-file': {
    summary: 'The configuration file cannot be read',
    remedy: 'Check the path given by --config, or by the variable that names the file, and who may read it.',
  },
})
