// npm run scale    what docs/scale.md quotes: fair turns and lateness under skewed keys, in virtual time
import { printTable } from './table.ts'

console.log(printTable())
