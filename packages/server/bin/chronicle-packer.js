#!/usr/bin/env node
// `chronicle-packer …` is `chronicle packer …`.
process.argv.splice(2, 0, 'packer')
await import('./chronicle.js')
