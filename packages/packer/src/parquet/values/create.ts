import type { ParquetType } from '../contract.ts'
import { BooleanValues } from './boolean-values.ts'
import { ByteArrayValues } from './byte-array-values.ts'
import { FixedValues } from './fixed-values.ts'
import type { Values } from './values.ts'

export function createValues(type: ParquetType): Values {
  switch (type) {
    case 'boolean':
      return new BooleanValues()
    case 'string':
    case 'binary':
      return new ByteArrayValues()
    default:
      return new FixedValues(type)
  }
}
